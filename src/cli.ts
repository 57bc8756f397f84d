import * as module from 'node:module'
import { join } from 'node:path'
import { exitCodes } from './errors.ts'
import { cacheFolder } from './util/cache-folder.ts'
import { about, version } from './version.ts'

const args = process.argv.slice(2)

// Scripts ask this most often, so it is answered before anything else is loaded.
if (args.length === 1 && (args[0] === '--version' || args[0] === '-v')) {
  process.stdout.write(`${version}\n`)
  process.exit(exitCodes.ok)
}
if (args.length === 2 && args.includes('--json') && (args.includes('--version') || args.includes('-v'))) {
  process.stdout.write(`${JSON.stringify(about(), undefined, 2)}\n`)
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

// No await here: the single executable is a CommonJS file. A part that cannot be loaded is a bug, or an installation
// that is being replaced; Node.js itself would print the whole minified line.
import('./main.ts')
  .then(({ main }) => main(args))
  .then(
    code => {
      process.exitCode = code
    },
    error => {
      process.stderr.write(`xbuild: a bug in xbuild, not in your project\n${error?.stack ?? error}\n`)
      process.exit(exitCodes.bug)
    },
  )
