import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadCompiled } from './load-compiled.ts'
import type { Loaded } from './load-main.ts'

/** Replaced by scripts/bundle.mjs: the name of the file with the program. */
declare const XBUILD_MAIN_FILE: string

/** Loads the program from the file next to the entry file: one loads quicker than the 70 that a build would need parts of. */
export async function loadMain(): Promise<Loaded> {
  const filename = join(__dirname, XBUILD_MAIN_FILE)
  // It is ASCII, which scripts/bundle.mjs makes sure of: so it is read quickest.
  return loadCompiled(readFileSync(filename, 'latin1'), { filename, require })
}
