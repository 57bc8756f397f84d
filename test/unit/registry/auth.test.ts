import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { mediaTypes } from '../../../src/oci/manifest.ts'
import { parseReference } from '../../../src/oci/reference.ts'
import { parseChallenges } from '../../../src/registry/auth.ts'
import { createRegistryClient } from '../../../src/registry/client.ts'
import type { Credentials } from '../../../src/registry/credentials.ts'
import { isRefusal } from '../../../src/registry/failures.ts'
import { allowsPush } from '../../../src/registry/push-rights.ts'
import { failureOf } from '../../support/failure-of.ts'
import { type RegistryOptions, sha256, startFaultRegistry } from '../../support/fault-registry.ts'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close()
})

const user = { username: 'me', password: 's3cret' }

async function setUp(auth: NonNullable<RegistryOptions['auth']>, credentials?: Credentials) {
  const registry = await startFaultRegistry({ auth })
  let asked = 0
  const client = createRegistryClient({
    findCredentials: async () => {
      asked++
      return credentials
    },
    retry: { sleep: async () => {} },
  })
  opened.push(registry, client)
  registry.addManifest('team/app', mediaTypes.index, { schemaVersion: 2, manifests: [] }, '1')
  const reference = parseReference(`${registry.host}/team/app:1`)
  return { registry, client, reference, credentialsAsked: () => asked }
}

const tokenRequests = (requests: readonly { path: string }[]) =>
  requests
    .filter(({ path }) => path.startsWith('/token'))
    .map(({ path }) => new URL(path, 'http://x').searchParams)

describe('token auth', () => {
  it('gets a token as nobody, for the scope that is needed', async () => {
    const { client, registry, reference } = await setUp({ type: 'token' })
    await client.getManifest(reference)
    await client.getManifest(reference)
    const [query, ...more] = tokenRequests(registry.requests)
    expect(query?.get('service')).toBe('registry')
    expect(query?.getAll('scope')).toEqual(['repository:team/app:pull'])
    expect(more).toEqual([])
    // no request but the first is refused
    expect(registry.requests.filter(({ path }) => path.includes('manifests')).length).toBe(3)
  })

  it('gets one with a password, asked for once, and one of its own for pushing', async () => {
    const { client, registry, reference, credentialsAsked } = await setUp(
      { type: 'token', user: user.username, password: user.password },
      user,
    )
    await client.getManifest(reference)
    const bytes = Buffer.from('layer')
    await client.uploadBlob(reference, { digest: sha256(bytes), size: 5 }, async function* () {
      yield bytes
    })
    registry.addBlob('team/base', bytes)
    await client.mountBlob(reference, sha256(bytes), 'team/base')
    expect(tokenRequests(registry.requests).map(query => query.getAll('scope'))).toEqual([
      ['repository:team/app:pull'],
      ['repository:team/app:pull,push'],
      ['repository:team/app:pull,push', 'repository:team/base:pull'],
    ])
    expect(credentialsAsked()).toBe(1)
    expect(registry.requests.some(({ path }) => path.includes(user.password))).toBe(false)
  })

  it('uploads what it cannot mount, where the token server refuses two repositories at once', async () => {
    const { client, registry, reference } = await setUp({ type: 'token' })
    const { digest } = registry.addBlob('team/base', Buffer.from('layer'))
    registry.fault({ path: /^\/token.*team%2Fbase/, status: 403, times: 9 })
    expect(await client.mountBlob(reference, digest, 'team/base')).toBe(false)
  })

  it('exchanges an identity token', async () => {
    const { client, registry, reference } = await setUp(
      { type: 'token', user: 'me', password: 'identity' },
      { identityToken: 'identity' },
    )
    await client.getManifest(reference)
    expect(registry.requests.some(({ method, path }) => method === 'POST' && path === '/token')).toBe(true)
  })

  it('logs in again when a token expires in the middle of a push', async () => {
    const { client, registry, reference } = await setUp(
      { type: 'token', user: user.username, password: user.password, tokenUses: 3 },
      user,
    )
    const blobs = Array.from({ length: 4 }, () => randomBytes(100_000))
    for (const bytes of blobs) {
      await client.uploadBlob(reference, { digest: sha256(bytes), size: bytes.length }, async function* () {
        yield bytes
      })
    }
    for (const bytes of blobs) expect(registry.blob('team/app', sha256(bytes))?.equals(bytes)).toBe(true)
    expect(tokenRequests(registry.requests).length).toBeGreaterThan(2)
  })

  it('asks for one token when many requests need it at once', async () => {
    const { client, registry, reference } = await setUp({ type: 'token' })
    await client.getManifest(reference)
    await Promise.all(
      Array.from({ length: 8 }, () => client.headManifest({ ...reference, repository: 'team/other' })),
    )
    expect(tokenRequests(registry.requests).length).toBe(2)
  })

  it('says which login is needed, and tries once', async () => {
    const { client, registry, reference } = await setUp({ type: 'token', user: 'me', password: 'x' })
    const failure = await failureOf(client.getManifest(reference))
    expect(failure).toMatchObject({ kind: 'registry', fix: `docker login ${registry.host}` })
    expect(registry.requests.length).toBe(2)
  })

  it('gives up when a fresh token is refused', async () => {
    const { client, registry, reference } = await setUp({ type: 'token', tokenUses: 0 })
    const failure = await failureOf(client.getManifest(reference))
    expect(failure).toMatchObject({ kind: 'registry', what: 'The registry requires a login' })
    expect(tokenRequests(registry.requests).length).toBe(1)
  })

  it('tries again when the token server fails for a moment', async () => {
    const { client, registry, reference } = await setUp({ type: 'token' })
    registry.fault({ path: /^\/token/, status: 503, times: 2 })
    await client.getManifest(reference)
  })

  it.each(['{"tok', '{}', '{"token":""}', '{"token":5}', '{"token":"a\\nb: c"}', 'null', '[]'])(
    'refuses the token answer %s',
    async body => {
      const { client, registry, reference } = await setUp({ type: 'token' })
      registry.fault({ path: /^\/token/, status: 200, body })
      expect(await failureOf(client.getManifest(reference))).toMatchObject({
        kind: 'registry',
        what: expect.stringContaining('gave no token'),
      })
    },
  )

  it.each([
    ['no header', null],
    ['no realm', 'Bearer service="registry"'],
    ['a realm that is no address', 'Bearer realm="nowhere",service="registry"'],
    ['a realm of another scheme', 'Bearer realm="file:///etc/passwd"'],
    ['an unknown scheme', 'Negotiate'],
    ['junk', '"""=,,'],
    ['nothing', ''],
  ])('explains a challenge with %s', async (_name, challenge) => {
    const { client, reference } = await setUp({ type: 'token', challenge }, user)
    expect(await failureOf(client.getManifest(reference))).toMatchObject({
      kind: 'registry',
      what: 'The registry requires a login, but does not say how',
    })
  })

  it('explains 403', async () => {
    const { client, registry, reference } = await setUp({ type: 'token' })
    const body = '{"errors":[{"code":"DENIED","message":"not yours"}]}'
    registry.fault({ path: /manifests/, status: 403, body })
    const failure = await failureOf(client.getManifest(reference))
    expect(failure).toMatchObject({ kind: 'registry', why: '403: DENIED: not yours' })
    expect(failure.fix).toContain(`docker login ${registry.host}`)
  })
})

