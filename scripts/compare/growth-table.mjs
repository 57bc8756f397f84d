import { median } from './report.mjs'

/**
 * @typedef {{ wall: number, cpu: number, memory: number }} Sample seconds, seconds, MB
 * @typedef {{ scenario: string, programs: number, platforms: number, samples: Record<string, Sample[]> }} Size
 * @typedef {{ machine: string, go: string, sides: string[], rows: Size[] }} Growth
 */

const titles = {
  'by hand': '`go build` by hand, no images',
  oci: 'xbuild',
  buildx: 'xbuild, buildx',
  ko: 'ko',
}

/** What scripts/measure-growth.mjs found, as tables in Markdown. @param {Growth} growth */
export function growthTable({ machine, go, sides, rows }) {
  const scenarios = [...new Set(rows.map(({ scenario }) => scenario))]
  return [
    ...scenarios.map(scenario => oneTable(scenario, sides, rows)),
    `${machine}; ${go}. Medians; seconds of the wall clock, seconds of processors, peak memory of the process.`,
  ].join('\n\n')
}

/** @param {string} scenario @param {string[]} sides @param {Size[]} rows */
function oneTable(scenario, sides, rows) {
  const own = rows.filter(row => row.scenario === scenario)
  const cell = (/** @type {Sample[]} */ all = []) => {
    if (all.length === 0) return '–'
    const middle = (/** @type {keyof Sample} */ key) => median(all.map(sample => sample[key]))
    return `${middle('wall').toFixed(2)} s, ${middle('cpu').toFixed(2)} s, ${Math.round(middle('memory'))} MB`
  }
  return [
    `${scenario[0]?.toUpperCase()}${scenario.slice(1)}:`,
    '',
    `| programs × platforms | ${sides.map(side => titles[side] ?? side).join(' | ')} |`,
    `|---|${sides.map(() => '--:|').join('')}`,
    ...own.map(
      ({ programs, platforms, samples }) =>
        `| ${programs} × ${platforms} | ${sides.map(side => cell(samples[side])).join(' | ')} |`,
    ),
  ].join('\n')
}
