import type { Step } from '../../types.ts'
import type { GoProject } from './project.ts'

/** A line that `go build -v` prints for a package: an import path and nothing else. */
export const packageLine = /^[\w.~/-]+$/

/** The folders of the standard library's packages, in Go 1.21 to 1.26. */
const standard = new Set(
  (
    'archive bufio bytes cmp compress container context crypto database debug embed encoding errors expvar flag fmt go hash ' +
    'html image index internal io iter log maps math mime net os path plugin reflect regexp runtime slices sort strconv ' +
    'strings structs sync syscall testing text time unicode unique unsafe vendor weak'
  ).split(' '),
)

/**
 * A reader of what `go build -v` prints: how many packages it has begun of those that a cold build has, and what kind the
 * last one is, where that tells why it takes long.
 */
export function countPackages(
  { command: { env = {} } }: Pick<Step, 'command'>,
  { packages, cCode }: Pick<GoProject, 'packages' | 'cCode'>,
): (line: string) => string | undefined {
  const withC = new Set(['runtime/cgo', ...cCode.map(({ dependency }) => dependency)])
  const cNote = /\bzig\b/.test(env['CC'] ?? '') ? 'C code; zig compiles a libc first' : 'C code'
  let compiled = 0
  return line => {
    if (line.startsWith('go: downloading ')) return line.slice('go: '.length)
    if (!packageLine.test(line)) return undefined
    compiled += 1
    const count = compiled <= packages ? `${compiled} of up to ${packages} packages` : `${compiled} packages`
    const [folder = ''] = line.split('/')
    const kind = withC.has(line) ? ` (${cNote})` : standard.has(folder) ? ' (standard library)' : ''
    return `${count}, ${line}${kind}`
  }
}
