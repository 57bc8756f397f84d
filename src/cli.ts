import { exitCodes } from './errors.ts'
import { version } from './version.ts'

// The commonest question of scripts is answered before anything else is loaded.
if (process.argv.length === 3 && (process.argv[2] === '--version' || process.argv[2] === '-v')) {
  process.stdout.write(`${version}\n`)
  process.exit(exitCodes.ok)
}

const { main } = await import('./main.ts')
process.exitCode = await main(process.argv.slice(2))
