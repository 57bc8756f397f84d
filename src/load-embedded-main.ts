import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Script } from 'node:vm'
import { cacheFolder } from './util/cache-folder.ts'

/** Replaced by scripts/package: the sha256 in hex of the embedded program. */
declare const XBUILD_MAIN_DIGEST: string

type Main = typeof import('./main.ts')

/**
 * Loads the program that a single executable holds as its asset main.cjs. Node.js keeps no compiled code of an executable,
 * so this does, as Node.js does for files: in the cache folder, with a checksum, and silently not at all where that cannot
 * be written.
 */
export async function loadMain(): Promise<Main> {
  const require = createRequire(process.execPath)
  const { getAsset } = require('node:sea') as { getAsset(name: string, encoding: string): string }
  const source = `(function (exports, require, module) {${getAsset('main.cjs', 'utf8')}\n})`
  const path = compiledPath()
  const cachedData = path && readChecked(path)
  const script = new Script(source, { filename: 'xbuild', ...(cachedData && { cachedData }) })
  if (path && (!cachedData || script.cachedDataRejected)) {
    // At the end it holds every function that this run needed.
    process.once('exit', () => writeChecked(path, script.createCachedData()))
  }
  const loaded = { exports: {} }
  script.runInThisContext()(loaded.exports, require, loaded)
  return loaded.exports as Main
}

function compiledPath(): string | undefined {
  try {
    return join(cacheFolder(), 'compiled', `${XBUILD_MAIN_DIGEST}-${process.version}-${process.arch}`)
  } catch {
    return undefined // no home folder, and no user with this uid
  }
}

const checksum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()
const checksumSize = 32

/** V8 itself does not notice that a byte of it changed. */
function readChecked(path: string): Buffer | undefined {
  try {
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
  } catch {
    // the next run compiles it again
  }
}
