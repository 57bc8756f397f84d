import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { mediaTypes } from '../../../src/oci/manifest.ts'
import { parseReference } from '../../../src/oci/reference.ts'
import {
  createRegistryClient,
  type RegistryClient,
  type RegistryClientOptions,
} from '../../../src/registry/client.ts'
import { failureOf, textOf } from '../../support/failure-of.ts'
import {
  type FaultRegistry,
  type RegistryOptions,
  sha256,
  startFaultRegistry,
} from '../../support/fault-registry.ts'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close()
})

/** A registry, a client whose waits take no time, and a list of those waits. */
async function setUp(registryOptions: RegistryOptions = {}, options: RegistryClientOptions = {}) {
  const registry = await startFaultRegistry(registryOptions)
  const waits: number[] = []
  const client = createRegistryClient({
    findCredentials: async () => undefined,
    ...options,
    retry: {
      sleep: async seconds => {
        waits.push(seconds)
      },
      ...options.retry,
    },
  })
  opened.push(registry, client)
  const repository = { registry: registry.host, repository: 'team/app' }
  return { registry, client, waits, repository, reference: parseReference(`${registry.host}/team/app:1`) }
}

const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [] }
const addIndex = (registry: FaultRegistry) => registry.addManifest('team/app', mediaTypes.index, index, '1')

async function read(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}

const push = (client: RegistryClient, repository: { registry: string; repository: string }, bytes: Buffer) =>
  client.uploadBlob(repository, { digest: sha256(bytes), size: bytes.length }, async function* () {
    for (let at = 0; at < bytes.length; at += 65536) yield bytes.subarray(at, at + 65536)
  })

const paths = (registry: FaultRegistry) => registry.requests.map(({ method, path }) => `${method} ${path}`)

