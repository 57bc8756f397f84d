import { test } from 'vitest'
import { parseConfig } from '../../../src/config/load.ts'
import { fillPlaceholders, sourcePlaceholders } from '../../../src/util/placeholders.ts'
import { fuzz, inputs } from '../../support/fuzz.ts'

const seeds = [
  `[image]\nname = "app"\ntags = ["r.example/team/{name}:{version}"]\nplatforms = ["linux/amd64", "linux/arm/v7"]
base = "builtin"\nuser = "65532:65532"\nports = ["8080/tcp"]\nlabels = { "a.b" = "c" }\nenv = { A = "{env.HOME}" }
args = ["--json={\\"a\\":1}"]\nentrypoint = ["/app"]\nworkdir = "/srv"\nvolumes = ["/data"]\nstop-signal = "SIGTERM"
[[image.files]]\nfrom = "static"\nto = "/srv/static/"\nowner = "nonroot"\n`,
  `lang = "go"\n[go]\ntags = ["netgo"]\nldflags = "-s -w"\nenv = { CGO_ENABLED = "0" }\n[go.vars]\n"main.version" = "{version}"\n`,
  `[rust]\nfeatures = ["a"]\nlibc = "gnu"\nglibc = "2.28"\n[zig]\nrelease = "safe"\nargs = ["-Dx=1"]\ntarget = { "linux/amd64" = "x86_64-linux" }\n`,
  `[images.api]\nbin = "api"\nuser = "root"\n[images."a.b"]\nfiles = []\n[cache]\nfrom = ["type=gha"]\n[bench]\nauto = true\n`,
  `a = '''x\n'''\nb = """\\u0041\\e"""\nc = 0x_ff\nd = 1979-05-27T07:32:00Z\ne = [[[[1]]]]\nf.g.h = { i = {} }\n__proto__ = 1\nconstructor.prototype = 2\n`,
].map(text => Buffer.from(text))

const values = sourcePlaceholders({ epoch: 1_700_000_000, version: 'v1', tag: 'v1' })

test(`${inputs} files that are no xbuild.toml`, async () => {
  await fuzz(seeds, async bytes => {
    const text = bytes.toString()
    fillPlaceholders(text, { ...values, branch: '', commit: '', 'short-commit': '' }, 'x', {
      HOME: '/',
    })
    await parseConfig(text, 'xbuild.toml')
  })
}, 3_600_000)
