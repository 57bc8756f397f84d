import { exitCodes, Failure } from '../errors.ts'
import { cleanText } from '../util/printable.ts'
import { redact, redactAll } from '../util/redact.ts'
import { type Paint, plainPaint } from './color.ts'

const indent = (text: string) => text.trimEnd().split('\n').join('\n         ')

/** A failure for a person: what, where, why, and the command that fixes it; its head in colour where `paint` has one. */
export function describeFailure(failure: Failure, paint: Paint = plainPaint): string {
  if (failure.kind === 'interrupted') return 'xbuild: interrupted'
  const lines = [
    `xbuild: ${failure.what}`,
    failure.where && `  where  ${indent(failure.where)}`,
    failure.why && `  why    ${indent(failure.why)}`,
    failure.fix && `  fix    ${indent(failure.fix)}`,
  ]
  return paintHead(cleanText(redact(lines.filter(Boolean).join('\n'))), paint)
}

/** Colours are put on last: what they are put on was cleaned of others. */
function paintHead(text: string, paint: Paint): string {
  const [head = '', ...rest] = text.split('\n')
  return [paint('red', head), ...rest].join('\n')
}

/** A bug of ours: says so, with the stack, so that it can be reported. */
export function describeBug(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return `xbuild: this is a bug in xbuild, not in your project\n${cleanText(redact(stack))}`
}

/** The exit code that an error ends the program with. */
export function exitCodeOf(error: unknown): number {
  return error instanceof Failure ? error.exitCode : exitCodes.bug
}

/** A failure as the JSON that --json prints on stdout, next to what the command had found by then. */
export function failureJson(error: unknown): object {
  if (!(error instanceof Failure)) return { error: { kind: 'bug', what: redact(String(error)) } }
  const { kind, what, where, why, fix, report } = error
  return redactAll({ ...report, error: { kind, what, where, why, fix } })
}
