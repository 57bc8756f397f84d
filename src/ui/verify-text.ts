import type { EntrypointReport, PlatformReport, VerifyReport } from '../image/verify/report.ts'
import { describeBytes, formatTable } from '../util/format.ts'
import { printable } from '../util/printable.ts'

/**
 * What the check of an image found, for people: a row per platform, then remarks. The failure that the report becomes
 * says what is wrong.
 */
export function describeVerification(report: VerifyReport): string {
  const { reference, indexDigest, platforms, attestations, remarks } = report
  const rows = platforms.map(platform => [
    platform.ok ? 'ok' : 'WRONG',
    platform.platform,
    platform.digest.slice(0, 'sha256:'.length + 12),
    ...describeProgram(platform.entrypoint),
    printable(platform.base ?? '', 60),
  ])
  const lines = [
    reference,
    `${indexDigest}${attestations > 0 ? `, ${attestations} ${attestations === 1 ? 'attestation' : 'attestations'}` : ''}`,
    '',
    ...(rows.length > 0
      ? [formatTable([['', 'platform', 'manifest', 'program', 'binary', 'base'], ...rows]), '']
      : []),
    ...remarks.map(text => `note: ${printable(text, 1000)}`),
    ...sharedRemarks(platforms),
    report.ok ? `OK: ${describePlatforms(platforms.length)}.` : '',
  ]
  return lines.join('\n').trimEnd()
}

function describeProgram(entrypoint: EntrypointReport | undefined): [path: string, binary: string] {
  if (!entrypoint) return ['–', '–']
  const { path, size, elf } = entrypoint
  const kind = elf ? `${elf.linkage}${elf.go ? `, ${elf.go.version}` : ''}, ` : ''
  return [printable(path, 60), `${kind}${describeBytes(size)}`]
}

/** Prints a remark that several platforms share once. */
function sharedRemarks(platforms: readonly PlatformReport[]): string[] {
  const byText = new Map<string, string[]>()
  for (const { platform, remarks } of platforms) {
    for (const text of remarks) byText.set(text, [...(byText.get(text) ?? []), platform])
  }
  return [...byText].map(([text, ids]) => `note: ${ids.join(', ')}: ${text}`)
}

function describePlatforms(count: number): string {
  return count === 1
    ? '1 platform; index, config and binary match'
    : `${count} platforms; index, config and binary of each match`
}