describe('a realm', () => {
  it.each([
    ['http://auth.example.com/token', []],
    ['http://10.0.0.1/token', []],
  ])('%s without TLS is not asked, with a login or as nobody', async (realm, insecure) => {
    for (const credentials of [user, undefined, { identityToken: 'secret' }]) {
      const registry = await startFaultRegistry({
        auth: { type: 'token', challenge: `Bearer realm="${realm}",service="x"` },
      })
      const client = createRegistryClient({ insecure, findCredentials: async () => credentials })
      opened.push(registry, client)
      const failure = await failureOf(client.getManifest(parseReference(`${registry.host}/team/app:1`)))
      expect(failure).toMatchObject({
        kind: 'registry',
        what: 'The registry asks for a login without TLS',
        where: realm,
      })
    }
  })
})

describe('a token server that redirects', () => {
  it.each([301, 302, 303, 307, 308])('does not get the identity token sent elsewhere: %i', async status => {
    const other = await startFaultRegistry({ auth: { type: 'token' } })
    opened.push(other)
    const { client, registry, reference } = await setUp(
      { type: 'token', user: 'me', password: 'identity' },
      { identityToken: 'identity' },
    )
    registry.fault({ path: /^\/token/, status, headers: { location: `http://${other.host}/token` } })
    const failure = await failureOf(client.getManifest(reference))
    expect(failure).toMatchObject({ kind: 'registry', what: 'The token server redirects a login' })
    expect(other.requests).toEqual([])
  })

  it.each([302, 307])('does not get the password sent elsewhere: %i', async status => {
    const other = await startFaultRegistry({ auth: { type: 'token' } })
    opened.push(other)
    const { client, registry, reference } = await setUp(
      { type: 'token', user: 'me', password: 's3cret' },
      user,
    )
    registry.fault({ path: /^\/token/, status, headers: { location: `http://${other.host}/token` } })
    await failureOf(client.getManifest(reference))
    expect(other.requests.map(({ authorization }) => authorization)).toEqual([undefined])
  })
})

describe('basic auth', () => {
  const auth = { type: 'basic', user: user.username, password: user.password } as const

  it('sends the password only after it was asked for', async () => {
    const { client, registry, reference } = await setUp(auth, user)
    await client.getManifest(reference)
    await client.getManifest(reference)
    expect(registry.requests.map(({ authorization }) => authorization !== undefined)).toEqual([
      false,
      true,
      true,
    ])
  })

  it('says when it is wrong', async () => {
    const { client, registry, reference } = await setUp(auth, { ...user, password: 'old' })
    expect(await failureOf(client.getManifest(reference))).toMatchObject({
      kind: 'registry',
      fix: `docker login ${registry.host}`,
    })
    expect(registry.requests.length).toBe(2)
  })
})

