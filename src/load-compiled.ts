import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
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
  if (path && (!cachedData || script.cachedDataRejected)) {
    // At the end it holds every function that this run needed.
    process.once('exit', () => writeChecked(path, script.createCachedData()))
  }
  const loaded = { exports: {} }
  script.runInThisContext()(loaded.exports, require, loaded, filename)
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

/** V8 itself does not notice that a byte of it changed. What another user wrote would run as this one. */
function readChecked(path: string): Buffer | undefined {
  try {
    if (statSync(path).uid !== process.getuid?.()) return undefined
    const bytes = readFileSync(path)
    const data = bytes.subarray(checksumSize)
    return checksum(data).equals(bytes.subarray(0, checksumSize)) ? data : undefined
  } catch {
    return undefined
  }
}

function writeChecked(path: string, data: Buffer): void {
  try {
    mkdirSync(dirname(path), { recursive: true })
    const temporary = `${path}.${process.pid}.tmp`
    writeFileSync(temporary, Buffer.concat([checksum(data), data]))
    renameSync(temporary, path)
    removeOld(dirname(path))
  } catch {
    // the next run compiles it again
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
