import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, it, test } from 'vitest'
import { parseReference } from '../../../src/oci/reference.ts'
import { createRegistryClient } from '../../../src/registry/client.ts'
import { proxyFor, skipsProxy } from '../../../src/registry/proxies.ts'
import { failureOf } from '../../support/failure-of.ts'

test.each([
  ['https://ghcr.io', 'ghcr.io', true],
  ['https://ghcr.io', 'GHCR.IO', true],
  ['https://eu.ghcr.io', 'ghcr.io', true],
  ['https://eu.ghcr.io', '.ghcr.io', true],
  ['https://eu.ghcr.io', '*.ghcr.io', true],
  ['https://ghcr.io', '.ghcr.io', false],
  ['https://evilghcr.io', 'ghcr.io', false],
  ['https://ghcr.io.evil.com', 'ghcr.io', false],
  ['https://ghcr.io', '*', true],
  ['https://ghcr.io', '', false],
  ['https://ghcr.io', 'quay.io, ghcr.io', true],
  ['https://ghcr.io', 'quay.io ghcr.io', true],
  ['https://ghcr.io', 'ghcr.io:443', true],
  ['https://ghcr.io', 'ghcr.io:5000', false],
  ['https://reg.lan:5000', 'reg.lan:5000', true],
  ['http://reg.lan', 'reg.lan:80', true],
  ['https://10.1.2.3:5000', '10.0.0.0/8', true],
  ['https://10.1.2.3:5000', '10.1.2.3/32', true],
  ['https://11.1.2.3:5000', '10.0.0.0/8', false],
  ['https://10.1.2.3', '10.1.2.3', true],
  ['https://10.1.2.3', '10.1.2.3:443', true],
  ['https://10.1.2.3', '10.1.2.30', false],
  ['https://10.1.2.3', '2.3', false],
  ['https://172.16.5.4', '192.168.0.0/16,172.16.0.0/12', true],
  ['https://[fd00::5]:5000', 'fd00::/8', true],
  ['https://[fd00::5]:5000', '[fd00::5]', true],
  ['https://[fd00::5]:5000', 'fd00::5', true],
  ['https://[fe80::5]', 'fd00::/8', false],
  ['https://ghcr.io', '10.0.0.0/8', false],
  ['https://10.1.2.3', '10.0.0.0/99', false],
  ['https://10.1.2.3', 'nonsense/8', false],
])('%s with NO_PROXY=%s goes without proxy: %s', (url, noProxy, expected) =>
  expect(skipsProxy(new URL(url), noProxy)).toBe(expected),
)

describe('proxyFor', () => {
  it.each([
    ['https://ghcr.io', { HTTPS_PROXY: 'http://proxy:3128' }, 'http://proxy:3128/'],
    ['https://ghcr.io', { https_proxy: 'proxy:3128' }, 'http://proxy:3128/'],
    ['https://ghcr.io', { HTTPS_PROXY: '', https_proxy: 'proxy:3128' }, 'http://proxy:3128/'],
    ['https://ghcr.io', { HTTP_PROXY: 'http://proxy:3128' }, undefined],
    ['http://reg.lan', { HTTP_PROXY: 'http://proxy:3128' }, 'http://proxy:3128/'],
    ['https://127.0.0.1:5000', { HTTPS_PROXY: 'http://proxy:3128' }, undefined],
    ['https://10.1.2.3', { HTTPS_PROXY: 'http://proxy:3128', no_proxy: '10.0.0.0/8' }, undefined],
    ['https://ghcr.io', {}, undefined],
  ])('of %s with %j is %s', (url, env, expected) => expect(proxyFor(new URL(url), env)?.href).toBe(expected))

  it.each(['ftp://proxy', 'http://', 'http://user:hunter2@'])('refuses %s by name', async proxy => {
    const failure = await failureOf(() => proxyFor(new URL('https://ghcr.io'), { HTTPS_PROXY: proxy }))
    expect(failure).toMatchObject({ kind: 'registry', what: 'HTTPS_PROXY names no proxy' })
    expect(JSON.stringify(failure)).not.toContain('hunter2')
  })
})

it.each(['http://u:hunter2%@proxy', 'http://u%zz:hunter2@proxy'])(
  'refuses %s, whose user is not percent-encoded',
  async proxy => {
    const failure = await failureOf(() => proxyFor(new URL('https://ghcr.io'), { HTTPS_PROXY: proxy }))
    expect(failure).toMatchObject({ kind: 'registry', what: expect.stringContaining('percent-encoded') })
    expect(JSON.stringify(failure)).not.toContain('hunter2')
  },
)

describe('a proxy that is no good is named, and not the registry', () => {
  const opened: Server[] = []
  afterEach(() => {
    for (const server of opened.splice(0)) server.close()
  })
  const listen = async (answer: string | undefined) => {
    const server = createServer(socket => {
      socket.on('error', () => {})
      if (answer !== undefined) socket.once('data', () => socket.end(answer))
    })
    opened.push(server)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  const ask = async (proxy: string) => {
    const client = createRegistryClient({
      env: { HTTPS_PROXY: proxy },
      timeout: 0.5,
      retry: { sleep: async () => {} },
      findCredentials: async () => undefined,
    })
    try {
      return await failureOf(client.getManifest(parseReference('registry.invalid/app:1')))
    } finally {
      await client.close()
    }
  }

  it.each([
    ['407 Proxy Authentication Required', /requires a login/],
    ['403 Forbidden', /refuses the connection: 403/],
    ['502 Bad Gateway', /refuses the connection: 502/],
  ])('that answers %s', async (status, why) => {
    const proxy = await listen(`HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n`)
    const failure = await ask(proxy)
    expect(failure).toMatchObject({
      kind: 'registry',
      what: 'The proxy to registry.invalid cannot be used',
      where: proxy,
    })
    expect(failure.why).toMatch(why)
  })

  it('that is not there', async () => {
    expect(await ask('http://127.0.0.1:9')).toMatchObject({
      where: 'http://127.0.0.1:9',
      why: 'nothing listens there',
    })
    expect(await ask('http://user:hunter2@proxy.invalid:3128')).toMatchObject({
      where: 'http://proxy.invalid:3128',
      why: 'there is no such host',
    })
  })

  it('that speaks no HTTP', async () => {
    expect(await ask(await listen('SSH-2.0-x\r\n'))).toMatchObject({
      why: 'what answers there is no HTTP proxy',
    })
  })

  it('that says nothing', async () => {
    const failure = await ask(await listen(undefined))
    expect(failure.kind).toBe('registry')
    expect(failure.why).toContain('proxy 127.0.0.1:')
  })
})
