import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure, isFailure } from '../errors.ts'
import { run } from '../process.ts'
import { homeFolder } from '../util/cache-folder.ts'

/** What a login left behind: a password, or a token that is exchanged for another, or one that is sent as it is. */
export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly identityToken: string }
  | { readonly registryToken: string }

export interface CredentialOptions {
  /** Where DOCKER_CONFIG and PATH are read from. Default: the process's own. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Seconds that a credential helper may take. Default 30: some ask a person. */
  readonly helperTimeout?: number
  readonly signal?: AbortSignal | undefined
}

interface DockerConfig {
  readonly path: string
  readonly auths: Readonly<Record<string, unknown>>
  readonly credHelpers: Readonly<Record<string, unknown>>
  readonly credsStore: unknown
}

/** The key of Docker Hub in Docker's configuration, a relic of its first API. */
const hubKey = 'https://index.docker.io/v1/'

/**
 * The credentials that `docker login REGISTRY` stored, in the order in which Docker looks: a helper of this registry's
 * own (credHelpers), the store for all (credsStore), then the configuration file itself (auths).
 * @returns undefined where nobody logged in
 * @throws {Failure} registry, when the file cannot be read or a helper is missing, hangs or answers junk. No text of
 * such a failure holds what the file or the helper said.
 */
export async function findCredentials(
  registry: string,
  options: CredentialOptions = {},
): Promise<Credentials | undefined> {
  const config = await readConfig(options.env ?? process.env)
  if (!config) return undefined
  const keys = registry === 'docker.io' ? [hubKey, 'index.docker.io', 'docker.io'] : [registry]
  const helper = keys.map(key => config.credHelpers[key]).find(isText) ?? config.credsStore
  const stored = isText(helper)
    ? await askHelper(helper, keys[0] ?? registry, config.path, options)
    : undefined
  return stored ?? fromAuths(config, keys)
}

async function readConfig(
  env: Readonly<Record<string, string | undefined>>,
): Promise<DockerConfig | undefined> {
  const home = homeFolder(env)
  const folder = env.DOCKER_CONFIG || (home && join(home, '.docker'))
  if (!folder) return undefined
  const path = join(folder, 'config.json')
  try {
    const parsed: unknown = JSON.parse(await readFile(path, 'utf8'))
    const config = isRecord(parsed) ? parsed : {}
    return {
      path,
      auths: isRecord(config.auths) ? config.auths : {},
      credHelpers: isRecord(config.credHelpers) ? config.credHelpers : {},
      credsStore: config.credsStore,
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new Failure({
      kind: 'registry',
      what: "Docker's configuration cannot be read",
      where: path,
      why: code ?? 'it is not valid JSON',
      fix: 'fix the file, or point DOCKER_CONFIG to a folder with another',
    })
  }
}

/** The entry of one registry; keys may be written as URLs (docker/cli, config.ConvertToHostname). */
function fromAuths(config: DockerConfig, keys: readonly string[]): Credentials | undefined {
  const host = (key: string) => key.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
  const entry =
    keys.map(key => config.auths[key]).find(isRecord) ??
    Object.entries(config.auths).find(([key, value]) => isRecord(value) && keys.includes(host(key)))?.[1]
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
    throw new Failure({
      kind: 'registry',
      what: `The credentials of ${host(keys[0] ?? '')} are damaged`,
      where: config.path,
      why: 'their "auth" is not the base64 of USER:PASSWORD',
      fix: `docker login ${loginHost(keys)}`,
    })
  }
  // docker login of old ended the password with NUL bytes
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1).replace(/\0+$/, '') }
}

/**
 * Asks a credential helper (docker/docker-credential-helpers): the registry on stdin, JSON on stdout. Exit 1 with
 * "credentials not found" is an answer, not a fault.
 */
async function askHelper(
  name: string,
  serverUrl: string,
  configPath: string,
  options: CredentialOptions,
): Promise<Credentials | undefined> {
  const tool = `docker-credential-${name}`
  const fault = (why: string) =>
    new Failure({
      kind: 'registry',
      what: `The credential helper ${JSON.stringify(tool)} gave no credentials for ${serverUrl}`,
      where: configPath,
      why,
      fix: `try it by hand: echo ${serverUrl} | ${tool} get; or take it out of ${configPath} and log in again`,
    })
  if (!/^[\w.-]+$/.test(name)) throw fault('its name is not one')
  const path = options.env?.PATH
  const timeout = options.helperTimeout ?? 30
  const result = await run(
    { tool, args: ['get'], cwd: process.cwd(), ...(path !== undefined && { env: { PATH: path } }) },
    { input: `${serverUrl}\n`, timeout, signal: options.signal, keep: 1024 * 1024 },
  ).catch(error => {
    throw isFailure(error, 'tool') ? fault('it is not on PATH') : error
  })
  if (result.timedOut) throw fault(`it did not answer within ${timeout} s`)
  if (/credentials not found/i.test(result.stdout + result.stderr) && !result.ok) return undefined
  if (!result.ok) throw fault(`it ended with ${result.signal ?? `exit code ${result.exitCode}`}`)
  const answer = parseOrUndefined(result.stdout)
  if (!isRecord(answer) || typeof answer.Username !== 'string' || typeof answer.Secret !== 'string') {
    throw fault('its answer is not {"Username": …, "Secret": …}')
  }
  if (answer.Secret === '') return undefined
  return answer.Username === '<token>'
    ? { identityToken: answer.Secret }
    : { username: answer.Username, password: answer.Secret }
}

function loginHost(keys: readonly string[]): string {
  return keys[0] === hubKey ? '' : (keys[0] ?? '')
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