it.each([
  ['Basic realm="a"', [{ scheme: 'basic', parameters: { realm: 'a' } }]],
  [
    'Bearer realm="https://a/t",service="s",scope="repository:a:pull,push"',
    [
      {
        scheme: 'bearer',
        parameters: { realm: 'https://a/t', service: 's', scope: 'repository:a:pull,push' },
      },
    ],
  ],
  [
    'Basic realm="a \\"b\\"", BEARER Realm=x , service = "y"',
    [
      { scheme: 'basic', parameters: { realm: 'a "b"' } },
      { scheme: 'bearer', parameters: { realm: 'x', service: 'y' } },
    ],
  ],
  ['realm="a"', undefined],
  ['Bearer realm="a', undefined],
  ['', []],
])('parseChallenges(%s)', (header, expected) => {
  expect(parseChallenges(header)).toEqual(expected)
})

describe('checkPush', () => {
  const jwt = (claims: object) =>
    `Bearer ${['{"alg":"none"}', JSON.stringify(claims)].map(part => Buffer.from(part).toString('base64url')).join('.')}.c2ln`
  const repository = { registry: 'r.example', repository: 'team/app' }
  const grant = (...actions: string[]) => ({ type: 'repository', name: 'team/app', actions })

  it.each([
    [jwt({ access: [grant('pull', 'push')] }), true],
    [jwt({ access: [grant('*')] }), true],
    [jwt({ access: [grant('pull')] }), false],
    [jwt({ access: [{ ...grant('push'), name: 'team/other' }] }), false],
    [jwt({ access: [] }), false],
    [jwt({ access: [null, { type: 'repository', name: 'team/app', actions: 'push' }] }), false],
    [jwt({ sub: 'me' }), undefined],
    ['Bearer djE6b3BhcXVl', undefined],
    ['Bearer a.b.c', undefined],
    ['Basic bWU6czNjcmV0', undefined],
    [undefined, undefined],
  ])('reads the rights of %s: %s', (header, allowed) => expect(allowsPush(header, repository)).toBe(allowed))

  const writes = (requests: readonly { method: string }[]) =>
    requests.filter(({ method }) => !['GET', 'HEAD'].includes(method))

  it('asks for the right to push, writes nothing, and leaves the token for the push', async () => {
    const { client, registry, reference } = await setUp(
      { type: 'token', user: user.username, password: user.password },
      user,
    )
    expect(await client.checkPush(reference)).toBe('unknown')
    expect(writes(registry.requests)).toEqual([])
    await client.headBlob(reference, `sha256:${'0'.repeat(64)}`)
    expect(tokenRequests(registry.requests).map(query => query.getAll('scope'))).toEqual([
      ['repository:team/app:pull,push'],
    ])
  })

  it.each([['granted', ['pull', 'push']] as const, ['refused', ['pull']] as const])(
    'knows from a token whether it is %s',
    async (rights, actions) => {
      const { client, registry, reference } = await setUp({ type: 'token' })
      const token = jwt({ access: [grant(...actions)] }).slice('Bearer '.length)
      registry.fault(
        { path: /^\/token/, status: 200, body: JSON.stringify({ token }) },
        { path: /manifests/, after: 1, status: 404 },
      )
      const checked = client.checkPush(reference)
      if (rights === 'granted') expect(await checked).toBe(rights)
      else {
        const failure = await failureOf(checked)
        expect(isRefusal(failure)).toBe(true)
        expect(failure).toMatchObject({
          kind: 'registry',
          where: `${registry.host}/team/app`,
          fix: expect.stringContaining(`docker login ${registry.host}`),
        })
      }
    },
  )

  it.each([
    ['nobody is logged in', undefined],
    ['the password is wrong', { ...user, password: 'wrong' }],
  ])('says no where %s', async (_, credentials) => {
    for (const type of ['token', 'basic'] as const) {
      const auth = { type, user: user.username, password: user.password }
      const { client, reference } = await setUp(auth, credentials)
      expect(isRefusal(await failureOf(client.checkPush(reference)))).toBe(true)
    }
  })

  it('does not know of a registry without a login, and tells a dead one from a refusal', async () => {
    const registry = await startFaultRegistry()
    const client = createRegistryClient({ retry: { sleep: async () => {} } })
    opened.push(client)
    const reference = parseReference(`${registry.host}/team/app:1`)
    expect(await client.checkPush(reference)).toBe('unknown')
    await registry.close()
    const failure = await failureOf(client.checkPush(reference))
    expect(failure.kind).toBe('registry')
    expect(isRefusal(failure)).toBe(false)
  })
})