describe('reading', () => {
  it('reads a manifest by tag and by digest', async () => {
    const { client, registry, reference } = await setUp()
    const { digest, size } = addIndex(registry)
    const byTag = await client.getManifest(reference)
    expect(byTag).toMatchObject({ digest, mediaType: mediaTypes.index })
    expect(JSON.parse(Buffer.from(byTag.bytes).toString())).toEqual(index)
    expect((await client.getManifest({ ...reference, digest })).digest).toBe(digest)
    expect(await client.headManifest(reference)).toEqual({ mediaType: mediaTypes.index, digest, size })
  })

  it('says that there is none', async () => {
    const { client, reference } = await setUp()
    expect(await client.findManifest(reference)).toBeUndefined()
    expect(await client.headManifest(reference)).toBeUndefined()
    const failure = await failureOf(client.getManifest(reference))
    expect(failure).toMatchObject({ kind: 'registry', where: expect.stringContaining('team/app:1') })
  })

  it('reads a manifest whose registry says little in headers', async () => {
    const { client, registry, reference } = await setUp()
    const { digest, size } = addIndex(registry)
    registry.fault({ method: 'HEAD', status: 200, headers: { 'content-length': '0' } })
    expect(await client.headManifest(reference)).toMatchObject({ digest, size })
  })

  it('takes no other content for what a digest names', async () => {
    const { client, registry, reference } = await setUp()
    const { digest } = addIndex(registry)
    const asked = { ...reference, digest: sha256('another') }
    const headers = {
      'content-type': mediaTypes.index,
      'content-length': '7',
      'docker-content-digest': digest,
    }
    registry.fault({ method: 'HEAD', status: 200, headers })
    expect(await client.headManifest(asked)).toBeUndefined()
  })

  it('reads a blob', async () => {
    const { client, registry, repository } = await setUp()
    const bytes = randomBytes(300_000)
    const blob = registry.addBlob('team/app', bytes)
    expect(sha256(await read(client.getBlob(repository, blob)))).toBe(sha256(bytes))
    expect(await client.headBlob(repository, blob.digest)).toBe(true)
    expect(await client.headBlob(repository, sha256('x'))).toBe(false)
  })

  it.each([true, false])('goes on where a download broke (ranges: %s)', async ranges => {
    const { client, registry, repository } = await setUp({ ranges })
    const bytes = randomBytes(500_000)
    const blob = registry.addBlob('team/app', bytes)
    registry.fault({ path: /blobs/, resetAfterSending: 100_000, times: 2 })
    expect(sha256(await read(client.getBlob(repository, blob)))).toBe(sha256(bytes))
    const asked = registry.requests.filter(({ path }) => path.includes('/blobs/'))
    expect(asked.length).toBe(3)
    expect(asked[1]?.range).toMatch(/^bytes=\d+-$/)
  })

  it('gives up a download that breaks again and again', async () => {
    const { client, registry, repository } = await setUp()
    const blob = registry.addBlob('team/app', randomBytes(100_000))
    registry.fault({ path: /blobs/, resetAfterSending: 10, times: 99 })
    const failure = await failureOf(read(client.getBlob(repository, blob)))
    expect(failure.kind).toBe('registry')
    expect(failure.why).toMatch(/tried 6 times/)
  })

  it('notices a blob of other content, other size, or one that does not end', async () => {
    const { client, registry, repository } = await setUp()
    const blob = registry.addBlob('team/app', randomBytes(1000))
    const changes: ((body: Buffer) => Buffer)[] = [
      body => Buffer.concat([Buffer.from('x'), body.subarray(1)]),
      body => body.subarray(1),
      body => Buffer.concat([body, Buffer.from('x')]),
      () => Buffer.alloc(5_000_000),
    ]
    for (const change of changes) {
      registry.fault({ path: /blobs/, change })
      const failure = await failureOf(read(client.getBlob(repository, blob)))
      expect(failure).toMatchObject({ kind: 'verification', where: expect.stringContaining(blob.digest) })
    }
  })

  it('lets a download be left early', async () => {
    const { client, registry, repository } = await setUp()
    const blob = registry.addBlob('team/app', randomBytes(2_000_000))
    for await (const chunk of client.getBlob(repository, blob)) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
    expect(await client.headBlob(repository, blob.digest)).toBe(true)
  })

  it('refuses manifests that are not what they should be', async () => {
    const { client, registry, reference } = await setUp()
    const { digest } = addIndex(registry)
    const wrong = async (name: string, mediaType: string, content: object | Uint8Array) => {
      registry.addManifest('team/app', mediaType, content, name)
      return failureOf(client.getManifest({ ...reference, tag: name }))
    }
    const ambiguous = { ...index, layers: [], config: {} }
    expect(await wrong('both', mediaTypes.index, ambiguous)).toMatchObject({ kind: 'verification' })
    expect(await wrong('other', mediaTypes.manifest, index)).toMatchObject({ kind: 'verification' })
    expect(await wrong('cut', mediaTypes.index, Buffer.from('{"schemaVersion":2,"mani'))).toMatchObject({
      kind: 'verification',
      why: expect.stringContaining('JSON'),
    })
    expect(await wrong('html', 'text/html; charset=utf-8', Buffer.from('<html>'))).toMatchObject({
      kind: 'registry',
      why: expect.stringContaining('text/html'),
    })
    expect(await wrong('old', mediaTypes.manifest, { schemaVersion: 1 })).toMatchObject({
      kind: 'verification',
    })
    registry.fault({ path: /manifests/, change: body => Buffer.from(body.toString().replace('2', '3')) })
    expect(await failureOf(client.getManifest({ ...reference, digest }))).toMatchObject({
      kind: 'verification',
    })
    registry.fault({ path: /manifests/, change: body => Buffer.concat([body, Buffer.from(' ')]) })
    expect(await failureOf(client.getManifest(reference))).toMatchObject({ kind: 'verification' })
  })

  it('notices another manifest under a digest, also when the registry stands by it', async () => {
    const { client, registry, reference } = await setUp()
    const { digest } = addIndex(registry)
    const body = JSON.stringify({ ...index, annotations: { other: 'yes' } })
    registry.fault({
      path: /manifests/,
      status: 200,
      headers: { 'content-type': mediaTypes.index, 'docker-content-digest': sha256(body) },
      body,
    })
    expect(await failureOf(client.getManifest({ ...reference, digest }))).toMatchObject({
      kind: 'verification',
      why: expect.stringContaining(`got ${sha256(body)}`),
    })
  })

  it('stops reading a manifest of 100 MB', async () => {
    const { client, registry, reference } = await setUp()
    let sent = 0
    registry.fault({
      path: /manifests/,
      respond(_request, response) {
        response.writeHead(200, { 'content-type': mediaTypes.index })
        const more = () => {
          while (sent < 100_000_000 && !response.destroyed) {
            sent += 65536
            if (!response.write(Buffer.alloc(65536, ' '))) return void response.once('drain', more)
          }
          response.end()
        }
        more()
      },
    })
    const failure = await failureOf(client.getManifest(reference))
    expect(failure).toMatchObject({ kind: 'registry', why: expect.stringContaining('4194304') })
    expect(sent).toBeLessThan(50_000_000)
  })
})

