import { dir } from 'tmp-promise'
import type { ElfFacts } from '../../binary/elf.ts'
import { Failure } from '../../errors.ts'
import type { Platform } from '../../platforms.ts'
import { mapLimit } from '../../util/map-limit.ts'
import type { ImageSource } from '../read/source.ts'
import { type ImageStructure, inspectImage } from './inspect.ts'
import type { LayerScan } from './layer-scan.ts'
import { createScanner } from './scanner.ts'
import { verifyPlatform, wantedFiles } from './verify-platform.ts'

/** What an image is expected to be. */
export interface Expectation {
  /** Its platforms: these and no others. */
  readonly platforms?: readonly Platform[]
  /**
   * The sha256 in hex of files, by platform id and absolute path. With it, only the layers that hold these files are
   * read, from the last one down; without it, every layer of the image.
   */
  readonly files?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** What layers hold that were packed here, by digest: with the digest, their content is the one that was packed. */
  readonly layers?: ReadonlyMap<string, LayerScan>
}

/** What was found when an image was checked. Every problem is one line of text. */
export interface VerifyReport {
  /** The reference or path. */
  readonly reference: string
  /** Digest of the index; of the manifest where there is no index. */
  readonly indexDigest: string
  readonly ok: boolean
  readonly platforms: readonly PlatformReport[]
  /** Provenance and SBOM entries, which are no platforms. */
  readonly attestations: number
  /** What is wrong with the image as a whole. */
  readonly problems: readonly string[]
  /** What is worth knowing and not wrong. */
  readonly remarks: readonly string[]
}

/** What was found of one platform. */
export interface PlatformReport {
  readonly platform: string
  /** Of its manifest. */
  readonly digest: string
  readonly ok: boolean
  readonly problems: readonly string[]
  readonly remarks: readonly string[]
  readonly entrypoint?: EntrypointReport
  /** The base image: its name where the image says it, else the system that its files say they are. */
  readonly base?: string
}

/** The file that a container of the image runs. */
export interface EntrypointReport {
  /** Its place in the image, symbolic links followed. */
  readonly path: string
  /** In hex. */
  readonly sha256: string
  /** Bytes. */
  readonly size: number
  /** Absent for what is no ELF file, such as a script. */
  readonly elf?: ElfFacts
}

/** Platforms that are checked at once. */
const parallel = 4

/**
 * Checks an image from its index down to the program that it runs: every entry is there, digests and sizes are right,
 * layers are those of the config, and platform, config and program agree.
 * @throws {Failure} registry, when the registry fails; verification, when the index itself cannot be read; what is
 * wrong with the image otherwise is in the report.
 */
export async function verifyImage(source: ImageSource, expected: Expectation = {}): Promise<VerifyReport> {
  const structure = await inspectImage(source)
  const folder = await dir({ prefix: 'xbuild-verify-', unsafeCleanup: true })
  try {
    const wanted = wantedFiles(structure, expected)
    const scanner = createScanner(source, { wanted, folder: folder.path, known: expected.layers })
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
    await folder.cleanup()
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
