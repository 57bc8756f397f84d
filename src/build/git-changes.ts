import { join } from 'node:path'
import { git } from './run-git.ts'

/** Whether what is checked out is what was committed. */
export interface Changes {
  readonly changed: boolean
  readonly remarks: readonly string[]
}

/** Submodules that are looked into, those of submodules too: what names more names itself. */
const maximumSubmodules = 500

/**
 * Whether tracked files of the repository around `dir`, and of its submodules, differ from its commit.
 *
 * To compare them, git runs the filters that .gitattributes name and the configuration defines. Those of the user (Git LFS
 * in ~/.gitconfig) run; those that the repository itself defines do not, for it may come from anybody. Each submodule is
 * asked on its own, for git would run theirs.
 */
export async function readChanges(
  dir: string,
  signal?: AbortSignal,
  seen: Set<string> = new Set(),
): Promise<Changes> {
  const [filters, { up, top }] = await Promise.all([readFilters(dir, signal), readPlace(dir, signal)])
  seen.add(top)
  // What -c cannot name cannot be turned off.
  if (filters.own.some(name => name.includes('='))) return { changed: true, remarks: [notRun(filters.own)] }
  const status = [
    'status',
    '--porcelain',
    '--untracked-files=no',
    '--no-renames',
    '--ignore-submodules=dirty',
  ]
  const [own, submodules] = await Promise.all([
    git(dir, [...filters.off, ...status], signal),
    readSubmodules(dir, signal),
  ])
  if (!own.ok || own.text !== '') {
    return { changed: true, remarks: filters.own.length > 0 ? [notRun(filters.own)] : [] }
  }
  for (const path of submodules) {
    const folder = join(dir, up, path)
    const place = await readPlace(folder, signal)
    // One that is not checked out is an empty folder of the repository above.
    if (place.top === '' || place.up !== '' || seen.has(place.top)) continue
    if (seen.size > maximumSubmodules) return { changed: true, remarks: [] }
    const inside = await readChanges(folder, signal, seen)
    if (inside.changed) return inside
  }
  return { changed: false, remarks: [] }
}

/** The way up from a folder to the top of its repository, and that; both empty where there is none. */
async function readPlace(dir: string, signal?: AbortSignal): Promise<{ up: string; top: string }> {
  const { text } = await git(dir, ['rev-parse', '--show-cdup', '--show-toplevel'], signal)
  const [up = '', top = ''] = text.split('\n')
  return { up, top }
}

/** The folders of the submodules, from the top of the repository; of .gitmodules as it is committed, or about to be. */
async function readSubmodules(dir: string, signal?: AbortSignal): Promise<string[]> {
  const paths = ['--get-regexp', '^submodule\\..*\\.path$']
  const { text } = await git(dir, ['config', '-z', '--blob', ':.gitmodules', ...paths], signal)
  return text
    .split('\0')
    .map(entry => entry.slice(entry.indexOf('\n') + 1))
    .filter(path => path !== '' && !path.split('/').includes('..'))
}

interface Filters {
  /** Names that the repository's own configuration defines. */
  readonly own: readonly string[]
  /** Arguments of git that give them back what the user's configuration says of them, or nothing. */
  readonly off: readonly string[]
}

/** Scopes of settings that are not the repository's (git-config(1), --show-scope, git 2.26). */
const trusted: ReadonlySet<string> = new Set(['system', 'global', 'command'])

/** What names a program for the content of files; Git LFS has some in settings of its own. */
const programs = ['-z', '--get-regexp', '^(filter|lfs\\.extension)\\..*\\.(clean|smudge|process|required)$']

async function readFilters(dir: string, signal?: AbortSignal): Promise<Filters> {
  const scoped = await git(dir, ['config', '--show-scope', ...programs], signal)
  // Status 1 says that there are none, another one that this git knows no scopes: then nobody's filters run.
  const words =
    scoped.ok || scoped.exitCode === 1
      ? scoped.text.split('\0')
      : (await git(dir, ['config', ...programs], signal)).text
          .split('\0')
          .flatMap(entry => ['unknown', entry])
  const ofUser = new Map<string, string>()
  const own = new Set<string>()
  for (let at = 0; at + 1 < words.length; at += 2) {
    const [key = '', ...value] = (words[at + 1] as string).split('\n')
    if (key === '') continue
    // A key without a value is one that is true.
    const text = value.length === 0 ? 'true' : value.join('\n')
    if (trusted.has(words[at] as string)) ofUser.set(key, text)
    else own.add(key)
  }
  const names = new Set([...own].map(key => key.slice(0, key.lastIndexOf('.'))))
  const settings = [...names].flatMap(name => {
    const keys = ['clean', 'smudge', 'required'].map(part => `${name}.${part}`)
    // A process that is empty goes before a clean that is not.
    const process = `${name}.process`
    const all = own.has(process) || ofUser.has(process) ? [...keys, process] : keys
    return all.map(key => `${key}=${ofUser.get(key) ?? (key.endsWith('.required') ? 'false' : '')}`)
  })
  return {
    own: [...names].map(name => name.replace(/^filter\./, '')),
    off: settings.flatMap(setting => ['-c', setting]),
  }
}

function notRun(names: readonly string[]): string {
  const list = names.toSorted().join(', ')
  return `The version ends in -dirty, maybe because filters that .git/config defines are not run (${list}): if you trust them, define them in ~/.gitconfig`
}
