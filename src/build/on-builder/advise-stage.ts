import { existsSync, realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Step } from '../../types.ts'
import { isWithin } from './reads/read-path.ts'

const missing = /no such file|not found|cannot find|could ?n[o']t (?:be )?read|failed to read|FileNotFound/i

/**
 * What to do where a compile on the builder lacks a file that this machine has: none of the project's own files names what
 * sources include, links lead to and build scripts read, so that only the compiler tells.
 * @param output what it said
 */
export function adviseStage(
  output: string,
  { command, stage }: Pick<Step, 'command' | 'stage'>,
): string | undefined {
  const root = stage?.command.args.at(-1)
  if (root === undefined) return undefined
  const isHereAlone = (path: string) =>
    existsSync(path) && !(isWithin(root, path) && isWithin(realpathSync(root), realpathSync(path)))
  const named = output
    .split('\n')
    .filter(line => missing.test(line))
    .flatMap(line => [...line.matchAll(/[^\s"'`():,]*\/[^\s"'`():,]+/g)])
    .map(([word]) => resolve(command.cwd, word))
  const path = named.find(isHereAlone)
  return path && `--compile-on host: ${path} is on this machine, and only ${root} is sent to the builder`
}
