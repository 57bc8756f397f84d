import { existsSync } from 'node:fs'
import { Failure, isFailure } from '../../errors.ts'
import { isLoopback } from '../../oci/reference.ts'
import { run } from '../../process.ts'
import { hostTls } from '../../registry/certificates.ts'
import { proxyFor } from '../../registry/proxies.ts'
import { count } from '../../util/format.ts'
import type { Check } from '../check.ts'
import { combine, fromFailure, type Outcome, ok, warning } from '../outcome.ts'
import type { Surroundings } from '../surroundings.ts'
import { wantedRegistries } from './credentials.ts'

export const network: Check = {
  id: 'network',
  title: 'Proxies and CAs',
  question:
    'Do xbuild, the engine and BuildKit’s container go through the same proxies, with the same certificates?',
  findings: `A problem for a proxy or certificate that cannot be used. A warning where HTTPS_PROXY is set and the engine or BuildKit’s container does not
know it, where BuildKit’s container does not know the certificates of a registry, and for variables that name missing files.`,
  run: async around => {
    const hosts = (await wantedRegistries(around)).map(hostOf)
    const named = missingFiles(around.env)
    const own = await Promise.all(hosts.map(host => look(host, around)))
    const proxied = own.filter(({ proxy }) => proxy !== undefined)
    const certified = own.filter(({ hasCertificates }) => hasCertificates)
    const outcomes = [
      ...named,
      ...own.flatMap(({ outcome }) => outcome ?? []),
      ...(proxied.length + certified.length > 0
        ? await lookAtBuilder(
            proxied,
            certified.map(({ host }) => host),
            around,
          )
        : []),
    ]
    const direct = hosts.length > 0 ? `no proxy for ${hosts.join(', ')}` : 'no registry is asked'
    return combine(outcomes, details =>
      ok(
        proxied.length > 0 ? `${count(proxied.length, 'registry', 'registries')} by proxy` : direct,
        details,
      ),
    )
  },
}

/** Where the API of a registry is. */
const hostOf = (registry: string) => (registry === 'docker.io' ? 'registry-1.docker.io' : registry)

interface Way {
  readonly host: string
  readonly proxy?: URL | undefined
  readonly hasCertificates: boolean
  readonly outcome?: Outcome
}

async function look(host: string, { env }: Surroundings): Promise<Way> {
  try {
    const proxy = isLoopback(host) ? undefined : proxyFor(new URL(`https://${host}`), env)
    const hasCertificates = (await hostTls(host, false, env)) !== undefined
    const outcome = proxy && ok(`${host}: through ${proxy.protocol}//${proxy.host}`)
    return { host, proxy, hasCertificates, ...(outcome && { outcome }) }
  } catch (error) {
    if (!isFailure(error, 'registry')) throw error
    return { host, hasCertificates: false, outcome: fromFailure(error) }
  }
}

function missingFiles(env: NodeJS.ProcessEnv): Outcome[] {
  return ['SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS'].flatMap(name => {
    const paths = (env[name] ?? '').split(name === 'SSL_CERT_DIR' ? ':' : '\0').filter(Boolean)
    return paths
      .filter(path => !existsSync(path))
      .map(path => warning({ why: `${name} names ${path}, which is not there`, fix: `unset ${name}` }))
  })
}

/** What the builder knows of the proxies and certificates that this machine uses. */
async function lookAtBuilder(
  proxied: readonly Way[],
  certified: readonly string[],
  around: Surroundings,
): Promise<Outcome[]> {
  const { options, builder, engine } = around
  if (!(options instanceof Failure) && options.backend === 'oci') return []
  const facts = await builder()
  if (facts instanceof Failure) return []
  const variable = `HTTPS_PROXY=${around.env['HTTPS_PROXY'] ? '$HTTPS_PROXY' : '$https_proxy'}`
  if (facts.driver === 'docker') {
    const found = await engine()
    if (proxied.length === 0 || found instanceof Failure || found.hasProxy) return []
    return [
      warning({
        why: 'the Docker engine pulls and pushes without the proxy of HTTPS_PROXY',
        fix: 'sudo systemctl edit docker   with [Service] Environment="HTTPS_PROXY=…", then sudo systemctl restart docker',
      }),
    ]
  }
  if (facts.driver !== 'docker-container') return []
  const nodes = await around.nodes()
  const environments = await Promise.all(nodes.map(({ name }) => environmentOf(name, around)))
  const knows = nodes.every(
    ({ driverOptions }, at) =>
      /https_proxy/i.test(driverOptions) || /https_proxy=/i.test(environments[at] ?? ''),
  )
  const unknown = certified.filter(host => !nodes.every(({ config }) => config.includes(host)))
  const create = (name: string) =>
    `docker buildx create --name ${name} --driver docker-container --bootstrap --use`
  return [
    ...(proxied.length > 0 && !knows
      ? [
          warning({
            why: `BuildKit’s container of ${facts.name} does not know the proxy of HTTPS_PROXY`,
            fix: `${create('xbuild-proxy')} --driver-opt "env.${variable}"`,
          }),
        ]
      : []),
    ...unknown.map(host =>
      warning({
        why: `BuildKit’s container of ${facts.name} does not know the certificates of ${host}`,
        fix: `${create('xbuild-ca')} --buildkitd-config buildkitd.toml   with [registry."${host}"] ca=["/etc/docker/certs.d/${host}/ca.crt"]`,
      }),
    ),
  ]
}

/** The environment of BuildKit's container, as docker has it. */
async function environmentOf(node: string, { dir, signal }: Surroundings): Promise<string> {
  const args = ['inspect', '--format', '{{json .Config.Env}}', `buildx_buildkit_${node}`]
  const result = await run({ tool: 'docker', args, cwd: dir }, { signal, timeout: 4 }).catch(error => {
    if (isFailure(error, 'tool')) return undefined
    throw error
  })
  return result?.stdout ?? ''
}
