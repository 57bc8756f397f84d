import * as v from 'valibot'
import { Failure } from '../errors.ts'
import { readText } from '../util/read-file.ts'

/** What is used of a report of `xbuild build --report`. */
const reportSchema = v.object({
  artifacts: v.array(
    v.object({
      name: v.string(),
      platform: v.string(),
      seconds: v.number(),
      cached: v.optional(v.boolean(), false),
    }),
  ),
})

/** The seconds of one program for one platform, as a step that made several shares them out. */
export type RecordedSeconds = (program: string, platform: string) => number | undefined

/**
 * Reads how long programs took to compile from reports of earlier builds. What the toolchain's cache gave says nothing of
 * that and does not count. A report that is not there is none: the first run of a pipeline has none yet.
 * @throws {Failure} usage, when a file is no report.
 */
export async function readRecordedSeconds(
  paths: readonly string[],
): Promise<{ readonly seconds: RecordedSeconds; readonly missing: readonly string[] }> {
  const found = new Map<string, number>()
  const missing: string[] = []
  for (const path of paths) {
    const artifacts = await readArtifacts(path)
    if (!artifacts) missing.push(path)
    for (const { name, platform, seconds, cached } of artifacts ?? []) {
      if (cached) continue
      // Artifacts of one step have its time, to the last digit.
      const together = artifacts?.filter(other => !other.cached && other.seconds === seconds).length ?? 1
      found.set(`${name} ${platform}`, seconds / together)
    }
  }
  return { seconds: (program, platform) => found.get(`${program} ${platform}`), missing }
}

async function readArtifacts(path: string) {
  try {
    const text = await readText(path)
    return v.parse(reportSchema, JSON.parse(text)).artifacts
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Failure({
      kind: 'usage',
      what: `${path} is no report of a build`,
      where: '--report',
      why: (error as Error).message,
      fix: 'name a file that xbuild build --report FILE has written',
      cause: error,
    })
  }
}
