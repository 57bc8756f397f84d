import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { SecureContext } from 'node:tls'
import { readText } from '../util/read-file.ts'
import { dockerConfigFolder, userContainersFolder } from './auth-files.ts'
import { registryFailure } from './failures.ts'

type Env = Readonly<Record<string, string | undefined>>

/** Where systems keep the authorities that they trust (Go's crypto/x509 root_linux.go), the first that exists. */
const systemFiles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

/**
 * The certificates for TLS with a host, where there are others than Node's own: the `*.crt` of its folder in certs.d of
 * Docker or podman (dockerd "certificates", containers-certs.d(5)) are trusted for this host alone; `*.cert` with its
 * `*.key` is what this client shows of itself.
 * @param withSystem trusts the authorities of the system too, as docker and curl do (SSL_CERT_FILE and SSL_CERT_DIR name
 * others), and those of NODE_EXTRA_CA_CERTS. They take a tenth of a second to load, so only where Node's do not serve.
 * @throws {Failure} registry, when one of them cannot be read.
 */
export async function hostTls(
  host: string,
  withSystem: boolean,
  env: Env = process.env,
): Promise<SecureContext | undefined> {
  const own = await hostCertificates(host, env)
  const system = withSystem || own.ca.length > 0 ? await systemAuthorities(env) : []
  const others = [...system, ...own.ca]
  if (others.length + own.cert.length === 0) return undefined
  const { cert, key, folders } = own
  const { createSecureContext, rootCertificates } = await import('node:tls')
  try {
    const ca = others.length > 0 ? { ca: [...rootCertificates, ...others] } : {}
    return createSecureContext({ ...ca, ...(cert.length > 0 && { cert, key }) })
  } catch (error) {
    throw registryFailure(
      'The certificates for a registry cannot be used',
      folders.join(', ') || (env['SSL_CERT_FILE'] ?? host),
      (error as Error).message,
      'each file is to hold PEM: -----BEGIN CERTIFICATE-----',
    )
  }
}

async function systemAuthorities(env: Env): Promise<string[]> {
  const { default: tls } = await import('node:tls')
  const found: string[] = []
  // One that is named and missing is passed over, as Go and Node do.
  for (const path of [env['SSL_CERT_FILE'], env['NODE_EXTRA_CA_CERTS']]) {
    if (path)
      found.push(await read(path).catch(error => (error.why === 'ENOENT' ? '' : Promise.reject(error))))
  }
  // macOS has a company's authorities in the keychain alone, which Node.js reads since 22.15.
  const { getCACertificates } = tls as { getCACertificates?: (type: 'system') => string[] }
  if (process.platform === 'darwin' && getCACertificates) found.push(...getCACertificates('system'))
  for (const path of env['SSL_CERT_FILE'] ? [] : systemFiles) {
    const text = await readText(path).catch(() => undefined)
    if (text === undefined) continue
    found.push(text)
    break
  }
  for (const folder of (env['SSL_CERT_DIR'] ?? '').split(':').filter(Boolean)) {
    for (const name of await list(folder)) {
      // links by hash, their targets, and now and then something else
      const text = await readText(join(folder, name)).catch(() => '')
      if (text.includes('-----BEGIN CERTIFICATE-----')) found.push(text)
    }
  }
  return found.filter(text => text.includes('-----BEGIN'))
}

interface HostCertificates {
  readonly folders: string[]
  readonly ca: string[]
  readonly cert: string[]
  readonly key: string[]
}

async function hostCertificates(host: string, env: Env): Promise<HostCertificates> {
  const docker = dockerConfigFolder(env)
  const parents = [
    '/etc/docker',
    ...(docker ? [docker] : []),
    '/etc/containers',
    ...userContainersFolder(env),
  ]
  const names = [...new Set([host, host.replace(/:443$/, ''), /:\d+$/.test(host) ? host : `${host}:443`])]
  if (host === 'registry-1.docker.io') names.push('docker.io')
  const all: HostCertificates = { folders: [], ca: [], cert: [], key: [] }
  for (const folder of parents.flatMap(parent => names.map(name => join(parent, 'certs.d', name)))) {
    const files = (await list(folder)).sort()
    if (files.some(name => /\.(crt|cert)$/.test(name))) all.folders.push(folder)
    for (const name of files) {
      if (name.endsWith('.crt')) all.ca.push(await read(join(folder, name)))
      if (!name.endsWith('.cert')) continue
      const key = name.replace(/\.cert$/, '.key')
      if (!files.includes(key)) throw unreadable(join(folder, name), `there is no ${key} next to it`)
      all.cert.push(await read(join(folder, name)))
      all.key.push(await read(join(folder, key)))
    }
  }
  return all
}

async function list(folder: string): Promise<string[]> {
  return readdir(folder).catch(error => {
    // A folder of root's alone, as podman and docker pass over it for others.
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(error.code)) return []
    throw unreadable(folder, error.code)
  })
}

async function read(path: string): Promise<string> {
  return readText(path).catch(error => {
    throw unreadable(path, error.code ?? error.why)
  })
}

function unreadable(path: string, why: string) {
  return registryFailure(
    'A certificate cannot be read',
    path,
    why,
    'let this user read it, or remove what names it: certs.d, SSL_CERT_FILE, SSL_CERT_DIR, NODE_EXTRA_CA_CERTS',
  )
}
