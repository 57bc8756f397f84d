import { fileURLToPath } from 'node:url'

// The one file of the GitHub Action. The runner calls it without arguments; with some it is xbuild itself, which is how the
// Action runs a build, and what it puts on PATH.
if (process.argv.length > 2) await import('./cli.ts')
else await act()

async function act(): Promise<void> {
  const { runAction } = await import('./ci/action/run-action.ts')
  const { interruptSignal, listenForInterrupts } = await import('./interrupt.ts')
  listenForInterrupts()
  process.exitCode = await runAction({
    env: process.env,
    signal: interruptSignal,
    print: line => process.stdout.write(`${line}\n`),
    xbuild: [process.execPath, fileURLToPath(import.meta.url)],
  })
}