describe('trying again', () => {
  it.each([408, 429, 500, 502, 503, 504])('gets over an answer %d', async status => {
    const { client, registry, reference, waits } = await setUp()
    addIndex(registry)
    registry.fault({ path: /manifests/, status, times: 2 })
    await client.getManifest(reference)
    expect(waits.length).toBe(2)
    expect(waits[1]).toBeGreaterThan(waits[0] as number)
  })

  it('gives up in the end, and says how often it tried and what was answered', async () => {
    const { client, registry, reference, waits } = await setUp()
    const body = JSON.stringify({ errors: [{ code: 'UNAVAILABLE', message: 'back\u001b[31m soon' }] })
    registry.fault({ path: /manifests/, status: 503, body, times: Number.POSITIVE_INFINITY })
    const failure = await failureOf(client.getManifest(reference))
    expect(failure.kind).toBe('registry')
    expect(failure.why).toBe('503: UNAVAILABLE: back soon; tried 6 times')
    expect(waits.length).toBe(5)
  })

  it.each([400, 403, 405, 410, 501])('does not try again after %d', async status => {
    const { client, registry, reference, waits } = await setUp()
    registry.fault({ path: /manifests/, status })
    expect((await failureOf(client.getManifest(reference))).why).toContain(String(status))
    expect(waits).toEqual([])
  })

  it.each([
    ['1', 1],
    ['0', 0],
    ['7', 7],
  ])('waits as Retry-After: %s asks', async (header, seconds) => {
    const { client, registry, reference, waits } = await setUp()
    addIndex(registry)
    registry.fault({ path: /manifests/, status: 429, headers: { 'retry-after': header } })
    await client.getManifest(reference)
    expect(waits).toEqual([seconds])
  })

  it('ignores a Retry-After that is garbage', async () => {
    const { client, registry, reference, waits } = await setUp()
    addIndex(registry)
    registry.fault({ path: /manifests/, status: 429, headers: { 'retry-after': 'soon; -1' } })
    await client.getManifest(reference)
    expect(waits.length).toBe(1)
    expect(waits[0]).toBeLessThan(2)
  })

  it('does not wait ten minutes', async () => {
    const { client, registry, reference, waits } = await setUp()
    registry.fault({ path: /manifests/, status: 429, headers: { 'retry-after': '600' } })
    const failure = await failureOf(client.getManifest(reference))
    expect(waits).toEqual([])
    expect(failure.why).toContain('asks to wait 600 s, and xbuild waits at most 60 s')
    expect(failure.fix).toContain('docker login')
  })

  it('gets over connections that are reset', async () => {
    const { client, registry, reference, waits } = await setUp()
    addIndex(registry)
    registry.fault({ path: /manifests/, resetAfterReceiving: 0, times: 2 })
    registry.fault({ path: /manifests/, resetAfterSending: 5 })
    await client.getManifest(reference)
    expect(waits.length).toBe(3)
  })

  it('gets over an answer that does not come', async () => {
    const { client, registry, reference } = await setUp({}, { timeout: 1 })
    addIndex(registry)
    registry.fault({ path: /manifests/, respond: () => {} })
    await client.getManifest(reference)
  })

  it('says at once that nothing listens', async () => {
    const { client, registry, reference, waits } = await setUp()
    await registry.close()
    const failure = await failureOf(client.getManifest(reference))
    expect(failure).toMatchObject({ kind: 'registry', where: registry.host, why: 'nothing listens there' })
    expect(waits).toEqual([])
  })

  it('ends when it is interrupted, also while it waits', async () => {
    const controller = new AbortController()
    const { registry, reference } = await setUp()
    registry.fault({ path: /manifests/, status: 503, times: 99, headers: { 'retry-after': '50' } })
    const client = createRegistryClient({ signal: controller.signal, findCredentials: async () => undefined })
    opened.push(client)
    const failure = failureOf(client.getManifest(reference))
    while (registry.requests.length < 1) await new Promise(resolve => setTimeout(resolve, 10))
    controller.abort()
    expect((await failure).kind).toBe('interrupted')
  })
})

