import { resolve } from 'node:path'
import * as v from 'valibot'
import type { Command } from '../types.ts'
import { environment } from '../util/string-table.ts'

/** An argument vector: the tool and its arguments, for no shell reads it. */
const args = v.pipe(v.array(v.string()), v.minLength(1, 'a command, such as ["npm", "ci"]'))

/** `[build] before`: what is run, once, before the project is read. */
export const beforeSchema = v.array(
  v.union(
    [args, v.strictObject({ args, cwd: v.optional(v.string()), env: v.optional(environment) })],
    'a command as a list of words, ["npm", "ci"], or { args = ["npm", "ci"], cwd = "web", env = { CI = "1" } }',
  ),
)

/** The commands; `cwd` is relative to the project's folder. */
export function beforeCommands(before: v.InferOutput<typeof beforeSchema>, dir: string): Command[] {
  return before.map(given => {
    const { args: words, cwd = '.', env } = Array.isArray(given) ? { args: given } : given
    const [tool = '', ...rest] = words
    return { tool, args: rest, cwd: resolve(dir, cwd), ...(env && { env }) }
  })
}
