import type { RunResult } from '../../process.ts'
import type { CompiledBinary, Step } from '../../types.ts'
import { triplesOf } from './explain.ts'

/** A `compiler-artifact` message of cargo (Cargo book, "External tools"). */
interface ArtifactMessage {
  readonly reason: string
  readonly target?: { readonly name: string; readonly kind: readonly string[] }
  readonly executable?: string | null
  readonly fresh?: boolean
}

/**
 * The programs that cargo says it made, in the order of the plan. A message has no target triple: that is the folder
 * below the target directory in which the program lies.
 */
export function readArtifacts(
  stdout: string,
  step: Step,
  result: Pick<RunResult, 'seconds'>,
): CompiledBinary[] {
  const made = stdout
    .split('\n')
    .filter(line => line.includes('"compiler-artifact"'))
    .map(parse)
    .filter(message => message.executable && message.target?.kind.includes('bin'))
  return step.produces.flatMap(expected => {
    const message = made.find(
      ({ target, executable }) =>
        target?.name === expected.name &&
        triplesOf(expected.platform).some(triple => executable?.split('/').includes(triple)),
    )
    if (!message?.executable) return []
    const { executable: path, fresh } = message
    return [{ ...expected, path, seconds: result.seconds, cached: fresh === true }]
  })
}

function parse(line: string): Partial<ArtifactMessage> {
  try {
    return JSON.parse(line) as ArtifactMessage
  } catch {
    return {}
  }
}

/** cargo's progress bar, as CARGO_TERM_PROGRESS_WHEN=always prints it: `Building [==> ] 4/6: serde, libc`. */
export function readProgress(line: string): string | undefined {
  const bar = /\bBuilding \[[=> ]*\] (\d+)\/(\d+)(?:: (.+))?/.exec(line)
  if (bar) {
    const crate = bar[3]
      ?.split(', ')[0]
      ?.replace(/\(\w+\)/, '')
      .trim()
    return `${bar[1]} of ${bar[2]}${crate ? `: ${crate}` : ''}`
  }
  const download = /^\s*(Updating|Downloading|Downloaded) (.+)$/.exec(line)
  return download ? `${download[1]} ${download[2]}` : undefined
}
