import * as module from 'node:module'
import { join } from 'node:path'
import { cacheFolder } from './util/cache-folder.ts'

/** Loads the program behind the entry file. The single executable has load-embedded-main.ts in place of this. */
export function loadMain(): Promise<typeof import('./main.ts')> {
  // Node.js 22.8 and later keep what they compile of this program, which saves 20 ms at the next start. They skip it
  // silently if the folder is not writable.
  const { enableCompileCache } = module as { enableCompileCache?: (folder: string) => unknown }
  try {
    enableCompileCache?.(join(cacheFolder(), 'compiled'))
  } catch {
    // no home folder, and no user with this uid
  }
  return import('./main.ts')
}
