import { Failure } from '../errors.ts'
import { quoteWord } from '../util/quote-word.ts'
import { readText } from '../util/read-file.ts'
import type { WrittenReport } from './summary.ts'

/**
 * What `xbuild build --report` wrote.
 * @throws {Failure} usage, when it is not there or is something else.
 */
export async function readReportFile(path: string): Promise<WrittenReport> {
  let why = 'it is no report of xbuild build'
  try {
    const value: unknown = JSON.parse(await readText(path))
    if (typeof value === 'object' && value !== null && 'schemaVersion' in value && 'xbuild' in value) {
      return value as WrittenReport
    }
  } catch (error) {
    why = (error as Error).message
  }
  throw new Failure({
    kind: 'usage',
    what: 'The report cannot be read',
    where: path,
    why,
    fix: `xbuild build --report ${quoteWord(path)}`,
  })
}
