import { rm } from 'node:fs/promises'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { createCachedBaseLookup } from '../../../src/image/base-documents.ts'
import { createRegistryClient } from '../../../src/registry/client.ts'
import { type Fault, type FaultRegistry, startFaultRegistry } from '../../support/fault-registry.ts'
import { temporaryFolder } from '../../support/projects.ts'
import { buildImage, intoRegistry, types } from '../../support/test-image.ts'

const image = buildImage(['linux/amd64', 'linux/arm64'])
const { digest } = image.index
const isUsed = { digest, platforms: ['linux/amd64', 'linux/arm64'] }

let cache: string
let registry: FaultRegistry
beforeEach(async () => {
  cache = await temporaryFolder()
  vi.stubEnv('XDG_CACHE_HOME', cache)
  registry = await startFaultRegistry()
  intoRegistry(registry, image, 'team/base', '1')
  return async () => {
    vi.unstubAllEnvs()
    await registry.close()
  }
})

/** Looks a base up as a run of its own does. */
async function lookUp(name: string) {
  const client = createRegistryClient({ findCredentials: async () => undefined })
  onTestFinished(() => client.close())
  const before = registry.requests.length
  const found = await createCachedBaseLookup(client)(`${registry.host}/${name}`).catch(error => error)
  const asked = registry.requests.slice(before).filter(({ path }) => path !== '/v2/')
  return { found, asked: asked.map(({ method, path }) => `${method} ${path.split('/').at(-1)}`) }
}

test('a tag that did not move costs a HEAD, and one that did another pull', async () => {
  expect(await lookUp('team/base:1')).toEqual({ found: isUsed, asked: ['HEAD 1', 'GET 1'] })
  expect(await lookUp('team/base:1')).toEqual({ found: isUsed, asked: ['HEAD 1'] })
  const other = buildImage(['linux/arm64'])
  intoRegistry(registry, other, 'team/base', '1')
  const moved = { digest: other.index.digest, platforms: ['linux/arm64'] }
  expect(await lookUp('team/base:1')).toEqual({ found: moved, asked: ['HEAD 1', 'GET 1'] })
})

test('a digest is asked for once, and not at all where its tag was looked up', async () => {
  const pinned = `team/base@${digest}`
  expect((await lookUp(pinned)).asked).toEqual([`HEAD ${digest}`, `GET ${digest}`])
  expect(await lookUp(pinned)).toEqual({ found: isUsed, asked: [] })
  expect((await lookUp('team/base:1')).asked).toEqual(['HEAD 1'])
  expect(await lookUp(`team/base:1@${digest}`)).toEqual({ found: isUsed, asked: [] })
})

test('a digest is asked for in each repository', async () => {
  await lookUp(`team/base@${digest}`)
  const { found } = await lookUp(`team/gone@${digest}`)
  expect(found.what).toContain('There is no base image')
})

test('a cache that was emptied, or damaged, costs a pull again', async () => {
  await lookUp('team/base:1')
  await rm(`${cache}/xbuild`, { recursive: true })
  expect((await lookUp('team/base:1')).asked).toEqual(['HEAD 1', 'GET 1'])
  await rm(`${cache}/xbuild/blobs/sha256/${digest.slice('sha256:'.length)}`)
  expect(await lookUp(`team/base:1@${digest}`)).toEqual({ found: isUsed, asked: [`GET ${digest}`] })
})

test('indexes in an index, and the config of an image without one, are kept too', async () => {
  const outer = buildImage([], [image.index])
  intoRegistry(registry, { ...outer, blobs: new Map([...image.blobs, ...outer.blobs]) }, 'team/nested', '1')
  expect((await lookUp('team/nested:1')).asked).toEqual(['HEAD 1', 'GET 1', `GET ${digest}`])
  const { asked, found } = await lookUp('team/nested:1')
  expect({ asked, platforms: found.platforms }).toEqual({ asked: ['HEAD 1'], platforms: isUsed.platforms })
  const [manifest] = image.manifests
  const { bytes } = image.blobs.get(manifest?.digest as string) as { bytes: Buffer }
  registry.addManifest('team/base', types.manifest, bytes, 'single')
  expect((await lookUp('team/base:single')).asked).toHaveLength(3)
  const single = await lookUp('team/base:single')
  expect(single).toEqual({
    found: { digest: manifest?.digest, platforms: ['linux/amd64'] },
    asked: ['HEAD single'],
  })
})

const head = { method: 'HEAD', path: /manifests/, times: Number.POSITIVE_INFINITY }
test.each<[string, Omit<Fault, 'method'>]>([
  ['is refused', { status: 405 }],
  ['names no digest', { status: 200, headers: { 'content-type': types.index } }],
  ['is not let in', { status: 403 }],
  ['is no image', { status: 200, headers: { 'content-type': 'text/html', 'docker-content-digest': digest } }],
])('where HEAD %s, a GET tells', async (_, fault) => {
  registry.fault({ ...head, ...fault })
  const first = await lookUp('team/base:1')
  expect(first.found).toEqual(isUsed)
  expect(first.asked).toContain('GET 1')
  expect((await lookUp('team/base:1')).found).toEqual(isUsed)
})

test('what a registry says of a refusal is told', async () => {
  const body = JSON.stringify({ errors: [{ code: 'DENIED', message: 'ask the owner' }] })
  registry.fault({ ...head, status: 403 }, { ...head, method: 'GET', status: 403, body })
  const { found } = await lookUp('team/base:1')
  expect(found).toMatchObject({ what: 'The registry refused access', why: '403: DENIED: ask the owner' })
})

test('a cache that cannot be written to fails no look-up', async () => {
  vi.stubEnv('XDG_CACHE_HOME', '/dev/null')
  vi.stubEnv('TMPDIR', '/dev/null')
  expect((await lookUp('team/base:1')).found).toEqual(isUsed)
})
