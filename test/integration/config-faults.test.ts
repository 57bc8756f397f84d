import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { needsTool } from '../support/needs-tool.ts'
import { helloGo, project } from '../support/projects.ts'

/** What only a look at the project, the base or the Dockerfile shows to be wrong. */
const faults: readonly [text: string, place: string, what: string][] = [
  ['\nbins = ["hello",\n  "nothere"]', '3:3', 'There is no executable "nothere"'],
  ['bins = ["nothere"]\n[image]\nprograms = ["hello"]', '1:9', 'There is no image "nothere"'],
  ['[image]\nprograms = ["hello", "nothere"]', '2:22', 'There is no executable "nothere"'],
  ['[images.web]\nbin = "nothere"', '2:1', 'There is no executable "nothere"'],
  ['[images.nothere]', '1:9', 'There is no executable "nothere"'],
  ['\ndist = "."', '2:1', "is not xbuild's"],
  ['dist = "main.go"', '1:1', 'is a file'],
  ['lang = "rust"', '1:1', 'There is no Rust project'],
  ['version-from = "manifest"', '1:1', 'finds no version'],
  ['[go]\nldflags = "\'"', '2:1', 'A quote in [go] ldflags'],
  ['[go.env]\nGOFLAGS = "-o=x"', '2:1', '-o cannot be in GOFLAGS'],
  ['[go]\nenv = { GOFLAGS = "\'" }', '2:9', 'A quote in GOFLAGS'],
  ['[go.env]\nGOFLAGS = "-buildmode=plugin"', '2:1', 'makes no program'],
  ['[go.env]\nGOFLAGS = "-ldflags=net/...=-s"', '2:1', 'alone'],
  ['[image]\ninit = true', '2:1', 'tools/tini-static-{arch}'],
  ['[image]\nuser = "nosuchuser"', '2:1', 'no user "nosuchuser"'],
  ['[[image.files]]\nfrom = "main.go"\nto = "/a"\nowner = "nosuch"', '4:1', 'no user "nosuch"'],
  ['[[image.files]]\nfrom = "main.go"\nto = "/hello"', '3:1', 'in the way of each other'],
]

describe('a value of xbuild.toml that does not fit', () => {
  let dir = ''
  beforeAll(async () => {
    dir = await project(helloGo)
  })
  beforeEach(context => needsTool(context, 'go'))
  const plan = async (text: string, flags: readonly string[] = [], env: NodeJS.ProcessEnv = {}) => {
    await writeFile(join(dir, 'xbuild.toml'), `${text}\n`)
    return xbuild(['plan', dir, '--backend=oci', ...flags], { env: { ...process.env, ...env } })
  }

  test.each(faults)('%j is named with line and column', async (text, place, what) => {
    const { code, stderr } = await plan(text)
    expect(code, stderr).not.toBe(0)
    expect(stderr).toContain(what)
    expect(stderr).toContain(`${join(dir, 'xbuild.toml')}:${place}\n`)
  })

  test.each([
    ['bins = ["hello"]', ['--bin=nothere'], {}],
    ['dist = "out"', [`--dist=${process.execPath}`], {}],
    ['dist = "out"', [], { XBUILD_DIST: process.execPath }],
    ['lang = "go"', ['--lang=rust'], {}],
    ['version-from = "git"', ['--version-from=manifest'], {}],
  ])('a flag or a variable in the place of %j is no fault of the file', async (text, flags, env) => {
    const { code, stderr } = await plan(text, flags, env)
    expect(code, stderr).not.toBe(0)
    expect(stderr).not.toContain('xbuild.toml:')
  })
})
