import { statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { exitCodes } from './errors.ts'
import { loadMain } from './start/load-main.ts'
import { about, version } from './version.ts'

const args = process.argv.slice(2)

// Without anybody who reads what is said, the work goes on; its exit code says how it ended.
process.stderr.on('error', () => {})

/** Prints what was asked for and ends, with success only if it could be written. */
function answer(text: string): void {
  const end = (error?: NodeJS.ErrnoException | null) => {
    if (error && error.code !== 'EPIPE') {
      const fix = 'redirect stdout to a file with enough space'
      process.stderr.write(
        `xbuild: The result cannot be written\n  where  stdout\n  why    ${error.message}\n  fix    ${fix}\n`,
      )
    }
    process.exit(error ? exitCodes.usage : exitCodes.ok)
  }
  process.stdout.on('error', end)
  process.stdout.write(text, end)
}

/** What the program cannot start without, before a part of it trips over it. */
function startFault(): readonly [what: string, fix: string] | undefined {
  try {
    process.cwd()
  } catch {
    return ['The working directory does not exist any more', 'cd to a folder that is there']
  }
  const folder = tmpdir()
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return undefined
  return [`The folder for temporary files, ${folder}, does not exist`, 'set TMPDIR to a folder, or unset it']
}

const isOutOfFiles = (error: NodeJS.ErrnoException | undefined) =>
  error?.code === 'EMFILE' || error?.code === 'ENFILE'

/** Ends where the program's file is gone, cut off or cannot be read: its installation is being replaced, or damaged. */
function endDamaged(error: Error): never {
  const [why] = error.message.split('\n')
  process.stderr.write(
    `xbuild: xbuild itself cannot be loaded: its installation is damaged, or being replaced\n  why    ${error.name}: ${why}\n  fix    run it again, or install xbuild again\n`,
  )
  process.exit(exitCodes.tool)
}

/** Runs the program. No await: the single executable is a CommonJS file. */
function start(): void {
  const fault = startFault()
  if (fault) {
    process.stderr.write(`xbuild: ${fault[0]}\n  fix    ${fault[1]}\n`)
    process.exit(exitCodes.usage)
  }
  // Node.js itself would print the whole minified line.
  loadMain()
    .catch(error => (isOutOfFiles(error) ? Promise.reject(error) : endDamaged(error)))
    .then(({ main, keepsCode }) => main(args, { keepsCode }))
    .then(
      code => {
        process.exitCode = code
      },
      error => {
        if (isOutOfFiles(error)) {
          process.stderr.write(
            'xbuild: This process may open too few files to start\n  fix    ulimit -n 4096\n',
          )
          process.exit(exitCodes.usage)
        }
        process.stderr.write(`xbuild: a bug in xbuild, not in your project\n${error?.stack ?? error}\n`)
        process.exit(exitCodes.bug)
      },
    )
}

// Scripts ask for the version most often, so it is answered before anything else is loaded.
const isVersion = args.includes('--version') || args.includes('-v')
if (isVersion && args.length === 1) answer(`${version}\n`)
else if (isVersion && args.length === 2 && args.includes('--json')) {
  answer(`${JSON.stringify(about(), undefined, 2)}\n`)
} else start()
