import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it, test } from 'vitest'
import { mediaTypes } from '../../../src/oci/manifest.ts'
import { parseReference } from '../../../src/oci/reference.ts'
import { createRegistryClient } from '../../../src/registry/client.ts'
import { failureOf } from '../../support/failure-of.ts'
import { type Fault, type RegistryOptions, sha256, startFaultRegistry } from '../../support/fault-registry.ts'

/** Registries that docker gets along with, though they answer as no specification says. */

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close()
})

const always = Number.POSITIVE_INFINITY
const index = Buffer.from('{"schemaVersion":2,"manifests":[]}')
const content = Buffer.from(Array.from({ length: 50_000 }, (_, at) => (at * 31) % 251))
const blob = { digest: sha256(content), size: content.length }

async function registryWith(faults: readonly Fault[], options: RegistryOptions = {}) {
  const registry = await startFaultRegistry({ ...options, faults })
  const pauses: number[] = []
  const client = createRegistryClient({
    findCredentials: async () => ({ username: 'me', password: 'hunter2' }),
    timeout: 2,
    retry: { sleep: async seconds => void pauses.push(seconds), budget: 2_000 },
  })
  opened.push(registry, client)
  registry.addManifest('team/app', mediaTypes.index, index, '1')
  registry.addBlob('team/app', content)
  return { registry, client, pauses, reference: parseReference(`${registry.host}/team/app:1`) }
}

type Headers = Record<string, string | string[]>
/** The right answer with other headers, which Fault's own cannot repeat. */
const answering = (body: Buffer, headers: Headers, status = 200): Fault => ({
  times: always,
  respond: (request, response) => {
    response.writeHead(status, { 'content-length': String(body.length), ...headers })
    response.end(request.method === 'HEAD' ? undefined : body)
  },
})
const json = { 'content-type': mediaTypes.index }

describe('a manifest', () => {
  test.each<[string, Buffer, Headers]>([
    ['with a charset', index, { 'content-type': `${mediaTypes.index}; charset=utf-8` }],
    ['whose type is in capitals', index, { 'content-type': mediaTypes.index.toUpperCase() }],
    ['without a digest', index, json],
    ['that is compressed though nobody asked', gzipSync(index), { ...json, 'content-encoding': 'gzip' }],
    ['that is compressed, in an old word', gzipSync(index), { ...json, 'content-encoding': 'x-gzip' }],
    ['whose encoding is none', index, { ...json, 'content-encoding': 'identity' }],
    ['with two types', index, { 'content-type': [mediaTypes.index, 'text/plain'] }],
    ['with its digest twice', index, { ...json, 'docker-content-digest': [sha256(index), sha256(index)] }],
    ['behind an ETag and cookies', index, { ...json, etag: '"x"', 'set-cookie': ['a=b', 'c=d'] }],
  ])('%s is read', async (_, body, headers) => {
    const { client, reference } = await registryWith([{ ...answering(body, headers), path: /manifests/ }])
    const found = await client.getManifest(reference)
    expect(found).toMatchObject({ digest: sha256(index), mediaType: mediaTypes.index })
    const size = index.length
    expect(await client.headManifest(reference)).toMatchObject({ digest: sha256(index), size })
  })

  it('that unpacks to more than any manifest is refused', async () => {
    const bomb = gzipSync(Buffer.alloc(200_000_000))
    const fault = { ...answering(bomb, { ...json, 'content-encoding': 'gzip' }), path: /manifests/ }
    const { client, reference } = await registryWith([fault])
    const before = process.memoryUsage().rss
    expect(await failureOf(client.getManifest(reference))).toMatchObject({
      what: expect.stringContaining('too large'),
    })
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000)
  })

  it('that says it is compressed and is not ends in a failure', async () => {
    const fault = { ...answering(index, { ...json, 'content-encoding': 'gzip' }), path: /manifests/ }
    const { client, reference } = await registryWith([fault])
    expect((await failureOf(client.getManifest(reference))).exitCode).toBe(8)
  })
})

