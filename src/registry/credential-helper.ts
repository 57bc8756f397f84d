import { Failure, isFailure } from '../errors.ts'
import { run } from '../process.ts'
import { isRecord } from './auth-files.ts'

/** What a login left behind: a password, or a token that is exchanged for another, or one that is sent as it is. */
export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly identityToken: string }
  | { readonly registryToken: string }

export interface CredentialOptions {
  /** Where DOCKER_CONFIG, REGISTRY_AUTH_FILE and PATH are read from. Default: the process's own. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Seconds that a credential helper may take. Default 30: some ask a person. */
  readonly helperTimeout?: number
  /** What helpers answered before: some ask a person, or the network. */
  readonly answers?: Map<string, Promise<Credentials | undefined>>
  readonly signal?: AbortSignal | undefined
}

/**
 * Asks a credential helper (docker/docker-credential-helpers): the registry on stdin, JSON on stdout. Exit 1 with
 * "credentials not found" is an answer, not a fault.
 * @param where the file that names the helper
 * @throws {Failure} registry, when it is missing, hangs or answers junk; nothing that it said is quoted.
 */
export async function askHelper(
  name: string,
  serverUrl: string,
  where: string,
  options: CredentialOptions,
): Promise<Credentials | undefined> {
  const tool = `docker-credential-${name}`
  const fault = (why: string) =>
    new Failure({
      kind: 'registry',
      what: `The credential helper ${JSON.stringify(tool)} gave no credentials for ${serverUrl}`,
      where,
      why,
      fix: `try it by hand: echo ${serverUrl} | ${tool} get; or take it out of ${where} and log in again`,
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

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
