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
import { Script } from 'node:vm'
import { cacheFolder } from './util/cache-folder.ts'

/** Replaced by the bundler: the sha256 in hex of main.cjs. */
declare const XBUILD_MAIN_DIGEST: string

/**
 * Runs the program, a CommonJS file, from what V8 compiled of it in an earlier run: reading and compiling it costs more than
 * all the rest before the first command. That is kept in the cache folder, with a checksum, and silently not at all where the
 * folder cannot be written or belongs to somebody else.
 */
export function loadCompiled(
  program: string,
  { filename, require }: { readonly filename: string; readonly require: NodeJS.Require },
): typeof import('./main.ts') {
  const source = `(function (exports, require, module, __filename) {${program}\n})`
  const path = compiledPath()
  const cachedData = path && readChecked(path)
  const script = new Script(source, { filename, ...(cachedData && { cachedData }) })
  // `xbuild cache --prune` leaves an empty folder.
  if (path && process.argv[2] !== 'cache' && (!cachedData || script.cachedDataRejected)) {
    // At the end it holds every function that this run needed.
    process.once('exit', () => writeChecked(path, () => script.createCachedData()))
  }
  const loaded = { exports: {} }
  script.runInThisContext()(loaded.exports, require, loaded, filename)
  if (!('main' in loaded.exports)) throw new Error(`${filename} is not whole`)
  return loaded.exports as typeof import('./main.ts')
}

function compiledPath(): string | undefined {
  try {
    const kind = isBuild(process.argv[2]) ? 'build' : 'other'
    const name = [XBUILD_MAIN_DIGEST.slice(0, 32), process.version, process.arch, kind].join('-')
    return join(cacheFolder(), 'compiled', name)
  } catch {
    return undefined // no home folder, and no user with this uid
  }
}

/** Whether the command line is most likely that of a build, which needs other functions than the other commands. */
const isBuild = (word = 'build') => word === 'build' || /^[-./]/.test(word)

const checksum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()
const checksumSize = 32

/** Whether only this user could have written it: what another one wrote would run as this one. */
const isOwn = ({ uid, mode }: Stats) => uid === process.getuid?.() && (mode & 0o022) === 0

/** V8 itself does not notice that a byte of it changed. One open file is looked at and read: a name may change between. */
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

/** Writes nothing into a folder of another user, who could have the name lead elsewhere, and never follows a link. */
export function writeChecked(path: string, compiled: () => Buffer): void {
  const folder = dirname(path)
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (statSync(folder).uid !== process.getuid?.()) return
    const data = compiled()
    writeFileSync(temporary, Buffer.concat([checksum(data), data]), { flag: 'wx', mode: 0o600 })
    renameSync(temporary, path)
    removeOld(dirname(path))
  } catch {
    removeQuietly(temporary) // the next run compiles it again
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
