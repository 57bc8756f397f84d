import type { Platform } from '../../platforms.ts'
import { compilerErrors } from './build-script.ts'

/** Status lines of cargo, and what build scripts print for cargo. */
const noise =
  /^\s*(Compiling|Checking|Fresh|Dirty|Finished|Downloading|Downloaded|Updating|Locking|Adding|Blocking|Building|Running|warning: build failed)\b|^\s*cargo:|^\s*[A-Z0-9_a-z-]+ = (None|Some\()|^\s*(Fresh|OUT_DIR) |^note: To improve backtraces|^\s*--- std(out|err)$|^\s*$/

/** How many lines of an error a person is shown; the log has all. */
const shownLines = 40

/** How many of them a build script's output may take, after its compiler's errors: its end, where it says why it failed. */
const buildScriptLines = 15

/**
 * What went wrong on one platform, without cargo's status lines and build scripts' chatter. cargo does not say which
 * target an error is of, so one that names the triple of another platform alone is left out, and one that names none
 * is shown for each.
 */
export function explainRust(output: string, platform?: Platform): string {
  const lines = [...new Set(fittingErrors(output, platform))].flatMap(block => block.split('\n')).map(shorten)
  const shown = lines.slice(0, shownLines)
  const more = lines.length - shown.length
  return [...shown, ...(more > 0 ? [`… ${more} more lines`] : [])].join('\n')
}

/** The errors that may be of a platform, each without noise and with the C compiler's own message on top. */
export function fittingErrors(output: string, platform?: Platform): string[] {
  const blocks = errorBlocks(output)
  const own = platform ? triplesOf(platform) : []
  return blocks
    .filter(block => {
      const named = namedTriples(block)
      return named.length === 0 || own.length === 0 || named.some(triple => own.includes(triple))
    })
    .map(block => readable(block, output))
    .filter(block => !/^error: (could not compile|aborting due to)/.test(block) || blocks.length === 1)
}

/** The triples that a platform has with either libc. */
export const triplesOf = ({ rust }: Platform) => [rust.gnu, ...(rust.musl ? [rust.musl] : [])]

/** Triples in an error's text, such as those in the names of variables that the cc crate looks for: CC_TRIPLE. */
function namedTriples(block: string): string[] {
  const text = block.replace(/^\s*HOST = .*$/gm, '')
  return [...text.matchAll(/(?:\b|[A-Z]_)([a-z0-9_]+-unknown-linux-[a-z0-9]+)\b/g)].map(
    ([, triple]) => triple as string,
  )
}

function readable(block: string, output: string): string {
  const [first = '', ...rest] = block.split('\n').filter(line => !noise.test(line))
  const errors = compilerErrors(block, output)
  const others = rest.filter(line => !errors.includes(line.trim()))
  const kept = errors.length > 0 ? others.slice(-buildScriptLines) : others
  return [first, ...errors, ...kept].join('\n')
}

/**
 * The blocks of a compiler's output that begin with an error, each until the next error, warning, or list of rustup's own
 * functions (RUST_BACKTRACE).
 */
function errorBlocks(output: string): string[] {
  const blocks: string[][] = []
  let current: string[] | undefined
  for (const line of output.split(/\r?\n|\r/)) {
    if (/^error(\[E\d+\])?[: ]/.test(line)) {
      current = []
      blocks.push(current)
    } else if (/^(warning|\{"reason"|\s*Stack backtrace:)/.test(line)) current = undefined
    current?.push(line)
  }
  return blocks.map(block => block.join('\n'))
}

/** The command line of a failed link is one line of thousands of characters. */
function shorten(line: string): string {
  return line.length > 300 ? `${line.slice(0, 200)} … ${line.slice(-80)}` : line
}