describe('writing', () => {
  it('uploads a blob, and reports how far it is', async () => {
    const { client, registry, repository } = await setUp()
    const bytes = randomBytes(200_000)
    const blob = { digest: sha256(bytes), size: bytes.length }
    const progress: number[] = []
    await client.uploadBlob(
      repository,
      blob,
      async function* () {
        yield bytes.subarray(0, 50_000)
        yield bytes.subarray(50_000)
      },
      sent => progress.push(sent),
    )
    expect(registry.blob('team/app', blob.digest)?.equals(bytes)).toBe(true)
    expect(progress).toEqual([0, 50_000, 200_000])
  })

  it('puts a manifest under its tag, or its digest', async () => {
    const { client, registry, reference } = await setUp()
    const bytes = Buffer.from(JSON.stringify(index))
    const digest = await client.putManifest(reference, { mediaType: mediaTypes.index, bytes })
    expect(digest).toBe(sha256(bytes))
    expect(registry.manifest('team/app', '1')).toEqual({ mediaType: mediaTypes.index, bytes })
    const { tag: _, ...untagged } = reference
    await client.putManifest(untagged, { mediaType: mediaTypes.index, bytes })
    expect(paths(registry).at(-1)).toBe(`PUT /v2/team/app/manifests/${digest}`)
  })

  it('mounts a blob of another repository where the registry does that', async () => {
    const { client, registry, repository } = await setUp()
    const { digest } = registry.addBlob('team/base', Buffer.from('base'))
    expect(await client.mountBlob(repository, sha256('none'), 'team/base')).toBe(false)
    expect(await client.mountBlob(repository, digest, 'team/base')).toBe(true)
    expect(await client.headBlob(repository, digest)).toBe(true)
  })

  it('begins an upload anew after a reset half way, a forgotten upload, a server error', async () => {
    const { client, registry, repository } = await setUp()
    const bytes = randomBytes(3_000_000)
    registry.fault({ method: 'PUT', path: /uploads/, resetAfterReceiving: 1_000_000 })
    registry.fault({ method: 'PUT', path: /uploads/, status: 404 })
    registry.fault({ method: 'PUT', path: /uploads/, status: 500 })
    registry.fault({ method: 'POST', path: /uploads/, status: 502 })
    await push(client, repository, bytes)
    expect(registry.blob('team/app', sha256(bytes))?.equals(bytes)).toBe(true)
  })

  it('does not upload again what got through although its answer was lost', async () => {
    const { client, registry, repository } = await setUp()
    const bytes = randomBytes(1000)
    registry.fault({
      method: 'PUT',
      respond(request) {
        registry.addBlob('team/app', bytes)
        request.socket.resetAndDestroy()
      },
    })
    await push(client, repository, bytes)
    expect(paths(registry).filter(path => path.startsWith('PUT')).length).toBe(1)
  })

  it('gives up an upload that is reset every time', async () => {
    const { client, registry, repository } = await setUp()
    registry.fault({ method: 'PUT', resetAfterReceiving: 100, times: Number.POSITIVE_INFINITY })
    const failure = await failureOf(push(client, repository, randomBytes(1_000_000)))
    expect(failure).toMatchObject({ kind: 'registry', why: expect.stringContaining('tried 6 times') })
  })

  it('fails when the bytes are not those of the digest', async () => {
    const { client, repository } = await setUp()
    const failure = await failureOf(
      client.uploadBlob(repository, { digest: sha256('a'), size: 1 }, async function* () {
        yield Buffer.from('b')
      }),
    )
    expect(failure.why).toContain('DIGEST_INVALID')
  })

  it('hands on what reading the bytes throws', async () => {
    const { client, repository } = await setUp()
    const blob = { digest: sha256('a'), size: 1 }
    // biome-ignore lint/correctness/useYield: it fails before
    const open = async function* (): AsyncGenerator<Uint8Array> {
      throw Object.assign(new Error('gone'), { code: 'ENOENT' })
    }
    await expect(client.uploadBlob(repository, blob, open)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('notices that the registry stored another manifest', async () => {
    const { client, registry, reference } = await setUp()
    registry.fault({ method: 'PUT', status: 201, headers: { 'docker-content-digest': sha256('x') } })
    const bytes = Buffer.from(JSON.stringify(index))
    expect(
      await failureOf(client.putManifest(reference, { mediaType: mediaTypes.index, bytes })),
    ).toMatchObject({
      kind: 'registry',
    })
  })
})

describe('redirects', () => {
  const auth = { type: 'basic', user: 'me', password: 'secret' } as const
  const findCredentials = async () => ({ username: 'me', password: 'secret' })

  it('follows them, and keeps Authorization from another host', async () => {
    const { client, registry, repository } = await setUp({ auth }, { findCredentials })
    const other = await startFaultRegistry()
    opened.push(other)
    const bytes = randomBytes(1000)
    const blob = registry.addBlob('team/app', bytes)
    other.addBlob('team/app', bytes)
    const location = `http://${other.host}/v2/team/app/blobs/${blob.digest}?signature=x`
    // the first request is answered with a challenge
    registry.fault({ path: /blobs/, status: 307, headers: { location }, after: 1 })
    expect(sha256(await read(client.getBlob(repository, blob)))).toBe(sha256(bytes))
    expect(registry.requests.at(-1)?.authorization).toMatch(/^Basic /)
    expect(
      other.requests.map(({ path, authorization }) => [path.includes('signature'), authorization]),
    ).toEqual([[true, undefined]])
  })

  it('keeps Authorization on the same host', async () => {
    const { client, registry, repository } = await setUp({ auth }, { findCredentials })
    const blob = registry.addBlob('other', randomBytes(10))
    registry.fault({
      path: /team\/app/,
      status: 302,
      headers: { location: `/v2/other/blobs/${blob.digest}` },
      after: 1,
    })
    expect((await read(client.getBlob(repository, blob))).length).toBe(10)
  })

  it('does not send the log-in to an upload address on another host', async () => {
    const { client, registry, repository } = await setUp({ auth }, { findCredentials })
    const other = await startFaultRegistry({ faults: [{ method: 'PUT', status: 201 }] })
    opened.push(other)
    registry.fault({
      method: 'POST',
      after: 1,
      status: 202,
      headers: { location: `http://${other.host}/somewhere?signature=a+b` },
    })
    await push(client, repository, Buffer.from('x'))
    expect(other.requests.map(({ authorization }) => authorization)).toEqual([undefined])
    expect(other.requests[0]?.path).toContain('signature=a+b&digest=sha256%3A')
  })

  it.each([
    ['a circle', { location: '/v2/team/app/manifests/1' }, 99],
    ['no address', { location: 'http://[' }, 1],
    ['a file', { location: 'file:///etc/passwd' }, 1],
  ])('refuses %s', async (_name, headers, times) => {
    const { client, registry, reference } = await setUp()
    registry.fault({ path: /manifests/, status: 307, headers, times })
    expect(await failureOf(client.getManifest(reference))).toMatchObject({
      kind: 'registry',
      what: expect.stringContaining('redirects'),
    })
    expect(registry.requests.length).toBeLessThan(10)
  })
})

describe('closing', () => {
  it('ends every connection', async () => {
    const { client, registry, reference } = await setUp()
    addIndex(registry)
    await client.getManifest(reference)
    expect(registry.connections.size).toBeGreaterThan(0)
    await client.close()
    while (registry.connections.size > 0) await new Promise(resolve => setTimeout(resolve, 10))
  })

  it('keeps connections for the next request', async () => {
    const { client, registry, reference } = await setUp()
    addIndex(registry)
    for (let i = 0; i < 5; i++) await client.headManifest(reference)
    expect(new Set(registry.requests.map(({ port }) => port)).size).toBeLessThan(3)
  })
})

describe('proxies', () => {
  it('are used for hosts elsewhere and never for this machine', async () => {
    const connects: string[] = []
    const proxy = createServer()
    proxy.on('connect', (request, socket) => {
      connects.push(request.url ?? '')
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
    })
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
    const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy']) vi.stubEnv(name, address)
    for (const name of ['NO_PROXY', 'no_proxy']) vi.stubEnv(name, '')
    try {
      const { client, registry, reference } = await setUp({}, { retry: { attempts: 1 } })
      addIndex(registry)
      await client.getManifest(reference)
      expect(connects).toEqual([])
      const failure = await failureOf(client.getManifest(parseReference('registry.invalid/app')))
      expect(failure).toMatchObject({
        kind: 'registry',
        where: address,
        why: 'it refuses the connection: 403',
      })
      expect(failure.what).toContain('registry.invalid')
      expect(connects).toEqual(['registry.invalid:443'])
    } finally {
      vi.unstubAllEnvs()
      proxy.close()
    }
  })
})

it('prints no secrets', async () => {
  const { client, registry, reference } = await setUp(
    { auth: { type: 'token', user: 'me', password: 'right' } },
    { findCredentials: async () => ({ username: 'me', password: 'wrong-secret' }) },
  )
  addIndex(registry)
  const failure = await failureOf(client.getManifest(reference))
  expect(textOf(failure)).not.toContain('wrong-secret')
  expect(failure.fix).toContain(`docker login ${registry.host}`)
})
