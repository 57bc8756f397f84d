import { Failure } from '../../errors.ts'
import { compareVersions } from '../../util/versions.ts'

/** The first zig that has --release. */
const oldestZig = '0.12.0'

/** What a project says of the zig that it is written for, and where. */
export interface AskedZig {
  readonly minimum?: string | undefined
  readonly file: string
}

/**
 * Makes sure that zig is new enough, for xbuild and for the project: zig itself does not compare minimum_zig_version.
 * @throws {Failure} tool, with the version that fits.
 */
export function checkZigVersion(version: string, { minimum, file }: AskedZig): void {
  if (compareVersions(numbers(version), oldestZig) < 0) {
    throw new Failure({
      kind: 'tool',
      what: `zig ${version} is too old`,
      why: `xbuild needs ${oldestZig} or later`,
      fix: installZig(minimum),
    })
  }
  if (minimum === undefined || !isOlder(version, minimum)) return
  throw new Failure({
    kind: 'tool',
    what: `zig ${version} is too old for this project`,
    where: file,
    why: `minimum_zig_version is ${minimum}`,
    fix: installZig(minimum),
  })
}

/** Every 0.x of Zig breaks what the one before took, so a project needs its own. */
export function versionRemarks(version: string, { minimum }: AskedZig): string[] {
  if (minimum === undefined || minor(minimum) === minor(version)) return []
  return [
    `build.zig.zon asks for zig ${minimum}, and this is ${version}; if that does not compile: ${installZig(minimum)}`,
  ]
}

/**
 * The command that installs the zig that fits. PyPI has wheels of releases only: for a development version, the releases
 * that came of it.
 */
export function installZig(version: string | undefined): string {
  const [, release, development] = /^(\d+\.\d+\.\d+)(-.*)?$/.exec(version ?? '') ?? []
  if (release === undefined) return 'pip install ziglang'
  return development === undefined
    ? `pip install ziglang==${release}`
    : `pip install 'ziglang~=${minor(release)}.0'`
}

/** A release comes after its development versions, which have numbers: 0.15.0-dev.208+abc. */
function isOlder(version: string, minimum: string): boolean {
  const difference = compareVersions(numbers(version), numbers(minimum))
  return difference < 0 || (difference === 0 && development(version) < development(minimum))
}

const development = (version: string) => Number(/-dev\.(\d+)/.exec(version)?.[1] ?? Number.POSITIVE_INFINITY)

const numbers = (version: string) => /^[\d.]+/.exec(version)?.[0] ?? '0'

const minor = (version: string) => version.split('.').slice(0, 2).join('.')