describe('a blob', () => {
  const read = async (faults: readonly Fault[], options?: RegistryOptions) => {
    const { client, reference } = await registryWith(faults, options)
    const chunks: Uint8Array[] = []
    for await (const chunk of client.getBlob(reference, blob)) chunks.push(chunk)
    return Buffer.concat(chunks).equals(content)
  }
  const breaks: Fault = { path: /blobs/, resetAfterSending: 20_000 }
  const part = (start: number, range: string): Fault => ({
    path: /blobs/,
    status: 206,
    headers: { 'content-range': range },
    body: content.subarray(start),
  })
  test.each<[string, readonly Fault[]]>([
    ['goes on from where it was asked', [breaks, part(20_000, `bytes 20000-49999/50000`)]],
    ['begins again, and says so in its range', [breaks, part(0, 'bytes 0-49999/50000')]],
    ['goes on a bit earlier', [breaks, part(19_000, 'bytes 19000-49999/*')]],
    ['has no range in its answer', [breaks, part(20_000, '')]],
    ['fails in the middle', [breaks, { path: /blobs/, status: 503 }]],
    ['asks to wait in the middle', [breaks, { path: /blobs/, status: 429, headers: { 'retry-after': '3' } }]],
  ])('that broke and %s is read whole', async (_, faults) => {
    expect(await read(faults)).toBe(true)
  })

  it('that broke behind its last byte is whole', async () => {
    let asked = 0
    const respond: Fault['respond'] = (request, response) => {
      asked++
      if (request.headers.range) return void response.writeHead(416).end()
      response.writeHead(200)
      response.write(content, () => setTimeout(() => request.socket.resetAndDestroy(), 50))
    }
    expect(await read([{ path: /blobs/, times: always, respond }])).toBe(true)
    expect(asked).toBe(2)
  })

  test.each<[string, Fault]>([
    ['shorter than it says', { path: /blobs/, status: 200, body: content.subarray(1), times: always }],
    [
      'longer than it says',
      { path: /blobs/, status: 200, body: Buffer.concat([content, content]), times: always },
    ],
    ['another range than its bytes', { ...part(10, 'bytes 0-49999/50000'), times: always }],
    [
      'of a length that is too small',
      { path: /blobs/, status: 200, headers: { 'content-length': '10' }, body: content, times: always },
    ],
  ])('%s is no blob', async (_, fault) => {
    expect([6, 8]).toContain((await failureOf(read([fault]))).exitCode)
  })
})

describe('an upload', () => {
  test.each<[string, (path: string, host: string) => string]>([
    ['relative to the host', path => path],
    ['relative to the request', path => path.replace(/^.*\//, '')],
    ['without a scheme', (path, host) => `//${host}${path}`],
    ['absolute', (path, host) => `http://${host}${path}`],
    ['with a fragment', path => `${path}#x`],
  ])('whose address is %s goes there', async (_, address) => {
    const { client, registry, reference } = await registryWith([
      {
        method: 'POST',
        respond: async (request, response) => {
          // The right answer, but for its address.
          const path = request.url?.split('?')[0] ?? ''
          const real = await fetch(`http://${registry.host}${path}`, { method: 'POST' })
          const location = address(real.headers.get('location') ?? '', registry.host)
          const headers = { location, 'oci-chunk-min-length': '10000000', 'docker-upload-uuid': 'x' }
          response.writeHead(202, headers).end()
        },
      },
    ])
    const bytes = Buffer.from('new')
    const open = async function* () {
      yield bytes
    }
    await client.uploadBlob(reference, { digest: sha256(bytes), size: bytes.length }, open)
    expect(registry.blob('team/app', sha256(bytes))?.equals(bytes)).toBe(true)
  })
})

describe('a time to wait', () => {
  test.each<[string, string, (seconds: number) => boolean]>([
    ['in seconds', '7', seconds => seconds === 7],
    [
      'as a date',
      new Date(Date.now() + 1_000_000).toUTCString(),
      seconds => seconds > 100 && seconds <= 1_001,
    ],
    ['as a date that is over', 'Wed, 21 Oct 2015 07:28:00 GMT', seconds => seconds === 0],
    ['below zero', '-5', seconds => seconds > 0 && seconds < 1],
    ['in a fraction', '1.5', seconds => seconds > 0 && seconds < 1],
    ['in words', 'soon', seconds => seconds > 0 && seconds < 1],
  ])('%s', async (_, value, isRight) => {
    const { client, pauses, reference } = await registryWith([
      { path: /manifests/, status: 429, headers: { 'retry-after': value } },
    ])
    await client.getManifest(reference)
    expect(pauses.length).toBe(1)
    expect(pauses.every(isRight), pauses.join()).toBe(true)
  })
})

test('a loop of redirects between two addresses ends', async () => {
  const { client, reference } = await registryWith([
    { path: /manifests\/1$/, status: 307, headers: { location: '/v2/team/app/manifests/2' }, times: always },
    { path: /manifests\/2$/, status: 307, headers: { location: '/v2/team/app/manifests/1' }, times: always },
  ])
  expect((await failureOf(client.getManifest(reference))).what).toContain('in a circle')
})

test('a token answer that is compressed is read', async () => {
  const { client, registry, reference } = await registryWith([], { auth: { type: 'token' } })
  registry.fault({
    path: /^\/token/,
    respond: async (request, response) => {
      const real = await fetch(`http://${registry.host}${request.url}`, {
        headers: { authorization: request.headers.authorization ?? '' },
      })
      const body = gzipSync(await real.text())
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'application/json' }).end(body)
    },
  })
  expect((await client.getManifest(reference)).digest).toBe(sha256(index))
})
