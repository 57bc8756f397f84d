import { exitCodes } from './errors.ts'
import { loadMain } from './load-main.ts'
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

// No await here: the single executable is a CommonJS file. A part that cannot be loaded is a bug, or an installation
// that is being replaced; Node.js itself would print the whole minified line.
loadMain()
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
