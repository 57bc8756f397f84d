import { afterEach, describe, expect, it } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { type Fault, type FaultRegistry, startFaultRegistry } from '../support/fault-registry.ts'
import { project } from '../support/projects.ts'

const registries: FaultRegistry[] = []
afterEach(async () => {
  for (const registry of registries.splice(0)) await registry.close()
})

async function start(): Promise<FaultRegistry> {
  const registry = await startFaultRegistry()
  registries.push(registry)
  return registry
}

const main = 'package main\n\nfunc main() {}\n'
const programs = {
  'go.mod': 'module example.com/several\n\ngo 1.21\n',
  'cmd/one/main.go': main,
  'cmd/two/main.go': main,
  'cmd/three/main.go': main,
}

/** Pushes an image for each of the three programs. */
async function push(registry: FaultRegistry) {
  const dir = await project(programs)
  const flags = ['--backend=oci', '--base=scratch', '--platform=linux/amd64', '--push', '--json']
  const bins = ['one', 'two', 'three'].map(name => `--bin=${name}`)
  return xbuild([...flags, ...bins, `--tag=${registry.host}/{name}:1`], { cwd: dir })
}

const tagged = (registry: FaultRegistry) =>
  ['one', 'two', 'three'].filter(name => registry.manifest(name, '1') !== undefined)

describe('a push of several images', () => {
  it('moves every tag, after every image was read back', async () => {
    const registry = await start()
    const { code, stdout } = await push(registry)
    expect(code).toBe(0)
    expect(tagged(registry)).toEqual(['one', 'two', 'three'])
    expect(JSON.parse(stdout).images.map(({ name }: { name: string }) => name)).toEqual([
      'one',
      'two',
      'three',
    ])
    const paths = registry.requests.map(({ method, path }) => `${method} ${path}`)
    const firstTag = paths.findIndex(path => /PUT .*manifests\/1$/.test(path))
    const lastRead = paths.findLastIndex(path => path.startsWith('GET '))
    expect(lastRead).toBeGreaterThan(0)
    expect(firstTag).toBeGreaterThan(lastRead)
  })

  it.each<[string, Fault, number]>([
    ['cannot be stored', { method: 'PUT', path: /\/three\/manifests\/sha256:/, status: 400 }, 8],
    [
      'is read back with another binary',
      { method: 'GET', path: /\/two\/blobs\/sha256:/, times: 9, change: body => Buffer.from(body).reverse() },
      6,
    ],
  ])('of which one %s moves no tag', async (_, fault, expected) => {
    const registry = await start()
    registry.fault(fault)
    const { code, stdout } = await push(registry)
    expect(code).toBe(expected)
    expect(tagged(registry)).toEqual([])
    expect(JSON.parse(stdout).report?.images ?? []).toEqual([])
  })
})
