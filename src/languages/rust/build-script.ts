/** The first line of a diagnostic of gcc and clang: `src/two.c:1:10: fatal error: …`. */
const diagnostic = /^\S.*?:\d+(?::\d+)?: (?:fatal )?(error|warning|note|remark): /

/** What a linker, make, cmake or a compiler without a place in a file says. */
const otherError =
  /^(\S*(clang|gcc|g\+\+|cc|c\+\+|ld|lld|make(\[\d+\])?|cmake|configure|CMake Error.*)\S*: (fatal )?error\b|configure: error:|CMake Error\b|error: (unknown|unsupported|unrecognized|invalid|unable)\b|.*undefined (reference|symbol))/

/** How many lines of a compiler's errors are shown. */
const shownLines = 20

/**
 * The errors of the C compiler that a build script ran, with file and line. The cc crate hands them to cargo, which
 * prints them as `warning: CRATE@VERSION: …` before the error; cargo before 1.77 left them in the script's output, as
 * `cargo:warning=…`. make and cmake print them there, too.
 */
export function compilerErrors(block: string, output: string): string[] {
  const [, name, version] =
    /^error: failed to run custom build command for `(\S+) v([^\s`]+)/.exec(block) ?? []
  if (name === undefined || version === undefined) return []
  const lines = block.split('\n').map(line => line.trim())
  const handed = lines.flatMap(line => /^cargo::?warning=(.*)$/.exec(line)?.[1] ?? [])
  const printed = handed.length > 0 ? handed : printedWarnings(output, `warning: ${name}@${version}: `)
  const found = [printed, lines].map(selectErrors).find(errors => errors.length > 0)
  return [...new Set(found ?? printed)].slice(0, shownLines)
}

function printedWarnings(output: string, start: string): string[] {
  return output.split(/\r?\n|\r/).flatMap(line => {
    // cargo may print it behind its progress bar.
    const at = line.indexOf(start)
    return at < 0 ? [] : [line.slice(at + start.length)]
  })
}

/** The errors among a compiler's diagnostics, each with the source lines that follow it. */
function selectErrors(lines: readonly string[]): string[] {
  let inside = false
  return lines.filter(line => {
    const kind = diagnostic.exec(line)?.[1]
    const other = kind === undefined && otherError.test(line)
    inside = kind === 'error' || other || (inside && kind === undefined && /^\s*(\d+ )?\|/.test(line))
    return inside
  })
}
