import { createRequire } from 'node:module'
import { loadCompiled } from './load-compiled.ts'
import type { Loaded } from './load-main.ts'

/** Loads the program that a single executable holds as its asset main.cjs; Node.js keeps no compiled code of an executable. */
export async function loadMain(): Promise<Loaded> {
  const require = createRequire(process.execPath)
  const { getAsset } = require('node:sea') as { getAsset(name: string, encoding: string): string }
  return loadCompiled(getAsset('main.cjs', 'utf8'), { filename: 'xbuild', require })
}
