import { stat } from 'node:fs/promises'
import { basename, join, relative, resolve } from 'node:path'
import { Failure } from '../errors.ts'
import { run } from '../process.ts'
import { hardenedGit } from '../util/git-settings.ts'

/** What a file is looked at as. */
export type FileKind = 'dockerfile' | 'workflow' | 'bake'

/** What a file is by its name; undefined for one that is not looked at unless it is named. */
export function kindOf(path: string): FileKind | undefined {
  const name = basename(path)
  if (/ignore$|\.(?:md|txt|sh|j2|tmpl|tpl|go|py|ts|js|rs|html)$/i.test(name)) return undefined
  if (/^docker-bake(?:\.\w+)*\.(?:hcl|json)$/.test(name)) return 'bake'
  if (/^(?:docker|container)file(?:[._-].*)?$/i.test(name) || /\.(?:docker|container)file$/i.test(name))
    return 'dockerfile'
  if (/(?:^|\/)\.github\/workflows\/[^/]+\.ya?ml$/.test(path) || /^\.gitlab-ci\.ya?ml$/.test(name))
    return 'workflow'
  return undefined
}

/** What a file that was named is looked at as: YAML as a workflow, HCL and JSON as a bake file, the rest as a Dockerfile. */
export function kindOfNamed(path: string): FileKind {
  const byName = kindOf(path)
  if (byName) return byName
  if (/\.ya?ml$/.test(path)) return 'workflow'
  return /\.(?:hcl|json)$/.test(path) ? 'bake' : 'dockerfile'
}

/** The top folder of the repository that `dir` is in; undefined where it is in none. */
export async function repositoryRoot(dir: string, signal?: AbortSignal): Promise<string | undefined> {
  const lines = await git(dir, ['rev-parse', '--show-toplevel'], signal)
  return lines?.[0]
}

/**
 * The files to look at, relative to `cwd`: those that are named, those of named folders, or all that git tracks below `cwd`.
 * @throws {Failure} usage, for a file that is not there, and where git tracks none.
 */
export async function findFiles(
  cwd: string,
  named: readonly string[],
  signal?: AbortSignal,
): Promise<string[]> {
  if (named.length === 0) return trackedFiles(cwd, cwd, signal)
  const files: string[] = []
  for (const name of named) {
    const path = resolve(cwd, name)
    const found = await stat(path).catch(() => undefined)
    if (!found) {
      const why = 'there is no such file'
      throw new Failure({
        kind: 'usage',
        what: `${name} cannot be linted`,
        where: path,
        why,
        fix: 'xbuild lint [file…]',
      })
    }
    files.push(
      ...(found.isDirectory() ? await trackedFiles(cwd, path, signal) : [relative(cwd, path) || name]),
    )
  }
  return [...new Set(files)]
}

async function trackedFiles(cwd: string, dir: string, signal?: AbortSignal): Promise<string[]> {
  // Symbolic links (mode 120000) lead to a file that is listed itself.
  const lines = await git(dir, ['ls-files', '-s', '-z'], signal)
  if (!lines) {
    throw new Failure({
      kind: 'usage',
      what: 'There are no files to lint',
      where: dir,
      why: 'without file names, xbuild lint looks at what git tracks, and this folder is in no git repository',
      fix: 'xbuild lint Dockerfile',
    })
  }
  const paths = lines.filter(line => /^100/.test(line)).map(line => line.slice(line.indexOf('\t') + 1))
  const files = [...new Set(paths)].filter(path => kindOf(path) !== undefined)
  if (files.length > 0) return files.map(path => relative(cwd, join(dir, path)))
  throw new Failure({
    kind: 'usage',
    what: 'There are no files to lint',
    where: dir,
    why: 'git tracks no Dockerfile, Containerfile, workflow, .gitlab-ci.yml or docker-bake file here',
    fix: 'xbuild lint FILE, or git add FILE',
  })
}

async function git(
  dir: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<string[] | undefined> {
  try {
    const result = await run(
      { tool: 'git', args: [...hardenedGit, ...args], cwd: dir },
      { signal, keep: 64 * 1024 * 1024 },
    )
    return result.ok ? result.stdout.split(/[\0\n]/).filter(Boolean) : undefined
  } catch (error) {
    if (error instanceof Failure && error.kind === 'tool') return undefined
    throw error
  }
}
