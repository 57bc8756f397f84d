// TLS before a registry that has none, for krust, which speaks nothing else. Run as a program it is the front itself:
//
//   node scripts/compare/tls-front.mjs HOST:PORT KEY CERTIFICATE [PORT]
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
 * @property {string} alias the same by another name: krust copies the layers of a base from another registry only
 * @property {string} certificates file of the authorities to trust
 * @property {string} bin folder with a `rustup` for krust, which asks it for the targets: it names those of the rustc on PATH
 */

const [registry, key, certificate, own] = process.argv.slice(2)
if (process.argv[1] === fileURLToPath(import.meta.url) && registry && key && certificate)
  serve(registry, key, certificate, Number(own))

/**
 * Starts the front as a process of its own, since the one that measures waits for its commands; ends with it.
 * @param {string} registry @param {string} folder
 * @param {number} [port] krust takes the port of a registry for a tag, and so needs the one that is not written
 * @returns {Promise<Front | undefined>} nothing without openssl, or where the port is not to be had
 */
export async function startTlsFront(registry, folder, port = 443) {
  const own = join(folder, 'tls-front')
  const bin = join(own, 'bin')
  mkdirSync(bin, { recursive: true })
  const [key, certificate, certificates] = ['key.pem', 'own.pem', 'all.pem'].map(name => join(own, name))
  const subject = ['-subj', '/CN=compare', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
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
  const program = fileURLToPath(import.meta.url)
  const front = spawn(process.execPath, [program, registry, key, certificate, String(port)], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const [started] = await Promise.race([once(front.stdout, 'data'), once(front, 'exit')])
  if (front.exitCode !== null) return undefined
  // Nothing of it keeps the process that measures from ending, and then its stdin ends.
  front.unref()
  front.stdout.destroy()
  const stdin = /** @type {import('node:net').Socket} */ (front.stdin)
  stdin.unref()
  const suffix = port === 443 ? '' : `:${String(started).trim()}`
  return { registry: `127.0.0.1${suffix}`, alias: `localhost${suffix}`, certificates, bin }
}

/** @param {string} registry @param {string} key @param {string} certificate @param {number} own */
function serve(registry, key, certificate, own) {
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
  server.listen(own, '127.0.0.1', () => {
    const address = server.address()
    if (address && typeof address === 'object') console.log(address.port)
  })
  process.stdin.on('end', () => process.exit()).resume()
}
