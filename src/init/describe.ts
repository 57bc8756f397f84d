import type { Entry, Outcome } from './adopt/ledger.ts'
import type { InitPlan } from './plan-init.ts'
import { unifiedDiff } from './write/diff.ts'
import { schemaFile, tomlValue } from './write/toml.ts'

const titles: Readonly<Record<Outcome, string>> = {
  moved: 'Taken over',
  covered: 'Not needed: xbuild does it by itself',
  left: 'Left for you to decide',
}

/** What became of each line that was read, a line each; what is left comes last, where it is read. */
export function describeEntries(entries: readonly Entry[]): string {
  return (['moved', 'covered', 'left'] as const)
    .flatMap(outcome => {
      const own = entries.filter(entry => entry.outcome === outcome)
      if (own.length === 0) return []
      const place = ({ file, line }: Entry) => `${file}:${line}`
      const width = Math.max(...own.map(entry => place(entry).length))
      const text = Math.min(44, Math.max(...own.map(entry => entry.text.length)))
      return [
        `${titles[outcome]}:`,
        ...own.map(entry => {
          const shown = entry.text.length > text ? `${entry.text.slice(0, text - 1)}…` : entry.text
          return `  ${place(entry).padEnd(width)}  ${shown.padEnd(text)}  ${outcome === 'moved' ? '→ ' : ''}${entry.says}`
        }),
        '',
      ]
    })
    .join('\n')
}

/** What the xbuild.toml that is there lacks, each as it would be written there. */
export function describeMissing({ missing }: Pick<InitPlan, 'missing'>): string {
  if (missing.length === 0) return ''
  const width = Math.max(...missing.map(({ from }) => from.length))
  const lines = missing.map(setting => {
    const table = setting.table === '' ? '' : `[${setting.table}] `
    return `  ${setting.from.padEnd(width)}  ${table}${setting.key} = ${tomlValue(setting.value)}`
  })
  return ['Not in xbuild.toml, which init leaves as it is:', ...lines, '', ''].join('\n')
}

/** The changes as a patch that `git apply` takes. The schema is named, not shown: it is one long line of JSON. */
export function describeChanges({ changes }: Pick<InitPlan, 'changes'>): string {
  return changes
    .filter(({ path }) => !path.endsWith(schemaFile))
    .map(unifiedDiff)
    .join('')
}

/** The files that stay as they are. */
export function describeKept({ kept }: Pick<InitPlan, 'kept'>): string {
  return kept.map(({ path, why }) => `  ${path} stays: ${why}\n`).join('')
}
