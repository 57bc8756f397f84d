import { BlockList, isIP } from 'node:net'
import { isLoopback } from '../oci/reference.ts'
import { registryFailure } from './failures.ts'

type Env = Readonly<Record<string, string | undefined>>

/**
 * The proxy for an address, by HTTPS_PROXY, HTTP_PROXY and NO_PROXY as Go's net/http/httpproxy reads them, so that docker
 * and xbuild go the same way; never one to this machine itself.
 * @throws {Failure} registry, for a proxy that is no address of one.
 */
export function proxyFor(url: URL, env: Env = process.env): URL | undefined {
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  const text = env[name] || env[name.toLowerCase()]
  if (!text || isLoopback(url.host) || skipsProxy(url, env['NO_PROXY'] || env['no_proxy'] || ''))
    return undefined
  const written = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  const proxy = URL.canParse(written) ? new URL(written) : undefined
  if (proxy && !isPercentEncoded(proxy.username + proxy.password)) {
    throw registryFailure(
      `The user or password in ${name} is not percent-encoded`,
      `${proxy.protocol}//${proxy.host}`,
      'a % is followed by two hexadecimal digits there',
      `write % as %25 in ${name}`,
    )
  }
  if (proxy && /^(https?|socks5?h?):$/.test(proxy.protocol)) return proxy
  throw registryFailure(
    `${name} names no proxy`,
    proxy ? `${proxy.protocol}//${proxy.host}` : name,
    'it is the address of an http, https or socks5 proxy',
    `export ${name}=http://proxy.example.com:3128`,
  )
}

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

/**
 * Whether NO_PROXY exempts an address: `*`, a host with its subdomains, `.domain` for those alone, an IP address, a range
 * such as 10.0.0.0/8; each but a range may end with a port.
 */
export function skipsProxy({ hostname, port, protocol }: URL, noProxy: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase()
  const actualPort = port || (protocol === 'https:' ? '443' : '80')
  return noProxy
    .split(/[\s,]+/)
    .filter(Boolean)
    .some(entry => entry === '*' || matches(entry.toLowerCase(), host, actualPort))
}

function matches(entry: string, host: string, actualPort: string): boolean {
  const range = /^\[?([\da-f.:]+)\]?\/(\d{1,3})$/.exec(entry)
  if (range) return isIP(host) > 0 && isInRange(host, range[1] as string, Number(range[2]))
  const [, name = '', port] = /^(\[[\da-f:.]+\]|[^:]+|[\da-f:.]+?)(?::(\d+))?$/.exec(entry) ?? []
  if (port !== undefined && port !== actualPort && !isIP(entry)) return false
  const wanted = (isIP(entry) ? entry : name).replace(/^\[|\]$/g, '').replace(/^\*\./, '.')
  if (isIP(wanted) || isIP(host)) return sameAddress(wanted, host)
  return wanted.startsWith('.') ? host.endsWith(wanted) : host === wanted || host.endsWith(`.${wanted}`)
}

function sameAddress(a: string, b: string): boolean {
  const family = isIP(a)
  return family > 0 && family === isIP(b) && isInRange(a, b, family === 4 ? 32 : 128)
}

function isInRange(host: string, network: string, prefix: number): boolean {
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4'
  if (isIP(network) !== isIP(host) || prefix > (family === 'ipv6' ? 128 : 32)) return false
  const list = new BlockList()
  list.addSubnet(network, prefix, family)
  return list.check(host, family)
}
