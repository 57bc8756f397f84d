import { afterEach, describe, expect, test } from 'vitest'
import { isFailure } from '../../../src/errors.ts'
import { mediaTypes } from '../../../src/oci/manifest.ts'
import { parseReference, type Reference } from '../../../src/oci/reference.ts'
import { createRegistryClient, type RegistryClient } from '../../../src/registry/client.ts'
import { describeFailure } from '../../../src/ui/messages.ts'
import { failureOf } from '../../support/failure-of.ts'
import { type Fault, sha256, startFaultRegistry } from '../../support/fault-registry.ts'
import { type HostileServer, hostileServers, startHostileServer } from '../../support/hostile-server.ts'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close()
})

const bytes = Buffer.from('{"schemaVersion":2,"manifests":[]}')
const blob = { digest: sha256(bytes), size: bytes.length }

/** Everything that is asked of a registry. */
const operations = {
  headManifest: (client, reference) => client.headManifest(reference),
  getManifest: (client, reference) => client.getManifest(reference),
  getBlob: async (client, reference) => {
    for await (const _ of client.getBlob(reference, blob));
  },
  headBlob: (client, reference) => client.headBlob(reference, blob.digest),
  uploadBlob: (client, reference) =>
    client.uploadBlob(reference, blob, async function* () {
      yield bytes
    }),
  putManifest: (client, reference) => client.putManifest(reference, { mediaType: mediaTypes.index, bytes }),
} satisfies Readonly<Record<string, (client: RegistryClient, reference: Reference) => Promise<unknown>>>

function clientOf(waiting: string[] = []): RegistryClient {
  const client = createRegistryClient({
    findCredentials: async () => ({ username: 'me', password: 'hunter2' }),
    timeout: 0.4,
    onWait: text => waiting.push(text),
    retry: { sleep: async () => {} },
  })
  opened.push(client)
  return client
}

function expectFailure(error: unknown): void {
  expect(isFailure(error, 'registry') || error).toBe(true)
}

/** What is printed of a failure: short, and nothing that a terminal would obey. */
function expectHarmless(text: string): void {
  expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
  expect(text).not.toContain('hunter2')
  expect(text.length).toBeLessThan(2000)
}

