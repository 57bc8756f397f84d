import { Failure } from '../errors.ts'
import { type AuthFile, authFiles, isRecord, isText } from './auth-files.ts'
import { askHelper, type CredentialOptions, type Credentials } from './credential-helper.ts'

export type { CredentialOptions, Credentials } from './credential-helper.ts'

/** The key of Docker Hub in Docker's configuration, a relic of its first API. */
const hubKey = 'https://index.docker.io/v1/'

/**
 * The credentials of a registry: what DOCKER_AUTH_CONFIG, `docker login` or else `podman login` stored. In each place a
 * helper of this registry's own (credHelpers) comes first, then the store for all (credsStore), then what the place
 * itself holds (auths).
 * @param repository its path in the registry: podman may store a login for a part of it
 * @returns undefined where nobody logged in
 * @throws {Failure} registry, when a file cannot be read or a helper is missing, hangs or answers junk. No text of such
 * a failure holds what the file or the helper said.
 */
export async function findCredentials(
  registry: string,
  options: CredentialOptions = {},
  repository?: string,
): Promise<Credentials | undefined> {
  for await (const file of authFiles(options.env ?? process.env)) {
    const keys = keysOf(registry, file.namespaced ? repository : undefined)
    const key = keys.find(key => Object.hasOwn(file.credHelpers, key))
    // An empty one is none, for docker too: what is in the file itself counts.
    const helper = key === undefined ? file.credsStore : file.credHelpers[key]
    const serverUrl = registry === 'docker.io' && !file.namespaced ? hubKey : registry
    const stored = isText(helper) ? await askOnce(helper, serverUrl, file.where, options) : undefined
    const found = stored ?? fromAuths(file, keys, registry)
    if (found) return found
  }
  return undefined
}

function askOnce(
  helper: string,
  serverUrl: string,
  where: string,
  options: CredentialOptions,
): Promise<Credentials | undefined> {
  const key = `${helper} ${serverUrl}`
  const answer = options.answers?.get(key) ?? askHelper(helper, serverUrl, where, options)
  options.answers?.set(key, answer)
  return answer
}

/** The keys that a login may be stored under, the most exact one first. */
function keysOf(registry: string, repository: string | undefined): string[] {
  const parts = repository === undefined ? [] : `${registry}/${repository}`.split('/')
  const namespaces = parts.map((_, at) => parts.slice(0, parts.length - at).join('/')).slice(0, -1)
  const hosts = registry === 'docker.io' ? [hubKey, 'index.docker.io', 'docker.io'] : [registry]
  return [...namespaces, ...hosts]
}

/** The entry of one registry; keys may be written as URLs (docker/cli, config.ConvertToHostname). */
function fromAuths(
  { auths, where, namespaced }: AuthFile,
  keys: readonly string[],
  registry: string,
): Credentials | undefined {
  const host = (key: string) => key.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
  // A key of podman with a path is for that path alone.
  const isWhole = (key: string) => !namespaced || /^https?:\/\/|^[^/]*$/.test(key)
  const entry =
    keys.map(key => auths[key]).find(isRecord) ??
    Object.entries(auths).find(
      ([key, value]) => isRecord(value) && isWhole(key) && keys.includes(host(key)),
    )?.[1]
  if (!isRecord(entry)) return undefined
  if (isText(entry.identitytoken)) return { identityToken: entry.identitytoken }
  if (isText(entry.registrytoken)) return { registryToken: entry.registrytoken }
  if (isText(entry.username) && isText(entry.password)) {
    return { username: entry.username, password: entry.password }
  }
  if (!isText(entry.auth)) return undefined
  const decoded = Buffer.from(entry.auth, 'base64').toString()
  const colon = decoded.indexOf(':')
  if (colon < 1) {
    const login = `${namespaced ? 'podman' : 'docker'} login ${registry === 'docker.io' ? '' : registry}`
    throw new Failure({
      kind: 'registry',
      what: `The credentials of ${registry} are damaged`,
      where,
      why: 'their "auth" is not the base64 of USER:PASSWORD',
      fix: login.trim(),
    })
  }
  // docker login of old ended the password with NUL bytes
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1).replace(/\0+$/, '') }
}
