import { execFileSync } from 'node:child_process'
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { beforeAll, expect, it } from 'vitest'
import type { Report } from '../../src/build/report.ts'
import { xbuild } from '../support/cli.ts'
import { commit, helloGo, project, temporaryFolder } from '../support/projects.ts'
import { describeWith, rig, rigEnvironment, rigValue } from '../support/rig.ts'

/** What the two backends may do differently, by the path of the difference; anything else is a fault of one of them. */
const allowed: readonly [path: RegExp, reason: string][] = [
  [
    /^layer \d+\.(digest|size)$/,
    'the layer is compressed by zlib here and by Go there: the tar inside, and so its diff ID, is the same',
  ],
  [
    /^layer \d+ \(empty\)$/,
    'BuildKit gives WORKDIR a layer, which is empty: the folder is in the files’ own layer already',
  ],
  [/^config\.history$/, 'a Dockerfile has a line per setting; here is one entry, for the one layer'],
  [
    /^config\.config\.ArgsEscaped$/,
    'BuildKit sets it beside every CMD; it means something on Windows alone and is deprecated (image-spec config.md)',
  ],
  [/^config\.rootfs\.diff_ids\.length$/, 'the empty layer of WORKDIR'],
]

const crane = (...args: string[]) =>
  execFileSync(rigValue('XBUILD_RIG_CRANE'), ['--insecure', ...args], { maxBuffer: 1 << 28 })
const json = (...args: string[]) => JSON.parse(crane(...args).toString())

interface Entry {
  platform: { os: string }
}

interface Layer {
  digest: string
  size: number
  mediaType: string
}

/** One platform's image as crane reads it, laid out for comparison: layers by their tar, the empty ones apart. */
function readImage(reference: string, platform: string) {
  const repository = reference.replace(/:[^:/]*$/, '')
  const manifest = json('manifest', `--platform=${platform}`, reference)
  const config = json('config', `--platform=${platform}`, reference)
  const layers = (manifest.layers as Layer[]).map((layer, number) => ({
    ...layer,
    diffId: config.rootfs.diff_ids[number] as string,
    tar: gunzipSync(crane('blob', `${repository}@${layer.digest}`)),
  }))
  const isEmpty = ({ tar }: { tar: Buffer }) => tar.every(byte => byte === 0)
  const { layers: _, config: __, ...rest } = manifest
  const { rootfs, ...configRest } = config
  return {
    manifest: rest,
    config: { ...configRest, 'rootfs.diff_ids.length': rootfs.diff_ids.length },
    full: layers.filter(layer => !isEmpty(layer)),
    empty: layers.filter(isEmpty).length,
  }
}

/** The paths at which two values differ. */
function differences(a: unknown, b: unknown, path: string): string[] {
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b) return Object.is(a, b) ? [] : [path]
  if (Array.isArray(a) || Array.isArray(b)) return JSON.stringify(a) === JSON.stringify(b) ? [] : [path]
  const [left, right] = [a, b] as Record<string, unknown>[]
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap(key =>
    differences(left?.[key], right?.[key], `${path}.${key}`),
  )
}

function differencesOfImages(a: ReturnType<typeof readImage>, b: ReturnType<typeof readImage>): string[] {
  expect(a.full.map(layer => layer.diffId)).toEqual(b.full.map(layer => layer.diffId))
  const layers = a.full.flatMap(({ tar, ...layer }, number) => {
    expect(tar.equals(b.full[number]?.tar as Buffer)).toBe(true)
    const { tar: _, ...other } = b.full[number] ?? {}
    return differences(layer, other, `layer ${number}`)
  })
  const empties = a.empty === b.empty ? [] : [`layer ${a.full.length} (empty)`]
  return [
    ...layers,
    ...empties,
    ...differences(a.manifest, b.manifest, 'manifest'),
    ...differences(a.config, b.config, 'config'),
  ]
}

