import { createHash, randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

const checksum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()
const checksumSize = 32

/** Whether only this user could have written it: what is in such a file is run, and would run as this one. */
const isOwn = ({ uid, mode }: Stats) => uid === process.getuid?.() && (mode & 0o022) === 0

/**
 * Reads a file that `writeChecked` wrote; undefined for one that is damaged, or that somebody else may have written. One
 * open file is looked at and read: a name may change between.
 */
export function readChecked(path: string): Buffer | undefined {
  let file: number | undefined
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const found = fstatSync(file)
    if (!found.isFile() || !isOwn(found)) return undefined
    const bytes = readFileSync(file)
    const data = bytes.subarray(checksumSize)
    return checksum(data).equals(bytes.subarray(0, checksumSize)) ? data : undefined
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/**
 * Writes a file of xbuild's cache with a checksum, or nothing where that cannot be. Nothing goes into a folder of another user,
 * who could have the name lead elsewhere, and no link is followed.
 */
export function writeChecked(path: string, content: () => Buffer): void {
  const folder = dirname(path)
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (statSync(folder).uid !== process.getuid?.()) return
    const data = content()
    writeFileSync(temporary, Buffer.concat([checksum(data), data]), { flag: 'wx', mode: 0o600 })
    renameSync(temporary, path)
    removeOld(dirname(path))
  } catch {
    removeQuietly(temporary) // the next run makes it again
  }
}

function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // a part of the path is a file, say
  }
}

const thirtyDays = 30 * 24 * 60 * 60 * 1000

/** What other versions left, and runs that were killed. */
function removeOld(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    if (statSync(path).mtimeMs < Date.now() - thirtyDays) rmSync(path, { force: true })
  }
}
