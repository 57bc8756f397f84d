import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join, relative, sep } from 'node:path'
import type { Options } from '../config/options.ts'
import { isFailure } from '../errors.ts'
import { detectLanguage } from '../languages/index.ts'
import type { Project } from '../languages/language.ts'
import { mainExecutable } from '../languages/main-executable.ts'
import { repositoryRoot } from '../lint/find-files.ts'
import { run } from '../process.ts'
import { hardenedGit } from '../util/git-settings.ts'
import type { ProjectFacts } from './adopt/project.ts'

/** A project as init finds it. */
export interface FoundProject {
  /** Absolute. */
  readonly dir: string
  /** The top of the repository, or the project's folder where it is in none. */
  readonly root: string
  /** `dir` as seen from `root`, with slashes; `.` where they are the same. */
  readonly folder: string
  readonly facts: ProjectFacts
  /** Why the toolchain could not list the programs. */
  readonly problem: string | undefined
  /** The repository of the image that the remote suggests: ghcr.io/owner/name. */
  readonly image: string
  /** Where the repository lives, by its remote. */
  readonly host: 'github' | 'gitlab' | undefined
  readonly branch: string
}

/**
 * Looks at a project: its language, its programs where the toolchain is there, its repository.
 * @throws {Failure} project, when there is none, or two.
 */
export async function readProject(options: Options, signal: AbortSignal): Promise<FoundProject> {
  const { dir, lang } = options
  const language = await detectLanguage(dir, lang)
  const [root, remote, branch] = await Promise.all([
    repositoryRoot(dir, signal),
    git(dir, ['remote', 'get-url', 'origin'], signal),
    defaultBranch(dir, signal),
  ])
  let project: Project | undefined
  let problem: string | undefined
  try {
    project = await language.inspect(dir, { options: options.language, platforms: options.platforms, signal })
  } catch (error) {
    // Without the toolchain, or without network, there is still a Dockerfile to read.
    if (!isFailure(error) || error.kind === 'interrupted') throw error
    problem = error.what
  }
  const main = project && mainExecutable(project)
  const name = main?.name ?? basename(dir)
  return {
    dir,
    root: root ?? dir,
    folder: (root === undefined ? '' : relative(root, dir).split(sep).join('/')) || '.',
    problem,
    branch,
    ...readRemote(remote, name),
    facts: {
      language: language.name,
      executables: project?.executables ?? [],
      main,
      compilesC: (project?.cCode.length ?? 0) > 0,
      kindOf: path => kindOf(join(dir, path)),
      list: path => listFolder(join(dir, path)),
      read: path => readFileIfThere(join(dir, path)),
    },
  }
}

function kindOf(path: string): 'file' | 'folder' | undefined {
  const found = statIfThere(path)
  return found?.isDirectory() ? 'folder' : found?.isFile() ? 'file' : undefined
}

/** Nothing for a path below a file, too, or one that nobody may look at. */
function statIfThere(path: string) {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

function listFolder(path: string): string[] {
  try {
    return readdirSync(path).sort()
  } catch {
    return []
  }
}

const largest = 4 * 1024 * 1024

/** The text of a file of ordinary size; undefined where there is none. */
function readFileIfThere(path: string): string | undefined {
  const found = statIfThere(path)
  if (!found?.isFile() || found.size > largest) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

async function git(dir: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  try {
    const { ok, stdout } = await run({ tool: 'git', args: [...hardenedGit, ...args], cwd: dir }, { signal })
    return ok ? stdout.trim() : ''
  } catch (error) {
    if (isFailure(error, 'tool')) return ''
    throw error
  }
}

async function defaultBranch(dir: string, signal: AbortSignal): Promise<string> {
  const remote = await git(dir, ['symbolic-ref', '--short', 'refs/remotes/origin/HEAD'], signal)
  const name =
    remote.replace(/^origin\//, '') || (await git(dir, ['symbolic-ref', '--short', 'HEAD'], signal))
  return /^[\w./-]+$/.test(name) ? name : 'main'
}

/** `git@github.com:Owner/app.git` → ghcr.io/owner/app. */
export function readRemote(remote: string, name: string): Pick<FoundProject, 'image' | 'host'> {
  const [, host = '', path = ''] =
    /^(?:\w+:\/\/)?(?:[^@/]*@)?([\w.-]+)(?::\d+)?[:/]+([\w./~-]+?)(?:\.git)?\/*$/.exec(remote) ?? []
  const repository = path.toLowerCase()
  const isPath = /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)+$/.test(repository)
  if (host === 'github.com' && isPath) return { host: 'github', image: `ghcr.io/${repository}` }
  if (host === 'gitlab.com' && isPath) return { host: 'gitlab', image: `registry.gitlab.com/${repository}` }
  const word =
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '') || 'app'
  return { host: host.includes('gitlab') ? 'gitlab' : undefined, image: `registry.example.com/${word}` }
}