describe.each(Object.keys(hostileServers) as HostileServer[])('a server that %s', name => {
  test('ends every operation in a failure of the registry, in time', async () => {
    const server = await startHostileServer(name)
    opened.push(server)
    const client = clientOf()
    const started = performance.now()
    const reference = parseReference(`${server.host}/team/app:1`)
    const ends = Object.entries(operations).map(async ([operation, run]) => {
      // Of these the status alone matters.
      if (['headBlob', 'uploadBlob', 'putManifest'].includes(operation))
        return run(client, reference).catch(expectFailure)
      const failure = await failureOf(run(client, reference)).catch(error => {
        throw new Error(`${operation}: ${error.stack}`)
      })
      expect(failure.exitCode, operation).toBe(8)
      expectHarmless(describeFailure(failure))
    })
    await Promise.all(ends)
    // at most three deadlines, whose timers tick every second
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})

test.each(['greets as SSH does', 'sends random bytes', 'speaks Redis', 'speaks HTTP/0.9'] as const)(
  'that a server which %s is no registry is said',
  async name => {
    const server = await startHostileServer(name)
    opened.push(server)
    const failure = await failureOf(clientOf().getManifest(parseReference(`${server.host}/app:1`)))
    expect(failure.why).toContain('speaks no HTTP')
  },
)

describe('answers that are HTTP, and wrong', () => {
  const html = { 'content-type': 'text/html' }
  const json = { 'content-type': mediaTypes.index }
  test.each<[string, number, Record<string, string>, string | Buffer]>([
    ['200 of a log-in page', 200, html, '<html>Please log in</html>'],
    ['204 without anything', 204, {}, ''],
    ['206 that nobody asked for', 206, json, '{}'],
    ['300', 300, {}, ''],
    ['304', 304, {}, ''],
    ['302 without an address', 302, {}, ''],
    ['302 to a file', 302, { location: 'file:///etc/passwd' }, ''],
    ['302 to a script', 302, { location: 'javascript:alert(1)' }, ''],
    ['302 to itself', 302, { location: '' }, ''],
    ['307 in a circle', 307, { location: '/v2/team/app/manifests/1' }, ''],
    ['400 with a page', 400, html, '<html>'],
    ['418', 418, {}, 'teapot'],
    ['451 with control characters', 451, {}, '\u001b]0;owned\u0007\u009b31m\u202eevil'],
    ['500 with a megabyte', 500, {}, Buffer.alloc(1_000_000, 'x')],
    ['errors that are no list', 400, {}, '{"errors":{"code":5}}'],
    ['errors of null', 400, {}, '{"errors":[null]}'],
    ['an empty manifest', 200, json, ''],
    ['a manifest that is no JSON', 200, json, '{"schemaVersion":2,'],
    ['a manifest that is null', 200, json, 'null'],
    ['a manifest of bytes that are no UTF-8', 200, json, Buffer.from([0xff, 0xfe, 0x00])],
    ['a manifest nested a million times', 200, json, '['.repeat(1_000_000)],
    ['a digest that is none', 200, { ...json, 'docker-content-digest': '../../etc' }, '{"manifests":[]}'],
    [
      'the digest of something else',
      200,
      { ...json, 'docker-content-digest': sha256('x') },
      '{"manifests":[]}',
    ],
    ['a type of no image', 200, { 'content-type': 'application/zip' }, 'PK'],
  ])('%s', async (_name, status, headers, body) => {
    const registry = await startFaultRegistry({
      faults: [{ path: /./, status, headers, body, times: Number.POSITIVE_INFINITY }],
    })
    opened.push(registry)
    const failure = await failureOf(clientOf().getManifest(parseReference(`${registry.host}/team/app:1`)))
    expect([6, 8]).toContain(failure.exitCode)
    expectHarmless(describeFailure(failure))
  })
})

describe('an upload', () => {
  const setUp = async (location: string | undefined) => {
    const headers: Record<string, string> = location === undefined ? {} : { location }
    const registry = await startFaultRegistry({
      faults: [{ method: 'POST', status: 202, headers, times: Number.POSITIVE_INFINITY }],
    })
    opened.push(registry)
    return failureOf(operations.uploadBlob(clientOf(), parseReference(`${registry.host}/team/app:1`)))
  }
  test.each([
    undefined,
    'ftp://127.0.0.1/x',
    'file:///etc/shadow',
    'data:,x',
    'http://[::1',
    'unix:///var/run/docker.sock',
  ])('that is to go to %s is refused', async location => {
    const failure = await setUp(location)
    expect(failure).toMatchObject({ kind: 'registry', what: expect.stringContaining('upload') })
  })

  test('that is hung up on at its start may be for a repository that does not exist', async () => {
    const registry = await startFaultRegistry({
      faults: [{ method: 'POST', resetAfterReceiving: 0, times: Number.POSITIVE_INFINITY }],
    })
    opened.push(registry)
    const reference = parseReference(`${registry.host}/team/app:1`)
    const failure = await failureOf(operations.uploadBlob(clientOf(), reference))
    expect(failure.why).toContain('the repository does not exist')
    expect(failure.fix).toContain(`${registry.host}/team/app exists`)
    expect(registry.requests.filter(({ method }) => method === 'POST').length).toBe(4)
  })
})

describe('an upload that breaks again and again', () => {
  const content = Buffer.concat(
    Array.from({ length: 160 }, (_, number) => Buffer.alloc(10_000, String(number))),
  )
  const always = Number.POSITIVE_INFINITY
  const send = async (faults: readonly Fault[], resumes = true) => {
    const registry = await startFaultRegistry({ resumes, faults })
    opened.push(registry)
    const { host, requests } = registry
    const digest = sha256(content)
    const sent: number[] = []
    const open = async function* () {
      for (let at = 0; at < content.length; at += 8192) yield content.subarray(at, at + 8192)
    }
    const uploading = clientOf().uploadBlob(
      { registry: host, repository: 'team/app' },
      { digest, size: content.length },
      open,
      bytes => sent.push(bytes),
    )
    const failure = await uploading.then(
      () => undefined,
      error => error,
    )
    const methods = requests.map(({ method, path }) => (path.includes('/uploads/') ? method : '')).join(' ')
    return { failure, sent, methods, stored: registry.blob('team/app', digest)?.equals(content) }
  }
  const breaks = { path: /uploads\/upload/, resetAfterReceiving: 20_000 }
  const patchBreaks = { ...breaks, method: 'PATCH', times: always }

  test('and gets on, goes on', async () => {
    const { failure, stored, methods, sent } = await send([{ ...breaks, method: 'PUT' }, patchBreaks])
    expect(failure).toBeUndefined()
    expect(stored).toBe(true)
    expect(methods.match(/PATCH/g)?.length).toBeGreaterThan(6)
    expect(methods.match(/POST/g)?.length).toBe(1)
    expect(sent.at(-1)).toBe(content.length)
    expect(Math.max(...sent)).toBe(content.length)
  })

  test('and does not get on, ends', async () => {
    const { failure } = await send([
      { ...breaks, method: 'PUT' },
      { ...patchBreaks, resetAfterReceiving: 0 },
    ])
    expect(failure).toMatchObject({ kind: 'registry', why: expect.stringContaining('tried 6 times') })
  })

  const said = (headers: Record<string, string>, status = 204): Fault => ({
    ...{ method: 'GET', path: /uploads\/upload/, times: always },
    ...{ status, headers },
  })
  test.each<[string, readonly Fault[]]>([
    ['that forgot it', [said({}, 404)]],
    ['that may not be asked', [said({}, 405)]],
    ['that fails when it is asked', [said({}, 500)]],
    ['that says nothing of it', [said({})]],
    ['that says it has nothing', [said({ range: '0-0' })]],
    ['that has more than was sent', [said({ range: '0-399999999' })]],
    ['that has a part without a beginning', [said({ range: '5-10' })]],
    ['that says what is no range', [said({ range: 'bytes=-1' })]],
    ['that has less than it says, and notices', [said({ range: '0-9' })]],
    ['that takes no part', [{ method: 'PATCH', path: /./, status: 405, times: always }]],
    ['that forgets it at the end', [{ method: 'PUT', path: /./, status: 404, after: 1 }]],
    [
      'that has lost the bytes',
      [{ method: 'PATCH', path: /./, status: 202, headers: { location: '/v2/team/app/blobs/uploads/x' } }],
    ],
  ])('begins anew at a registry %s', async (_, faults) => {
    const { failure, stored, methods } = await send([...faults, { ...breaks, method: 'PUT' }])
    expect(failure).toBeUndefined()
    expect(stored).toBe(true)
    expect(methods.match(/POST/g)?.length).toBe(2)
  })

  test('does not go on where no client may follow', async () => {
    const evil = said({ range: '0-15000', location: 'file:///etc/passwd' })
    const { failure, stored } = await send([evil, { ...breaks, method: 'PUT' }])
    // The address is refused, and the blob begins anew at one that is right.
    expect(failure).toBeUndefined()
    expect(stored).toBe(true)
  })

  test('and whose registry claims to get on a byte at a time, ends', async () => {
    let claimed = 1
    const respond: Fault['respond'] = (_, response) => {
      response.writeHead(204, { range: `0-${claimed++}` }).end()
    }
    const { failure } = await send([
      { method: 'GET', path: /uploads\/upload/, times: always, respond },
      { ...breaks, method: 'PUT', times: always },
      patchBreaks,
    ])
    expect(failure).toMatchObject({ kind: 'registry', why: expect.stringContaining('tried 6 times') })
  })

  test('and is not kept, is given up', async () => {
    const { failure, methods } = await send([{ ...breaks, method: 'PUT', times: always }], false)
    expect(failure).toMatchObject({ kind: 'registry', why: expect.stringContaining('tried 6 times') })
    expect(methods.match(/POST/g)?.length).toBe(6)
  })
})

describe('a registry that knows no HEAD', () => {
  test('is asked with GET', async () => {
    const registry = await startFaultRegistry({
      faults: [{ method: 'HEAD', status: 405, times: Number.POSITIVE_INFINITY }],
    })
    opened.push(registry)
    const reference = parseReference(`${registry.host}/team/app:1`)
    const client = clientOf()
    expect(await client.headManifest(reference)).toBeUndefined()
    expect(await client.headBlob(reference, blob.digest)).toBe(false)
    registry.addBlob('team/app', bytes)
    const { digest } = registry.addManifest('team/app', mediaTypes.index, bytes, '1')
    expect(await client.headManifest(reference)).toMatchObject({ digest, size: bytes.length })
    expect(await client.headBlob(reference, blob.digest)).toBe(true)
  })
})

test('a download that breaks again and again, and gets on, goes on', async () => {
  const content = Buffer.alloc(400_000, 'layer')
  const registry = await startFaultRegistry({
    faults: [{ path: /blobs/, resetAfterSending: 20_000, times: Number.POSITIVE_INFINITY }],
  })
  opened.push(registry)
  const { digest, size } = registry.addBlob('team/app', content)
  let received = 0
  const reference = parseReference(`${registry.host}/team/app:1`)
  for await (const chunk of clientOf().getBlob(reference, { digest, size })) received += chunk.length
  expect(received).toBe(size)
  expect(registry.requests.length).toBeGreaterThan(15)
})
