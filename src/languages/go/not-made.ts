import { join } from 'node:path'
import { readTextIfThere } from '../../util/read-file.ts'
import { findFrontEnd } from '../front-end.ts'
import type { Executable } from '../language.ts'

/** What a program lacks that something has to make first. */
type NotMade = { readonly file: string } | { readonly package: string }

/**
 * A program with the way to make what it lacks, in the words of xbuild.toml: a target of the Makefile, the front end, or
 * `go generate`.
 * @param modulePath of its module
 */
export async function withStepsFirst(
  program: Executable,
  modulePath: string,
  root: string,
): Promise<Executable> {
  const missing = program.problem === undefined ? undefined : notMade(program.problem, modulePath)
  if (!missing) return program
  const steps = 'file' in missing ? await stepsFor(missing.file, root) : undefined
  const problemFix = [
    'run what makes it first, or let xbuild do that. In xbuild.toml:',
    '[build]',
    steps ?? 'before = [["go", "generate", "./..."]]   # or [["npm", "ci"], ["npm", "run", "build"]]',
  ].join('\n')
  return { ...program, problemFix }
}

/** Whether Go misses a file to embed, or a package of the module itself. */
function notMade(problem: string, modulePath: string): NotMade | undefined {
  const [, pattern] = /: pattern (\S+): (?:no matching files found|cannot embed)/.exec(problem) ?? []
  if (pattern !== undefined) return { file: pattern.replace(/^all:/, '') }
  const [, missing = ''] = /no required module provides package (\S+?);/.exec(problem) ?? []
  return modulePath !== '' && missing.startsWith(`${modulePath}/`) ? { package: missing } : undefined
}

/** What makes a file or folder to embed. A Makefile's target for a folder often counts on what was installed before. */
async function stepsFor(file: string, root: string): Promise<string | undefined> {
  const makefile = (await readTextIfThere(join(root, 'Makefile')).catch(() => undefined)) ?? ''
  const targets = makefile.split('\n').map(line => /^([\w./-]+)\s*:(?!=)/.exec(line)?.[1])
  const isFile = /\.\w+$/.test(file)
  if (isFile && targets.includes(file)) return `before = [["make", ${JSON.stringify(file)}]]`
  return (await findFrontEnd(root))?.steps
}
