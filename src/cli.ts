import * as module from 'node:module'
import { join } from 'node:path'
import { exitCodes } from './errors.ts'
import { cacheFolder } from './util/cache-folder.ts'
import { version } from './version.ts'

// Scripts ask this most often, so it is answered before anything else is loaded.
if (process.argv.length === 3 && (process.argv[2] === '--version' || process.argv[2] === '-v')) {
  process.stdout.write(`${version}\n`)
  process.exit(exitCodes.ok)
}

// Node.js 22.8 and later keep what they compile of this program, which saves 20 ms at the next start. They skip it
// silently if the folder is not writable.
const { enableCompileCache } = module as { enableCompileCache?: (folder: string) => unknown }
try {
  enableCompileCache?.(join(cacheFolder(), 'compiled'))
} catch {
  // no home folder, and no user with this uid
}

const { main } = await import('./main.ts')
process.exitCode = await main(process.argv.slice(2))
