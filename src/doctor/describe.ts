import type { Platform } from '../platforms.ts'
import { count } from '../util/format.ts'
import { about } from '../version.ts'
import type { Status } from './outcome.ts'
import type { Checked } from './run-checks.ts'

const marks: Readonly<Record<Status, string>> = { problem: '✖', warning: '!', ok: '✔', 'not applicable': '-' }

/** The report of doctor for people: a line for each check, with what fixes it below. */
export function describeChecks(
  checked: readonly Checked[],
  { dir, platforms }: { readonly dir: string; readonly platforms: readonly Platform[] },
): string {
  const { version, node, platform } = about()
  const width = Math.max(...checked.map(({ title }) => title.length)) + 2
  const indent = ' '.repeat(width + 2)
  const lines = checked.flatMap(({ status, title, why, details = [], fix }) => [
    `${marks[status]} ${title.padEnd(width)}${why}`,
    ...details.map(line => `${indent}${line}`),
    ...(fix ? fix.split('\n').map((line, at) => `${indent}${at === 0 ? 'fix  ' : '     '}${line}`) : []),
  ])
  return [
    `xbuild ${version}, Node.js ${node}, ${platform}`,
    `${dir}, for ${platforms.map(({ id }) => id).join(', ')}`,
    '',
    ...lines,
    '',
    countStatuses(checked),
  ].join('\n')
}

/** "1 problem, 2 warnings, 12 ok, 4 not applicable". */
export function countStatuses(checked: readonly Checked[]): string {
  const number = (wanted: Status) => checked.filter(({ status }) => status === wanted).length
  return [
    ...(number('problem') > 0 ? [count(number('problem'), 'problem')] : []),
    ...(number('warning') > 0 ? [count(number('warning'), 'warning')] : []),
    `${number('ok')} ok`,
    `${number('not applicable')} not applicable`,
  ].join(', ')
}
