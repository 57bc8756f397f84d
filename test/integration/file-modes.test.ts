import { execFileSync } from 'node:child_process'
import { lstat, readdir, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { benchTools, dockerFacts } from '../support/bench-tools.ts'
import { xbuild } from '../support/cli.ts'
import { fakeTools, type Reply } from '../support/fake-tools.ts'
import { type FaultRegistry, startFaultRegistry } from '../support/fault-registry.ts'
import { commit, helloGo, project, temporaryFolder } from '../support/projects.ts'
import { buildImage, intoRegistry } from '../support/test-image.ts'

let registry: FaultRegistry
/** Go's own, which is below XDG_CACHE_HOME else, and empty. */
let GOCACHE = ''
beforeAll(async () => {
  registry = await startFaultRegistry()
  GOCACHE = execFileSync('go', ['env', 'GOCACHE'], { encoding: 'utf8' }).trim()
  intoRegistry(registry, buildImage(['linux/amd64']), 'base', '1')
})
afterAll(() => registry.close())

const byDocker = ['--backend=buildx', '--platform=linux/amd64', '--progress=quiet', '--base=scratch']
const inProcess = ['--backend=oci', '--platform=linux/amd64', '--progress=quiet']

/** A docker that says what it made. */
const docker: readonly Reply[] = [
  ...dockerFacts,
  { when: /^buildx build/, files: { '--metadata-file': '{}' } },
]

/** Commands that write files, each with a file that has to be among them; {registry} is a registry. */
const commands: readonly (readonly [name: string, args: readonly string[], file: string])[] = [
  ['an archive', [...inProcess, '--base=builtin', '-o=a/image.tar'], 'a/image.tar'],
  ['a binary', [...inProcess, '--base=scratch'], 'dist/linux_amd64/hello'],
  ['a layout', [...inProcess, '--base=builtin', '-o=layout', '--tag=a:1'], 'layout/oci-layout'],
  ['an archive for docker', [...inProcess, '--base=builtin', '-o=type=docker,dest=docker.tar'], 'docker.tar'],
  ['a report', [...inProcess, '--base=scratch', '--report=r/report.json'], 'r/report.json'],
  ['metadata of docker', [...byDocker, '-o=type=local,dest=out', '--metadata-file=meta.json'], 'meta.json'],
  [
    'digests and the cache of a base',
    [
      ...inProcess,
      '--base={registry}/base:1',
      '--push-by-digest',
      '--tag={registry}/a:1',
      '--digest-file=d/1',
    ],
    'd/1',
  ],
  ['a lock', ['update', '--base={registry}/base:1'], 'xbuild.lock'],
  ['a new project', ['init', '--yes', '--ci=github'], 'xbuild.toml'],
  ['a corrected file', ['lint', '--fix'], 'Dockerfile'],
]

/** Files and folders below these, the folder itself left out, that grant what the mask takes away. */
async function tooOpen(folders: readonly string[], mask: number): Promise<string[]> {
  const found: string[] = []
  for (const folder of folders) {
    for (const name of await readdir(folder, { recursive: true })) {
      const path = join(folder, name)
      const stats = await lstat(path)
      const mode = stats.mode & 0o777
      if (stats.isSymbolicLink() || (mode & mask) === 0) continue
      found.push(`${relative(folder, path)} ${mode.toString(8)}`)
    }
  }
  return found
}

/** Runs with a mask, which programs that are started then have as well. */
async function masked<T>(mask: number, run: () => Promise<T>): Promise<T> {
  const before = process.umask(mask)
  try {
    return await run()
  } finally {
    process.umask(before)
  }
}

/** Nothing for others, or reading for the group: in turn, for each takes a build. */
const masks = [0o077, 0o027] as const
const cases = commands.map(
  (command, at) => [command[0], masks[at % 2] as number, command[1], command[2]] as const,
)

describe('with the umask', () => {
  it.each(cases)('%s grants no more than that', async (_, mask, args, file) => {
    const { code, stderr, dir, cache } = await masked(mask, async () => {
      const dir = await project({ ...helloGo, Dockerfile: 'FROM alpine\nMAINTAINER me\nCMD ["sh"]\n' })
      commit(dir)
      const cache = await temporaryFolder()
      const tools = await fakeTools({ docker })
      const filled = args.map(arg => arg.replaceAll('{registry}', registry.host))
      const result = await xbuild(filled, {
        cwd: dir,
        env: { XDG_CACHE_HOME: cache, GOCACHE, PATH: tools.path },
      })
      return { ...result, dir, cache }
    })
    expect([0, 1], stderr).toContain(code)
    expect((await lstat(join(dir, file))).isFile()).toBe(true)
    if (file === 'd/1') expect(await readdir(cache)).not.toEqual([])
    expect(await tooOpen([dir, cache], mask)).toEqual([])
  })

  it('a measurement grants no more than that', async () => {
    const { dir } = await masked(0o077, async () => {
      const tools = await benchTools()
      const args = ['bench', '--platform=linux/riscv64', '--runs=1', '--scenario=cold', '--svg=chart.svg']
      const result = await xbuild(args, { cwd: tools.dir, env: tools.env })
      expect(result.code, result.stderr).toBe(0)
      return tools
    })
    expect((await lstat(join(dir, '.xbuild/bench.json'))).isFile()).toBe(true)
    expect(await tooOpen([dir], 0o077)).toEqual([])
  })
})

it('a file that is open to all is found', async () => {
  const dir = await temporaryFolder()
  await writeFile(join(dir, 'open'), '', { mode: 0o644 })
  expect(await tooOpen([dir], 0o077)).toEqual(['open 644'])
})
