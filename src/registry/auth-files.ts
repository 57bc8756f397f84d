import { join } from 'node:path'
import { Failure, isFailure } from '../errors.ts'
import { homeFolder } from '../util/cache-folder.ts'
import { readText } from '../util/read-file.ts'

type Env = Readonly<Record<string, string | undefined>>

/** A place that a login was stored in, in Docker's format, which podman's files share. */
export interface AuthFile {
  /** The file, or the environment variable. */
  readonly where: string
  /** Whether keys may name a repository or a part of its path, as podman's do: `quay.io/team`. */
  readonly namespaced: boolean
  readonly auths: Readonly<Record<string, unknown>>
  readonly credHelpers: Readonly<Record<string, unknown>>
  readonly credsStore: unknown
}

/**
 * Every place that exists, in the order in which they are asked: DOCKER_AUTH_CONFIG (docker 28.3, GitLab), Docker's
 * configuration, then podman's, buildah's and skopeo's (containers-auth.json(5)).
 * @throws {Failure} registry, from the iteration, when a file cannot be read. Its text quotes nothing of the file.
 */
export async function* authFiles(env: Env): AsyncGenerator<AuthFile, void, undefined> {
  const variable = env.DOCKER_AUTH_CONFIG
  if (variable?.trim()) yield parse(variable, 'DOCKER_AUTH_CONFIG', false)
  const docker = dockerConfigFolder(env)
  if (docker) yield* readIfThere(join(docker, 'config.json'), false)
  for (const path of containersFiles(env)) yield* readIfThere(path, true)
}

/** REGISTRY_AUTH_FILE replaces the others; without XDG_RUNTIME_DIR, podman uses a folder of the user's in /run. */
function containersFiles(env: Env): string[] {
  if (env.REGISTRY_AUTH_FILE) return [env.REGISTRY_AUTH_FILE]
  const runtime = env.XDG_RUNTIME_DIR
    ? join(env.XDG_RUNTIME_DIR, 'containers')
    : `/run/containers/${process.getuid?.() ?? 0}`
  return [runtime, ...userContainersFolder(env)].map(folder => join(folder, 'auth.json'))
}

/** The folder of Docker's client; undefined where this user has no home. */
export function dockerConfigFolder(env: Env): string | undefined {
  const home = homeFolder(env)
  return env.DOCKER_CONFIG || (home && join(home, '.docker'))
}

/** The folder of the user's own settings of podman, buildah and skopeo. */
export function userContainersFolder(env: Env): string[] {
  const home = homeFolder(env)
  const config = env.XDG_CONFIG_HOME || (home && join(home, '.config'))
  return config ? [join(config, 'containers')] : []
}

async function* readIfThere(path: string, namespaced: boolean) {
  let text: string
  try {
    text = await readText(path)
  } catch (error) {
    if (isFailure(error)) throw unreadable(path, error.why ?? error.what)
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable'
    if (code === 'ENOENT' || code === 'ENOTDIR') return
    throw unreadable(path, code)
  }
  // podman writes an empty file at times
  if (text.trim() !== '') yield parse(text, path, namespaced)
}

function parse(text: string, where: string, namespaced: boolean): AuthFile {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw unreadable(where, 'it is not valid JSON')
  }
  const config = isRecord(value) ? value : {}
  return {
    where,
    namespaced,
    auths: isRecord(config.auths) ? config.auths : {},
    credHelpers: isRecord(config.credHelpers) ? config.credHelpers : {},
    credsStore: config.credsStore,
  }
}

function unreadable(where: string, why: string): Failure {
  const isVariable = where === 'DOCKER_AUTH_CONFIG'
  return new Failure({
    kind: 'registry',
    what: isVariable ? 'DOCKER_AUTH_CONFIG cannot be read' : 'The file of registry logins cannot be read',
    where,
    why,
    fix: isVariable
      ? 'set it to JSON such as {"auths": {"HOST": {"auth": "…"}}}, or unset it'
      : 'fix the file, or log in again: docker login HOST; DOCKER_CONFIG and REGISTRY_AUTH_FILE name others',
  })
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