describeWith(['engine', 'buildx', 'registry', 'bases', 'crane'], 'both backends', () => {
  const platforms = ['linux/amd64', 'linux/arm64', 'linux/arm/v7']
  const references: Record<string, string> = {}
  const base = () => `${rigValue('XBUILD_RIG_DISTROLESS')}/static-debian13:nonroot`

  async function build(name: string, flags: string[], toml: string): Promise<void> {
    const dir = await project({
      ...helloGo,
      'cmd/worker/main.go': helloGo['main.go'],
      'conf/app.conf': 'answer = 42\n',
      'conf/ä ö': 'non-ASCII name\n',
      'assets/css/a.css': 'body {}\n',
      'assets/css-b/.hidden': '',
      'assets/css/a.css.map': '{}',
      'tools/amd64': 'for amd64',
      'tools/arm64': 'for arm64',
      'tools/arm': 'for arm',
      'assets/run': '#!/bin/sh\n',
      'xbuild.toml': toml,
    })
    await chmod(join(dir, 'assets/run'), 0o755)
    await mkdir(join(dir, 'assets/empty'))
    await symlink('css/a.css', join(dir, 'assets/main.css'))
    commit(dir)
    const cache = await temporaryFolder()
    const goCache = execFileSync('go', ['env', 'GOCACHE'], { encoding: 'utf8' }).trim()
    for (const backend of ['buildx', 'oci']) {
      const reference = `${rigValue('XBUILD_RIG_REGISTRY')}/backends-${process.pid}/${name}-${backend}:1`
      const result = await xbuild(
        [
          ...[`--backend=${backend}`, `--tag=${reference}`, '--push'],
          ...[`--platform=${platforms.join(',')}`, ...flags],
        ],
        { cwd: dir, env: { ...rigEnvironment(), XDG_CACHE_HOME: cache, GOCACHE: goCache } },
      )
      expect(result, result.stderr).toMatchObject({ code: 0 })
      references[`${name} ${backend}`] = reference
    }
  }

  beforeAll(async () => {
    await build('plain', [`--base=${base()}`], '')
    await build(
      'full',
      [`--base=${base()}`],
      `[image]
user = "nobody"
workdir = "/srv/work"
programs = ["hello", "worker"]
program = "/srv/work/bin/hello"
links = { "/usr/bin/hi" = "/srv/work/bin/hello", "/opt/ä" = "../usr/bin/hi" }
entrypoint = ["/opt/ä"]
args = ["-v", "with space", 'quote " $HOME \\\\']
ports = [8080, "53/udp"]
env = { PATH = "/usr/bin", APP = "a=b $c \\\\ \\"d\\"", EMPTY = "" }
volumes = ["/data", "/var/lib/app"]
stop-signal = "int"
folders = [{ path = "/var/lib/db", owner = "7:8", mode = "0750" }, { path = "/home/nonroot/.cache" }]
healthcheck = { test = ["/hello", "a b"], interval = "1m30s", timeout = "500ms", start-period = "10s", retries = 2 }
[image.labels]
"org.example.a" = "ä \\"b\\" $c"
[[image.files]]
from = "conf/app.conf"
to = "/etc/app/"
[[image.files]]
from = "assets"
to = "/srv/assets"
owner = "nobody"
exclude = ["**/*.map"]
[[image.files]]
from = "assets/**/*.{css,map}"
to = "/opt/styles"
owner = "7:8"
mode = "0640"
[[image.files]]
from = "tools/{arch}"
to = "/usr/bin/tool"
[[image.files]]
from = "conf/ä ö"
to = "/opt/ä ö/${'long/'.repeat(30)}ä ö"
`,
    )
    await build('scratch', ['--base=scratch'], '')
    await build('pinned', [`--base=${base()}`, '--pin'], '')
  }, 900_000)

  it.each(['plain', 'full', 'scratch', 'pinned'])(
    'make the same %s image, but for what is listed',
    name => {
      const [a, b] = [references[`${name} buildx`] as string, references[`${name} oci`] as string]
      const found = new Set<string>()
      for (const platform of platforms) {
        for (const path of differencesOfImages(readImage(a, platform), readImage(b, platform)))
          found.add(path)
      }
      const unexpected = [...found].filter(path => !allowed.some(([pattern]) => pattern.test(path)))
      expect(unexpected).toEqual([])
      if (name === 'full') {
        const unused = allowed.filter(([pattern]) => ![...found].some(path => pattern.test(path)))
        expect(unused.map(([pattern, reason]) => `${pattern} (${reason})`)).toEqual([])
      }
    },
    300_000,
  )

  it('make indexes of the same platforms in the same order', () => {
    const index = (backend: string, name = 'full') => {
      const { manifests, ...rest } = json('manifest', references[`${name} ${backend}`] as string)
      const isAttestation = ({ platform }: Entry) => platform.os === 'unknown'
      return {
        ...rest,
        platforms: (manifests as Entry[]).filter(entry => !isAttestation(entry)).map(entry => entry.platform),
        attestations: (manifests as Entry[]).some(isAttestation),
      }
    }
    expect(differences(index('buildx'), index('oci'), 'index')).toEqual([])
    expect(differences(index('buildx', 'pinned'), index('oci', 'pinned'), 'index')).toEqual([])
    expect(index('oci').platforms).toHaveLength(platforms.length)
  })
})

