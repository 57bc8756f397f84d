import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { about } from '../version.ts'

/** The list of the guides that an npm package or a checkout has next to the program; the other channels have none. */
export function installedGuides(program = process.argv[1]): string | undefined {
  if (program === undefined || about().executable) return undefined
  try {
    const guides = join(realpathSync(program), '../../docs/README.md')
    return existsSync(join(guides, '../quick-start.md')) ? guides : undefined
  } catch {
    return undefined
  }
}
