import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Builds dist/ once before the tests, so that they run the program that is shipped. */
export default function setup(): void {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  execFileSync(process.execPath, ['scripts/bundle.mjs', '--keep'], { cwd: root, stdio: 'inherit' })
}
