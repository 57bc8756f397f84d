import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * The text of a file of the package's templates folder, by its path below it. The folder lies beside dist/ in the
 * package, and beside src/ in a checkout.
 */
export function readTemplate(name: string): string {
  const candidates = ['../templates/', '../../templates/'].map(folder =>
    fileURLToPath(new URL(folder + name, import.meta.url)),
  )
  return readFileSync(candidates.find(existsSync) ?? (candidates[0] as string), 'utf8')
}
