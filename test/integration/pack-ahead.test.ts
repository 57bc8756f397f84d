import { mkdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createReader } from '../../src/build/artifacts.ts'
import { packAhead } from '../../src/build/pack-ahead.ts'
import { parsePlatform } from '../../src/platforms.ts'
import { createRegistryClient } from '../../src/registry/client.ts'
import { xbuild } from '../support/cli.ts'
import { type FaultRegistry, startFaultRegistry } from '../support/fault-registry.ts'
import { project, temporaryFolder } from '../support/projects.ts'
import { programFor } from '../support/test-image.ts'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})

async function start(): Promise<FaultRegistry> {
  const registry = await startFaultRegistry()
  opened.push(registry)
  return registry
}

const uploads = ({ requests }: FaultRegistry) =>
  requests.filter(({ method, path }) => method === 'PUT' && path.includes('/blobs/')).length
const manifests = ({ requests }: FaultRegistry) =>
  requests.filter(({ method, path }) => method === 'PUT' && path.includes('/manifests/')).length

describe('a program that is compiled while another platform still is', () => {
  /**
   * Builds and pushes for two platforms with a go that waits with arm64 until the registry has a layer; `then` is what it
   * does after that.
   */
  async function build(registry: FaultRegistry, then: string) {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'bin'))
    const script = [
      '#!/bin/sh',
      `PATH='${process.env['PATH']}'`,
      `if [ "$1 $GOARCH" = 'build arm64' ]; then while [ ! -e ${folder}/go-on ]; do sleep 0.1; done; ${then}; fi`,
      'exec go "$@"',
    ].join('\n')
    await writeFile(join(folder, 'bin/go'), script, { mode: 0o755 })
    const dir = await project({
      'go.mod': 'module example.com/ahead\n\ngo 1.21\n',
      'main.go': 'package main\n\nfunc main() {}\n',
    })
    const building = xbuild(
      [
        ...['--backend=oci', '--base=scratch', '--platform=linux/amd64,linux/arm64', '--progress=quiet'],
        ...[`--tag=${registry.host}/ahead:1`, '--push'],
      ],
      { cwd: dir, env: { PATH: [join(folder, 'bin'), process.env['PATH']].join(delimiter) } },
    )
    const deadline = Date.now() + 60_000
    while (uploads(registry) === 0 && Date.now() < deadline) await sleep(50)
    const before = { uploads: uploads(registry), manifests: manifests(registry) }
    await writeFile(join(folder, 'go-on'), '')
    return { before, ...(await building) }
  }

  it('is packed and uploaded by then; the image comes when all are there', async () => {
    const registry = await start()
    const { before, code, stderr } = await build(registry, ':')
    expect(code, stderr).toBe(0)
    expect(before).toEqual({ uploads: 1, manifests: 0 })
    // Two layers and two configs, each sent once.
    expect(uploads(registry)).toBe(4)
    expect(registry.manifest('ahead', '1')).toBeDefined()
  }, 120_000)

  it('leaves no manifest where the other fails', async () => {
    const registry = await start()
    const { before, code } = await build(registry, 'echo boom >&2; exit 1')
    expect(code).toBe(5)
    expect(before.uploads).toBe(1)
    expect(manifests(registry)).toBe(0)
  }, 120_000)
})

describe('packing ahead', () => {
  beforeEach(async () => {
    vi.stubEnv('XDG_CACHE_HOME', await temporaryFolder())
  })
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  /** Gives it programs for these platforms under the names of others. @returns what the registry was asked for */
  async function pack(programs: Readonly<Record<string, string>>, kept = false) {
    const registry = await start()
    const registries = createRegistryClient({ findCredentials: async () => undefined })
    opened.push(registries)
    const folder = await temporaryFolder()
    const binaries = await Promise.all(
      Object.entries(programs).map(async ([id, made]) => {
        const path = join(folder, id.replaceAll('/', '_'))
        await writeFile(path, programFor(made))
        return { platform: parsePlatform(id), name: 'app', path, seconds: 0, cached: false }
      }),
    )
    const spec = {
      platforms: binaries.map(({ platform }) => platform),
      files: [{ target: '/app', source: { artifact: 'app' }, mode: 0o755 }],
      name: 'app',
    }
    const images = [{ spec, destinations: [{ type: 'push', references: [`${registry.host}/app:1`] }] }]
    const plan = { compile: { steps: [] }, compression: 'gzip', images }
    const run = { plan, backend: { name: 'oci' }, registries, signal: new AbortController().signal }
    const ahead = packAhead(
      run as never,
      createReader(async () => (kept ? 'aa' : undefined)),
    )
    ahead.take(binaries)
    await ahead.finish()
    return { ahead, registry }
  }

  it('uploads what it packed', async () => {
    const { ahead, registry } = await pack({ 'linux/amd64': 'linux/amd64' })
    expect(uploads(registry)).toBe(1)
    expect(ahead.uploaded.size).toBe(1)
  })

  it('uploads no program that is for another platform than it should be', async () => {
    const { registry } = await pack({ 'linux/arm64': 'linux/amd64' })
    expect(registry.requests).toEqual([])
  })

  it('packs nothing where no cache would keep it', async () => {
    vi.stubEnv('XDG_CACHE_HOME', '/dev/null')
    const { registry } = await pack({ 'linux/amd64': 'linux/amd64' })
    expect(registry.requests).toEqual([])
  })

  it('leaves the programs of the last build', async () => {
    const { registry } = await pack({ 'linux/amd64': 'linux/amd64' }, true)
    expect(registry.requests).toEqual([])
  })
})
