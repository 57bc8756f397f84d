import { crossPackages } from '../../c-toolchains/gcc.ts'
import type { Platform } from '../../platforms.ts'
import type { RunResult } from '../../process.ts'
import type { CompiledBinary, Step } from '../../types.ts'

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
        triples(expected.platform).some(triple => executable?.split('/').includes(triple)),
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

const triples = ({ rust }: Platform) => [rust.gnu, ...(rust.musl ? [rust.musl] : [])]

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

/** Status lines of cargo, and what build scripts print for cargo. */
const noise =
  /^\s*(Compiling|Checking|Fresh|Dirty|Finished|Downloading|Downloaded|Updating|Locking|Adding|Blocking|Building|Running|warning: build failed)\b|^\s*cargo:|^\s*[A-Z0-9_a-z-]+ = (None|Some\()|^\s*(Fresh|OUT_DIR) |^\s*$/

/** How many lines of an error a person is shown; the log has all. */
const shownLines = 40

/**
 * What went wrong on one platform, without cargo's status lines and build scripts' chatter. cargo does not say which
 * target an error is of, so one that names the triple of another platform alone is left out, and one that names none
 * is shown for each.
 */
export function explainRust(output: string, platform?: Platform): string {
  const blocks = errorBlocks(output)
  const own = platform ? triples(platform) : []
  const fitting = blocks
    .filter(block => {
      const named = namedTriples(block)
      return named.length === 0 || own.length === 0 || named.some(triple => own.includes(triple))
    })
    .map(withoutNoise)
    .filter(block => !/^error: (could not compile|aborting due to)/.test(block) || blocks.length === 1)
  const lines = [...new Set(fitting)].flatMap(block => block.split('\n')).map(shorten)
  const shown = lines.slice(0, shownLines)
  const more = lines.length - shown.length
  return [
    ...shown,
    ...(more > 0 ? [`… ${more} more lines`] : []),
    ...advice(fitting.join('\n'), platform),
  ].join('\n')
}

/** Triples in an error's text, such as those in the names of variables that the cc crate looks for: CC_TRIPLE. */
function namedTriples(block: string): string[] {
  const text = block.replace(/^\s*HOST = .*$/gm, '')
  return [...text.matchAll(/(?:\b|[A-Z]_)([a-z0-9_]+-unknown-linux-[a-z0-9]+)\b/g)].map(
    ([, triple]) => triple as string,
  )
}

function withoutNoise(block: string): string {
  return block
    .split('\n')
    .filter(line => !noise.test(line))
    .join('\n')
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

const remedies: readonly [RegExp, (platform?: Platform) => string][] = [
  [
    /E0463[\s\S]*`(std|core)`/,
    () => 'the standard library of this target is missing: rustup target add TARGET',
  ],
  [
    /Could not find directory of OpenSSL/,
    () =>
      'OpenSSL is not cross-compiled with the program: use rustls, or the feature "vendored" of the crate openssl',
  ],
  [
    // By the cc crate, and by the script that stands for a compiler with arguments.
    /failed to find tool "\S*[gc]\+\+"|exec: (line \d+: )?\S*[gc]\+\+: not found/,
    platform => {
      const [gcc] = (platform && crossPackages(platform)) ?? []
      const gxx = gcc ? `, or apt-get install ${gcc.replace('gcc', 'g++')}` : ''
      return `a dependency holds C++ code and no C++ compiler was found: pip install ziglang${gxx}`
    },
  ],
  [
    /failed to find tool|is `?cc`? installed|No such file or directory.*-gcc/,
    platform => {
      const packages = platform && crossPackages(platform)
      const gcc = packages ? `, or apt-get install ${packages.join(' ')}` : ''
      return `a dependency holds C code and no C compiler was found: pip install ziglang${gcc}`
    },
  ],
  [
    /pkg-config has not been configured/,
    () => 'a dependency looks for a library of the system, which is there for the host only',
  ],
]

function advice(text: string, platform?: Platform): string[] {
  const found = remedies.find(([pattern]) => pattern.test(text))
  return found ? [`(${found[1](platform)})`] : []
}
