import { existsSync } from 'node:fs'
import { dirname, isAbsolute, join, relative } from 'node:path'
import type { Failure } from '../errors.ts'
import { cleanText, printable } from '../util/printable.ts'
import { redact } from '../util/redact.ts'
import { workflowCommand } from '../util/workflow-command.ts'

/** A place in a source file that a compiler complains of. The file is as the compiler names it. */
export interface CompileError {
  readonly file: string
  readonly line: number
  readonly column?: number
  readonly message: string
}

/** GitHub shows no more errors of one step. */
const mostShown = 10

/** `main.go:3:8: text`, `src/main.zig:3:5: error: text`, `a.c:1: error: text`; not what only adds to another. */
const plainForm =
  /^(?:vet: )?([^\s:][^:\n]*\.\w+):(\d+):(?:(\d+):)? (?!note: |warning: )(?:fatal )?(?:error: )?(.+)$/
const rustHead = /^error(?:\[\w+\])?: (.+)$/
const rustPlace = /^\s*--> (.+):(\d+):(\d+)$/

/** The errors in what go, cargo or zig said, each once, in their order. */
export function compileErrors(output: string): CompileError[] {
  const found = new Map<string, CompileError>()
  let head: string | undefined
  for (const text of output.split('\n')) {
    head = rustHead.exec(text)?.[1] ?? head
    const placed = rustPlace.exec(text)
    const [, file, line, column, message = head] = placed ?? plainForm.exec(text) ?? []
    if (file === undefined || message === undefined) continue
    // A second place of the same error only explains it.
    if (placed) head = undefined
    const error = { file, line: Number(line), ...(column && { column: Number(column) }), message }
    found.set(JSON.stringify(error), error)
  }
  return [...found.values()]
}

/**
 * A failure as lines that GitHub Actions shows at the lines of source of a pull request; none elsewhere, and none for a
 * command's own "no", which has said in detail what it found.
 */
export function annotate(failure: Failure, env = process.env): string {
  if (env['GITHUB_ACTIONS'] !== 'true' || failure.kind === 'no' || failure.kind === 'interrupted') return ''
  const clean = (text: string) => printable(redact(text), 500)
  const errors = failure.kind === 'compile' ? compileErrors(cleanText(failure.why ?? '')) : []
  const root = env['GITHUB_WORKSPACE'] || process.cwd()
  const placed = errors.flatMap(({ file, line, column, message }) => {
    const path = pathInRepository(file, failure.where ?? root, root)
    return path === undefined
      ? []
      : [workflowCommand('error', { file: path, line, col: column }, clean(message))]
  })
  const whole = workflowCommand('error', { title: 'xbuild' }, clean(failure.what))
  return `${(placed.length > 0 ? placed : [whole]).slice(0, mostShown).join('\n')}\n`
}

/** The file relative to the repository; a compiler names it relative to the project's folder or one above. */
function pathInRepository(file: string, project: string, root: string): string | undefined {
  for (let folder = project; ; folder = dirname(folder)) {
    const path = isAbsolute(file) ? file : join(folder, file)
    const inside = relative(root, path)
    if (existsSync(path)) return inside.startsWith('..') || isAbsolute(inside) ? undefined : inside
    if (folder === dirname(folder) || relative(root, folder).startsWith('..')) return undefined
  }
}
