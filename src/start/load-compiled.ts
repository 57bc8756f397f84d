import { join } from 'node:path'
import { Script } from 'node:vm'
import { cacheFolder } from '../util/cache-folder.ts'
import { readChecked, writeChecked } from '../util/checked-file.ts'
import type { Loaded } from './load-main.ts'

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
): Loaded {
  const source = `(function (exports, require, module, __filename) {${program}\n})`
  const path = compiledPath()
  const cachedData = path && readChecked(path)
  const script = new Script(source, { filename, ...(cachedData && { cachedData }) })
  // `xbuild cache --prune` leaves an empty folder.
  const keepsCode = process.argv[2] !== 'cache' && (!cachedData || script.cachedDataRejected === true)
  if (path && keepsCode) {
    // At the end it holds every function that this run needed.
    process.once('exit', () => writeChecked(path, () => script.createCachedData()))
  }
  const loaded = { exports: {} }
  script.runInThisContext()(loaded.exports, require, loaded, filename)
  if (!('main' in loaded.exports)) throw new Error(`${filename} is not whole`)
  return { ...(loaded.exports as typeof import('./main.ts')), keepsCode }
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
