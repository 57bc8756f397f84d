import { execFileSync } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hostTls } from '../../../src/registry/certificates.ts'
import { createTransport } from '../../../src/registry/transport.ts'
import { failureOf } from '../../support/failure-of.ts'

const root = await mkdtemp(join(tmpdir(), 'certificates-'))
const certificate = join(root, 'cert.pem')
const key = join(root, 'key.pem')
let server: Server
let host: string

/** A server whose name is no loopback address's, so that its certificate counts; it asks for one of the client too. */
beforeAll(async () => {
  const request = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=registry.test',
  ]
  const names = ['-addext', 'subjectAltName=DNS:registry.test,DNS:localhost,IP:::ffff:127.0.0.1']
  execFileSync('openssl', [...request, ...names, '-keyout', key, '-out', certificate], { stdio: 'pipe' })
  const [cert, keyText] = await Promise.all([readFile(certificate), readFile(key)])
  const options = { cert, key: keyText, ca: cert, requestCert: true, rejectUnauthorized: false }
  server = createServer(options, (request, response) => {
    const socket = request.socket as import('node:tls').TLSSocket
    response.end(socket.authorized ? 'known' : 'unknown')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  host = `[::ffff:127.0.0.1]:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await rm(root, { recursive: true, force: true })
})

/** What the server says of a client in this environment. */
async function ask(env: Record<string, string>): Promise<string> {
  const transport = createTransport({ env: { HOME: join(root, 'nobody'), ...env } })
  try {
    const response = await transport.send({ method: 'GET', url: new URL(`https://${host}/`) })
    let text = ''
    for await (const chunk of response.stream()) text += Buffer.from(chunk).toString()
    return text
  } finally {
    await transport.close()
  }
}

let homes = 0
async function home(folder: string, files: Record<string, string>): Promise<Record<string, string>> {
  const HOME = join(root, `home-${++homes}`)
  const path = join(HOME, folder, new URL(`https://${host}`).host)
  await mkdir(path, { recursive: true })
  for (const [name, from] of Object.entries(files)) await copyFile(from, join(path, name))
  return { HOME }
}

describe('a certificate of an authority that nobody knows', () => {
  it('is refused, with the ways to trust it', async () => {
    const failure = await failureOf(ask({}))
    expect(failure).toMatchObject({ kind: 'registry', why: expect.stringContaining('not trusted') })
    expect(failure.fix).toContain('SSL_CERT_FILE')
  })

  it.each(['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'])('is trusted by %s', async name => {
    expect(await ask({ [name]: certificate })).toBe('unknown')
  })

  it('is trusted by SSL_CERT_DIR, whatever else is in it', async () => {
    const folder = join(root, 'dir')
    await mkdir(join(folder, 'sub'), { recursive: true })
    await copyFile(certificate, join(folder, 'abcd1234.0'))
    await writeFile(join(folder, 'README'), 'no certificate')
    expect(await ask({ SSL_CERT_DIR: `/nowhere:${folder}` })).toBe('unknown')
  })

  it.each(['.docker/certs.d', '.config/containers/certs.d'])('is trusted by ~/%s', async folder => {
    expect(await ask(await home(folder, { 'ca.crt': certificate }))).toBe('unknown')
  })

  it.each(['.docker/certs.d', '.config/containers/certs.d'])(
    'gets the certificate in ~/%s shown',
    async folder => {
      const files = { 'ca.crt': certificate, 'client.cert': certificate, 'client.key': key }
      expect(await ask(await home(folder, files))).toBe('known')
    },
  )

  it('is not trusted by what is for another host', async () => {
    const { HOME = '' } = await home('.docker/certs.d', {})
    const other = join(HOME, '.docker/certs.d/other.example.com')
    await mkdir(other)
    await copyFile(certificate, join(other, 'ca.crt'))
    expect((await failureOf(ask({ HOME }))).why).toContain('not trusted')
  })

  it('is not trusted where SSL_CERT_FILE names nothing', async () => {
    expect((await failureOf(ask({ SSL_CERT_FILE: '/nowhere' }))).why).toContain('not trusted')
  })
})

it('names a certificate without its key, and one that is none', async () => {
  const alone = await home('.docker/certs.d', { 'client.cert': certificate })
  const name = new URL(`https://${host}`).host
  expect(await failureOf(hostTls(name, false, alone))).toMatchObject({
    kind: 'registry',
    where: expect.stringContaining('client.cert'),
    why: expect.stringContaining('client.key'),
  })
  const junk = await home('.docker/certs.d', { 'client.cert': key, 'client.key': key })
  expect(await failureOf(hostTls(name, false, junk))).toMatchObject({ kind: 'registry' })
})

describe('a proxy with a certificate of its own authority', () => {
  let proxy: Server
  let address: string
  beforeAll(async () => {
    const [cert, keyText] = await Promise.all([readFile(certificate), readFile(key)])
    proxy = createServer({ cert, key: keyText })
    proxy.on('connect', (_, socket) => {
      const { port } = server.address() as AddressInfo
      const onward = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        onward.pipe(socket).pipe(onward)
      })
      for (const end of [socket, onward]) end.on('error', () => onward.destroy())
    })
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
    address = `https://localhost:${(proxy.address() as AddressInfo).port}`
  })
  afterAll(() => {
    proxy.closeAllConnections()
    proxy.close()
  })

  it.each(['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'])('is used where %s trusts it', async name => {
    const transport = createTransport({ env: { HTTPS_PROXY: address, [name]: certificate } })
    try {
      const response = await transport.send({ method: 'GET', url: new URL('https://registry.test/') })
      expect(response.status).toBe(200)
      await response.discard()
    } finally {
      await transport.close()
    }
  })

  it('is named where nothing trusts it', async () => {
    const transport = createTransport({ env: { HTTPS_PROXY: address, SSL_CERT_FILE: '/nowhere' } })
    try {
      const url = new URL('https://registry.test/')
      const failure = await failureOf(transport.send({ method: 'GET', url }))
      expect(failure).toMatchObject({ kind: 'registry', what: expect.stringContaining('proxy') })
      expect(failure).toMatchObject({ where: address, why: expect.stringContaining('not trusted') })
      expect(failure.fix).toContain('SSL_CERT_FILE')
    } finally {
      await transport.close()
    }
  })
})
