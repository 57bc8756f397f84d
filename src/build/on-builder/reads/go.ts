import { existsSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { GoProject } from '../../../languages/go/project.ts'
import { splitQuoted } from '../../../languages/go/quoted.ts'
import type { Project } from '../../../languages/language.ts'
import { readTextIfThere } from '../../../util/read-file.ts'
import type { ReadPath } from './read-path.ts'

/** The go.work that Go takes for a folder: what GOWORK says, else the nearest one; undefined for none. */
export function workFileOf(dir: string, project?: Project): string | undefined {
  const set = (project as GoProject | undefined)?.settings.get('GOWORK')?.value ?? process.env['GOWORK']
  if (set) return set === 'off' ? undefined : set
  return nearest(dir, 'go.work')
}

/** The folder of the module that a folder is in. */
export function moduleOf(dir: string): string {
  const file = nearest(dir, 'go.mod')
  return file === undefined ? dir : dirname(file)
}

function nearest(dir: string, name: string): string | undefined {
  for (let folder = dir; ; folder = dirname(folder)) {
    if (existsSync(join(folder, name))) return join(folder, name)
    if (folder === dirname(folder)) return undefined
  }
}

/** What a Go build reads besides its own module: modules of a workspace, replacements by path, and files of flags. */
export async function goReads(
  dir: string,
  toolchainArgs: readonly string[],
  project?: Project,
): Promise<ReadPath[]> {
  const words = flagWords(toolchainArgs, project)
  const flags = flagValues(dir, words)
  const work = workFileOf(dir, project)
  const module = moduleOf(dir)
  const modules = work === undefined ? { folders: [module], reads: [] } : await workReads(work)
  // Where everything is vendored, replacements are not looked at (Go Modules Reference, "Vendoring").
  const isVendored = existsSync(join(work === undefined ? module : dirname(work), 'vendor/modules.txt'))
  const vendored = isVendored && !words.some(word => /^--?mod=(?:mod|readonly)$/.test(word))
  const reads = (vendored ? [] : modules.folders).map(async folder => {
    const file = folder === module ? (flags.get('modfile') ?? join(folder, 'go.mod')) : join(folder, 'go.mod')
    return replacements(folder, file)
  })
  return [
    ...modules.reads,
    ...(await Promise.all(reads)).flat(),
    ...[...flags].map(([name, path]) => ({ path, by: `-${name}` })),
    ...(await overlaid(dir, flags.get('overlay'))),
  ]
}

async function workReads(work: string) {
  const directives = directivesOf((await readTextIfThere(work)) ?? '')
  const folders = directives.flatMap(([word, folder]) =>
    word === 'use' && folder !== undefined ? [resolve(dirname(work), folder)] : [],
  )
  return {
    folders,
    reads: [
      { path: work, by: process.env['GOWORK'] ? 'GOWORK' : 'go.work' },
      ...folders.map(path => ({ path, by: `use in ${work}` })),
      ...(await replacements(dirname(work), work)),
    ],
  }
}

/** Folders that replace modules: those begin with ./ or ../, or are absolute (Go Modules Reference, "replace directive"). */
async function replacements(folder: string, file: string): Promise<ReadPath[]> {
  return directivesOf((await readTextIfThere(file)) ?? '').flatMap(([word, ...words]) => {
    const path = words[words.indexOf('=>') + 1] ?? ''
    const isFolder = word === 'replace' && (/^\.\.?(\/|$)/.test(path) || isAbsolute(path))
    return isFolder ? [{ path: resolve(folder, path), by: `replace in ${file}` }] : []
  })
}

/** The directives of go.mod and go.work, word by word; each line of a block is one. */
export function directivesOf(text: string): string[][] {
  let block: string | undefined
  return text.split('\n').flatMap(line => {
    const words = [...line.matchAll(/\/\/.*|"(?:[^"\\]|\\.)*"|`[^`]*`|[()]|[^\s"`()]+/g)].map(
      ([word]) => word,
    )
    const [first, second] = words
    if (first === undefined || first.startsWith('//')) return []
    if (second === '(') {
      block = first
      return []
    }
    if (first === ')') {
      block = undefined
      return []
    }
    const plain = words.filter(word => !word.startsWith('//')).map(unquote)
    return [block === undefined ? plain : [block, ...plain]]
  })
}

function unquote(word: string): string {
  if (word.startsWith('`')) return word.slice(1, -1)
  return word.startsWith('"') ? word.slice(1, -1).replace(/\\(.)/g, '$1') : word
}

const fileFlags = ['modfile', 'overlay', 'pgo']

/** Those of GOFLAGS, and those after `--`. */
function flagWords(toolchainArgs: readonly string[], project?: Project): string[] {
  const set = (project as GoProject | undefined)?.settings.get('GOFLAGS')?.value ?? process.env['GOFLAGS']
  return [...splitQuoted(set ?? '', 'GOFLAGS'), ...toolchainArgs]
}

/** Flags that name files; the last one counts. */
function flagValues(dir: string, words: readonly string[]): Map<string, string> {
  const found = new Map<string, string>()
  for (const [at, word] of words.entries()) {
    const [, name = '', , given] = /^--?([a-z]+)(=([\s\S]*))?$/.exec(word) ?? []
    const value = given ?? words[at + 1]
    if (!fileFlags.includes(name) || !value) continue
    if (name === 'pgo' && ['auto', 'off'].includes(value)) found.delete(name)
    else found.set(name, resolve(dir, value))
  }
  return found
}

/** The files that `-overlay` puts in the place of others (`go help build`). */
async function overlaid(dir: string, file: string | undefined): Promise<ReadPath[]> {
  if (file === undefined) return []
  try {
    const { Replace } = JSON.parse((await readTextIfThere(file)) ?? '{}') as { Replace?: object }
    const paths = Object.values(Replace ?? {}).filter(path => typeof path === 'string' && path !== '')
    return paths.map(path => ({ path: resolve(dir, path as string), by: `-overlay ${file}` }))
  } catch {
    return [] // what is wrong with it, go says
  }
}
