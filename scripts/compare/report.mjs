/**
 * @typedef {object} Row
 * @property {string} scenario
 * @property {Record<string, number[]>} samples seconds, by tool
 *
 * @typedef {object} Comparison
 * @property {string} project
 * @property {string} machine
 * @property {Record<string, string>} versions
 * @property {Row[]} rows
 * @property {Record<string, number>} lines of configuration
 * @property {Record<string, string>} checks
 */

/** @param {readonly number[]} samples */
export function median(samples) {
  const sorted = [...samples].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** A comparison as a table in Markdown. @param {Comparison} comparison */
export function table({ project, machine, versions, rows, lines, checks }) {
  const cells = (/** @type {string} */ tool) => rows.map(({ samples }) => cell(samples, tool))
  return [
    `${project}: median seconds (fastest–slowest), and how many times as long as xbuild it took`,
    '',
    `| | ${rows.map(({ scenario, samples }) => `${scenario} (${runsOf(samples)})`).join(' | ')} | lines of configuration | checks |`,
    `|---|${rows.map(() => '--:|').join('')}--:|---|`,
    ...Object.keys(lines).map(
      tool => `| ${tool} | ${cells(tool).join(' | ')} | ${lines[tool]} | ${checks[tool]} |`,
    ),
    '',
    `${machine}; ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join('; ')}`,
  ].join('\n')
}

/** @param {Record<string, number[]>} samples */
function runsOf(samples) {
  const count = Math.max(...Object.values(samples).map(all => all.length))
  return `${count} ${count === 1 ? 'run' : 'runs'}`
}

/** @param {Record<string, number[]>} samples @param {string} tool */
function cell(samples, tool) {
  const own = samples[tool]
  if (!own?.length) return '–'
  const times =
    tool === 'xbuild' || !samples['xbuild']?.length
      ? ''
      : `, **${(median(own) / median(samples['xbuild'])).toFixed(2)}×**`
  return `${median(own).toFixed(2)} (${Math.min(...own).toFixed(2)}–${Math.max(...own).toFixed(2)})${times}`
}
