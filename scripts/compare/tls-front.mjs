// TLS before a registry that has none, for krust, which speaks nothing else. Run as a program it is the front itself:
//
//   node scripts/compare/tls-front.mjs HOST:PORT KEY CERTIFICATE
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * @typedef {object} Front
 * @property {string} registry
 * @property {string} certificates file of the authorities to trust
 * @property {string} bin folder with a `rustup` for krust, which asks it for the targets: it names those of the rustc on PATH
 */

const [registry, key, certificate] = process.argv.slice(2)
if (process.argv[1] === fileURLToPath(import.meta.url) && registry && key && certificate)
  serve(registry, key, certificate)

/**
 * Starts the front as a process of its own, since the one that measures waits for its commands; ends with it.
 * @param {string} registry @param {string} folder
 * @returns {Promise<Front | undefined>} nothing without openssl
 */
export async function startTlsFront(registry, folder) {
  const own = join(folder, 'tls-front')
  const bin = join(own, 'bin')
  mkdirSync(bin, { recursive: true })
  const [key, certificate, certificates] = ['key.pem', 'own.pem', 'all.pem'].map(name => join(own, name))
  const subject = ['-subj', '/CN=compare', '-addext', 'subjectAltName=IP:127.0.0.1']
  const made = spawnSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', certificate]
      .concat(subject)
      .concat('-addext', 'basicConstraints=critical,CA:FALSE'),
  )
  if (made.status !== 0) return undefined
  const known = process.env.SSL_CERT_FILE ?? '/etc/ssl/certs/ca-certificates.crt'
  const others = existsSync(known) ? readFileSync(known, 'utf8') : ''
  writeFileSync(certificates, `${others}${readFileSync(certificate, 'utf8')}`)
  writeFileSync(join(bin, 'rustup'), '#!/bin/sh\nls "$(rustc --print sysroot)/lib/rustlib" | grep -- -\n')
  chmodSync(join(bin, 'rustup'), 0o755)
  const front = spawn(process.execPath, [fileURLToPath(import.meta.url), registry, key, certificate], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [port] = await once(front.stdout, 'data')
  // Nothing of it keeps the process that measures from ending, and then its stdin ends.
  front.unref()
  front.stdout.destroy()
  const stdin = /** @type {import('node:net').Socket} */ (front.stdin)
  stdin.unref()
  return { registry: `127.0.0.1:${String(port).trim()}`, certificates, bin }
}

/** @param {string} registry @param {string} key @param {string} certificate */
function serve(registry, key, certificate) {
  const [host, port] = registry.split(':')
  const agent = new Agent({ keepAlive: true })
  const server = createServer(
    { key: readFileSync(key), cert: readFileSync(certificate) },
    (incoming, outgoing) => {
      // The registry puts the address of an upload together from these.
      const headers = { ...incoming.headers, 'x-forwarded-proto': 'https' }
      const { method, url } = incoming
      const inner = request({ host, port, method, path: url, headers, agent }, answer => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      })
      inner.on('error', error => outgoing.destroy(error))
      incoming.pipe(inner)
    },
  )
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (address && typeof address === 'object') console.log(address.port)
  })
  process.stdin.on('end', () => process.exit()).resume()
}
