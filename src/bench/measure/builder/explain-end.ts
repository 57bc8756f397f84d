import type { Failure } from '../../../errors.ts'
import type { Outcome, StrategyName } from '../measurement.ts'

/** A run that ended without a binary. */
export type Ended = Extract<Outcome, { detail: string }>

/**
 * The signs of an emulator that gave up rather than the compiler: QEMU's own message for a signal that its program did
 * not expect (linux-user/signal.c), or a toolchain that reports such a signal of one of its children.
 */
const crashSigns: readonly RegExp[] = [
  /qemu: uncaught target signal \d+ \([^)]*\)/,
  /qemu(?:-\w+)?: (?:fatal|unhandled|Unsupported|qemu_\w+)[^\n]*/,
  /(?:exit code:|exit status) ?(?:13[2-6]|139)\b/,
  /signal: (?:segmentation fault|illegal instruction|bus error|aborted|floating point exception|trace\/breakpoint trap)[^\n]*/,
  /signal: \d+, SIG(?:SEGV|ILL|BUS|ABRT|FPE|TRAP)[^\n]*/,
]

const outOfMemory = /(?:exit code:|exit status) ?137\b|signal: killed|signal: 9, SIGKILL/
const noEmulator = /exec format error|\.buildkit_qemu_emulator: no such file/

/**
 * What a Dockerfile strategy's failure was, by what the build said. Only the emulated strategy can crash for the emulator's
 * sake; elsewhere the same signs are a compiler's own fault.
 */
export function explainEnd(strategy: StrategyName, output: string, message: string): Ended {
  const crash =
    strategy === 'emulated' ? crashSigns.map(sign => sign.exec(output)?.[0]).find(Boolean) : undefined
  if (crash !== undefined) return { kind: 'crashed', detail: crash.trim() }
  if (outOfMemory.test(output)) {
    return { kind: 'failed', detail: 'the compiler was killed, most likely for lack of memory' }
  }
  if (strategy === 'emulated' && noEmulator.test(output)) {
    return {
      kind: 'failed',
      detail:
        'the builder has no emulator: docker run --privileged --rm tonistiigi/binfmt --install all registers them',
    }
  }
  return { kind: 'failed', detail: message }
}

/** A failure as the detail of an outcome. */
export function describeFailure({ what, why, fix }: Failure): string {
  return [what, why, fix].filter(Boolean).join('\n')
}
