import { count, describeBytes, describeSeconds, formatTable } from '../../util/format.ts'
import type { Proof } from './prove.ts'

const longest = 48
const shown = 12

/** Both images side by side, for a person. */
export function describeProof({ platform, dockerfile, images, seconds, comparison }: Proof): string {
  const { config, files, program, size } = comparison
  const cut = (text: string) => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text)
  const rows = [
    ['', dockerfile, 'xbuild', ''],
    ['base', images.dockerfile, images.xbuild, ''],
    ...config.map(field => [field.name, cut(field.dockerfile), cut(field.xbuild), field.same ? '' : '≠']),
    [
      'program',
      program.dockerfile?.path ?? 'none',
      program.xbuild?.path ?? 'none',
      program.dockerfile?.path === program.xbuild?.path ? '' : '≠',
    ],
    ['its size', bytes(program.dockerfile?.size), bytes(program.xbuild?.size), ''],
    [
      'its sha256',
      hash(program.dockerfile?.sha256),
      hash(program.xbuild?.sha256),
      program.same ? 'the same bytes' : '≠',
    ],
    ['image', describeBytes(size.dockerfile), describeBytes(size.xbuild), ''],
    ['seconds', describeSeconds(seconds.dockerfile), describeSeconds(seconds.xbuild), ''],
  ]
  return [
    `For ${platform}:`,
    formatTable(rows.map(row => row.map(cut))),
    '',
    program.same ? 'The program has the same bytes.' : 'The program has other bytes:',
    ...program.reasons.map(reason => `  ${reason}`),
    ...(program.same || program.reasons.length > 0
      ? []
      : ['  the compilers do not say why; versions and paths are the usual reasons']),
    '',
    `Files: ${count(files.same, 'path')} the same`,
    ...list('with other content', files.different),
    ...list('with other permissions', files.modes),
    ...list('only with the Dockerfile', files.onlyDockerfile),
    ...list('only with xbuild', files.onlyXbuild),
    '',
  ].join('\n')
}

function list(title: string, paths: readonly string[]): string[] {
  if (paths.length === 0) return []
  const rest = paths.length - shown
  return [
    `  ${paths.length} ${title}:`,
    ...paths.slice(0, shown).map(path => `    ${path}`),
    ...(rest > 0 ? [`    and ${rest} more`] : []),
  ]
}

const bytes = (size: number | undefined) => (size === undefined ? '' : describeBytes(size))
const hash = (sha256: string | undefined) => (sha256 === undefined ? '' : sha256.slice(0, 12))
