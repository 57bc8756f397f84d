import { Failure } from '../../errors.ts'
import type { Platform } from '../../platforms.ts'

/** The first Go release with an architecture or a variable of the platform table (Go release notes). */
const minimumVersions: readonly [applies: (platform: Platform) => boolean, minor: number][] = [
  [platform => platform.arch === 'loong64', 19],
  [platform => platform.id === 'linux/arm64/v9', 23],
]

/** The 26 of go1.26.8; a development version counts as newer than all. */
export function minorOf(version: string): number {
  return Number(/^go1\.(\d+)/.exec(version)?.[1] ?? Number.POSITIVE_INFINITY)
}

/** @throws {Failure} usage, when this Go is older than the support of a platform. */
export function checkVersion(version: string, wanted: readonly Platform[]): void {
  const minor = minorOf(version)
  for (const [applies, minimum] of minimumVersions) {
    const platform = wanted.find(applies)
    if (!platform || minor >= minimum) continue
    throw new Failure({
      kind: 'usage',
      what: `Go ${version.slice(2)} cannot build for ${platform.id}`,
      why: `Go has had it since 1.${minimum}`,
      fix: `install a newer Go, or leave ${platform.id} out of --platform`,
    })
  }
}
