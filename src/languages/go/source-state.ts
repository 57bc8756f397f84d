import { createHash } from 'node:crypto'
import {
  type BigIntStats,
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { headerOf } from './go-header.ts'

/** A file that `go list` reads, as it was at one moment. */
export interface FileState {
  readonly path: string
  /** What changes with its content: size, times, inode. */
  readonly stamp: string
}

/** Every file below the project's folder that decides what `go list` and `go env` say, and those above it. */
export interface SourceState {
  /** Milliseconds since 1970. */
  readonly takenAt: number
  readonly files: readonly FileState[]
  readonly folders: ReadonlySet<string>
}

/** With more files than these, looking at each takes as long as asking Go. */
const mostFiles = 3000

/** Folders that `./...` leaves out, or that hold no Go in practice. */
const leftOut = /^[._]|^(testdata|node_modules)$/

/** Files that Go reads whole. */
const settings = /^(go\.mod|go\.sum|go\.work|go\.work\.sum|modules\.txt)$/

/** Files whose being there is an error in a package without cgo (go/build, Package.CFiles and its like). */
const ofOtherLanguages = /\.(c|cc|cpp|cxx|m|[fF]|for|f90|swig|swigcxx)$/

const isRead = (name: string) => name.endsWith('.go') || settings.test(name) || ofOtherLanguages.test(name)

/**
 * The state of a project's sources; undefined where there are too many of them. Only names and times are read. Synchronous:
 * nothing else can be done before it is known, and single calls are quicker than promises.
 */
export function readSourceState(dir: string): SourceState | undefined {
  const takenAt = Date.now()
  const files: FileState[] = []
  const folders = new Set<string>()
  for (let folder = dirname(dir); ; folder = dirname(folder)) {
    for (const name of ['go.mod', 'go.work', 'go.work.sum']) addFile(files, join(folder, name))
    if (folder === dirname(folder)) break
  }
  const pending = [dir]
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    folders.add(folder)
    const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
    for (const entry of entries) {
      if (entry.isDirectory()) {
        if (!leftOut.test(entry.name)) pending.push(join(folder, entry.name))
      } else if (isRead(entry.name)) {
        addFile(files, join(folder, entry.name))
      }
    }
    if (files.length + folders.size + pending.length > mostFiles) return undefined
  }
  return { takenAt, files, folders }
}

function addFile(files: FileState[], path: string): void {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false })
  if (found) files.push({ path, stamp: stampOf(found) })
}

/** With the time of the inode, which nobody can set: a file may be replaced by one of the same size and time. */
const stampOf = ({ size, mtimeNs, ctimeNs, ino, mode }: BigIntStats) =>
  `${size} ${mtimeNs} ${ctimeNs} ${ino} ${mode}`

/** A digest of what Go reads of a file before it compiles. @throws {Error} of the file system */
export function contentOf(path: string): string {
  if (ofOtherLanguages.test(path)) return ''
  const text = readFileSync(path, 'utf8')
  return createHash('sha256')
    .update(path.endsWith('.go') ? headerOf(text) : text)
    .digest('base64')
}

/**
 * What tells one Go from another: the file that PATH finds, and the release that it belongs to. Undefined for what is no
 * program of a Go tree, such as the script of a version manager, which may start another one each time.
 */
export function identityOfGo(path = process.env['PATH'] ?? ''): string | undefined {
  for (const folder of path.split(':')) {
    const found = statSync(join(folder, 'go'), { throwIfNoEntry: false })
    if (!isAbsolute(folder)) return undefined
    if (!found?.isFile() || (found.mode & 0o111) === 0) continue
    try {
      const program = realpathSync(join(folder, 'go'))
      const root = dirname(dirname(program))
      if (isScript(program)) return undefined
      const files = [program, join(root, 'VERSION'), join(root, 'go.env'), join(root, 'pkg/tool')]
      const stamps = files.map(file => {
        const stat = statSync(file, { bigint: true, throwIfNoEntry: file === join(root, 'VERSION') })
        return stat ? stampOf(stat) : 'none'
      })
      return [program, ...stamps].join('\n')
    } catch {
      return undefined
    }
  }
  return undefined
}

function isScript(path: string): boolean {
  const file = openSync(path, 'r')
  try {
    const start = Buffer.alloc(2)
    readSync(file, start, 0, 2, 0)
    return start.toString('latin1') === '#!'
  } finally {
    closeSync(file)
  }
}
