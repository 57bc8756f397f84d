import { Failure } from '../../errors.ts'
import type { Platform } from '../../platforms.ts'
import { mapLimit } from '../../util/map-limit.ts'
import { makeTemporaryFolder } from '../../util/temporary-folder.ts'
import { createBudget } from '../read/bounds.ts'
import type { ImageSource } from '../read/image-source.ts'
import { type ImageStructure, inspectImage } from './inspect.ts'
import type { Expectation, VerifyReport } from './report.ts'
import { createScanner } from './scanner.ts'
import { verifyPlatform, wantedFiles } from './verify-platform.ts'

/** Platforms that are checked at once. */
const parallel = 4

/**
 * Checks an image from its index down to the program that it runs: every entry is there, digests and sizes are right,
 * layers are those of the config, and platform, config and program agree.
 * @throws {Failure} registry, when the registry fails; verification, when the index itself cannot be read; what is
 * wrong with the image otherwise is in the report.
 */
export async function verifyImage(source: ImageSource, expected: Expectation = {}): Promise<VerifyReport> {
  const budget = createBudget()
  const structure = await inspectImage(source, budget)
  const folder = await makeTemporaryFolder('xbuild-verify-')
  try {
    const wanted = wantedFiles(structure, expected)
    const { layers: known, readBefore, onRead } = expected
    const options = { wanted, folder: folder.path, known, readBefore, onRead, budget }
    const scanner = createScanner(source, options)
    const platforms = await mapLimit(structure.platforms, parallel, image =>
      verifyPlatform(image, {
        scanner,
        annotations: structure.annotations,
        files: expected.files && (expected.files[image.platform] ?? {}),
      }),
    )
    const problems = [...structure.problems, ...comparePlatforms(structure, expected.platforms)]
    return {
      reference: source.name,
      indexDigest: structure.digest,
      ok: problems.length === 0 && platforms.every(({ ok }) => ok),
      platforms,
      attestations: structure.attestations,
      problems,
      remarks: structure.remarks,
    }
  } finally {
    await folder.remove()
  }
}

/** The failure that a report with problems stands for. */
export function verificationFailure(report: VerifyReport): Failure {
  const { reference, problems, platforms } = report
  const lines = [
    ...problems,
    ...platforms.flatMap(({ platform, problems }) => problems.map(problem => `${platform}: ${problem}`)),
  ]
  return new Failure({
    kind: 'verification',
    what: `The image has ${lines.length === 1 ? 'a problem' : `${lines.length} problems`}`,
    where: reference,
    why: lines.join('\n'),
    report,
  })
}

function comparePlatforms(
  { platforms }: ImageStructure,
  expected: readonly Platform[] | undefined,
): string[] {
  const held = platforms.map(({ platform }) => platform)
  if (!expected) {
    // Windows has one entry per build of the system.
    const twice = held.filter((id, at) => held.indexOf(id) !== at && id.startsWith('linux/'))
    const none = held.length === 0 ? ['it has no platform that could run'] : []
    return [...none, ...new Set(twice.map(id => `${id} is there more than once`))]
  }
  const wanted = expected.map(({ id }) => id)
  return [
    ...wanted.filter(id => !held.includes(id)).map(id => `${id} is missing`),
    ...new Set(held.filter(id => !wanted.includes(id)).map(id => `${id} was not asked for`)),
    ...new Set(held.filter((id, at) => held.indexOf(id) !== at).map(id => `${id} is there more than once`)),
  ]
}
