import type { SecureContext } from 'node:tls'
import type { buildConnector, Dispatcher } from 'undici'
import { isLoopback } from '../oci/reference.ts'
import { hostTls } from './certificates.ts'
import type { Deadlines } from './deadlines.ts'
import { proxyFor } from './proxies.ts'

/** The way to an address. */
export interface Route {
  readonly dispatcher: Dispatcher
  /** What is between this machine and the address. */
  readonly proxy: URL | undefined
  /** Whether the system's authorities were trusted, too. */
  readonly widened: boolean
}

/** Pools of kept connections, one per way to peers. */
export interface Dispatchers {
  route(url: URL): Promise<Route>
  /**
   * Trusts the authorities of the system too for a host whose certificate Node's own did not vouch for.
   * @returns whether that may change anything
   */
  widen(url: URL): Promise<boolean>
  close(): Promise<void>
}

/**
 * Milliseconds for each address of a host that has several. Node.js gives 250 and drops an attempt that takes longer: a
 * registry on another continent could not be reached where IPv6 leads nowhere (nodejs/node#54359).
 */
const autoSelectFamilyAttemptTimeout = 2500

/** How undici connects to a proxy, whose own errors cannot be told from those of what is behind it otherwise. */
function markErrors(options: object): buildConnector.connector {
  const { connect } = options as { connect: buildConnector.connector }
  return (to, callback) =>
    connect(to, (...[error, socket]) => {
      if (error === null) callback(null, socket)
      else callback(Object.assign(error, { ofProxy: true }), null)
    })
}

/** @param mayBeInsecure whether a host may have a certificate that nobody vouches for */
export function createDispatchers(
  mayBeInsecure: (host: string) => boolean,
  deadlines: Deadlines,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Dispatchers {
  const pools = new Map<string, Promise<Dispatcher>>()
  const contexts = new Map<string, Promise<SecureContext | undefined>>()
  const widened = new Set<string>()

  const contextOf = (host: string) => {
    const known = contexts.get(host) ?? hostTls(host, widened.has(host), env)
    contexts.set(host, known)
    return known
  }

  const create = async (
    proxy: URL | undefined,
    secureContext: SecureContext | undefined,
    isSecure: boolean,
  ) => {
    // A company's proxy has a certificate of the company's, which the system trusts.
    const ofProxy = proxy?.protocol === 'https:' ? await hostTls(proxy.host, true, env) : undefined
    // `default`: bundled as a chunk of its own, a CommonJS package has no named exports
    const { default: undici } = await import('undici')
    const { connect, silence } = deadlines
    const connecting = { timeout: connect * 1000, autoSelectFamilyAttemptTimeout }
    const tls = {
      ...connecting,
      ...(secureContext && { secureContext }),
      ...(isSecure ? {} : { rejectUnauthorized: false }),
    }
    const settings = { headersTimeout: silence * 1000, bodyTimeout: silence * 1000 }
    if (!proxy) return new undici.Agent({ ...settings, connect: tls })
    return new undici.ProxyAgent({
      ...settings,
      // undici sends names to the proxy with socks5 too, and knows no other spelling.
      uri: proxy.href.replace(/^socks\w*:/, 'socks5:'),
      requestTls: tls,
      // With these settings it would speak TLS to a SOCKS proxy.
      ...(/^https?:$/.test(proxy.protocol) && {
        proxyTls: { ...connecting, ...(ofProxy && { secureContext: ofProxy }) },
      }),
      // An address without TLS is asked for by its whole name, as every client does; CONNECT is for TLS.
      proxyTunnel: false,
      clientFactory: (origin, options) =>
        new undici.Pool(origin, { ...options, ...settings, connect: markErrors(options) }),
    })
  }

  return {
    async route(url) {
      const isWidened = widened.has(url.host)
      const proxy = proxyFor(url, env)
      const isSecure = !mayBeInsecure(url.host)
      const context = url.protocol === 'https:' ? await contextOf(url.host) : undefined
      const kind = isSecure ? 'secure' : isLoopback(url.host) ? 'loopback' : 'insecure'
      const key = [kind, context ? url.host : '', isWidened ? 'widened' : '', proxy?.href ?? ''].join(' ')
      const pool = pools.get(key) ?? create(proxy, context, isSecure)
      pools.set(key, pool)
      return { dispatcher: await pool, proxy, widened: isWidened }
    },
    async widen({ host }) {
      // Of several requests at once the first that fails does it for all.
      if (!widened.has(host)) contexts.delete(host)
      widened.add(host)
      return (await contextOf(host)) !== undefined
    },
    async close() {
      const opened = await Promise.all(pools.values())
      pools.clear()
      await Promise.all(opened.map(dispatcher => dispatcher.destroy()))
    },
  }
}