describeWith(['engine', 'buildx', 'buildkit', 'registry', 'crane'], 'three images through buildx', () => {
  const names = ['one', 'two', 'three']
  const [address = ''] = (rig['XBUILD_RIG_REMOTE_BUILDKIT'] ?? '').split(' ')
  const image = (kind: string) => `${rigValue('XBUILD_RIG_REGISTRY')}/tags-last-e2e-${process.pid}/${kind}`
  const tagsOf = (repository: string) => {
    try {
      return execFileSync(rigValue('XBUILD_RIG_CRANE'), ['--insecure', 'ls', repository], { stdio: 'pipe' })
        .toString()
        .trim()
        .split('\n')
    } catch {
      return []
    }
  }

  it.each([
    ['the engine', undefined],
    ['a remote BuildKit', address],
  ])(
    'get their tags of %s once all of them are there',
    async (_, remote) => {
      const env = { ...rigEnvironment(), BUILDX_CONFIG: await temporaryFolder(), BUILDX_BUILDER: '' }
      if (remote !== undefined) {
        const create = ['buildx', 'create', '--name', 'far', '--driver', 'remote', '--use', remote]
        execFileSync('docker', create, { stdio: 'pipe', env: { ...process.env, ...env } })
      }
      const dir = await project({
        'go.mod': 'module example.com/three\n\ngo 1.21\n',
        ...Object.fromEntries(names.map(name => [`cmd/${name}/main.go`, 'package main\n\nfunc main() {}\n'])),
        'xbuild.toml': '[images.one]\n[images.two]\n[images.three]\ntemplate = "Dockerfile.template"\n',
        'Dockerfile.template': 'FROM scratch\nCOPY missing /x\n',
      })
      const prefix = image(remote === undefined ? 'engine' : 'remote')
      const build = () =>
        xbuild(
          [
            ...['--backend=buildx', '--base=scratch', '--push', '--json'],
            `--tag=${prefix}/{name}:1,${prefix}/{name}-again:1`,
          ],
          { cwd: dir, env },
        )
      const failed = await build()
      expect(failed).toMatchObject({ code: 7, stderr: expect.stringContaining('COPY missing /x') })
      const repositories = names.flatMap(name => [`${prefix}/${name}`, `${prefix}/${name}-again`])
      expect(repositories.flatMap(tagsOf)).toEqual([])

      await writeFile(join(dir, 'xbuild.toml'), '[images.one]\n[images.two]\n[images.three]\n')
      const { code, stdout, stderr } = await build()
      expect(code, stderr).toBe(0)
      const report = JSON.parse(stdout) as Report
      const makes = report.commands.filter(({ tool }) => tool === 'docker').map(({ args }) => args[1])
      expect(makes).toEqual(['bake'])
      const { images } = report
      expect(images).toHaveLength(3)
      for (const { name, digest, verified } of images) {
        expect(verified).toMatch(/^2 platforms, every binary equal/)
        for (const repository of [name, `${name}-again`])
          expect(crane('digest', `${prefix}/${repository}:1`).toString().trim()).toBe(digest)
      }
    },
    60_000,
  )
})
