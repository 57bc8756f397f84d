// The rows of a project in the table of docs/overhead.md.
import { describeSamples, median } from '../copies.mjs'

/**
 * @typedef {Record<'hand' | 'xbuild', number[]>} Sides seconds
 * @param {string} project as the table names it
 * @param {Record<'cold' | 'warm', Sides>} results
 * @param {string} date of the measurement
 */
export function rowsOf(project, results, date) {
  return Object.entries(results).map(([caches, { hand, xbuild }]) => {
    const [byHand, whole] = [median(hand), median(xbuild)]
    const ratio = (whole / byHand).toFixed(2)
    const more = (whole - byHand).toFixed(2).replace('-', '−')
    const cells = [
      project,
      caches,
      xbuild.length,
      describeSamples(hand),
      describeSamples(xbuild),
      ratio,
      `${more} s`,
    ]
    return `| ${[...cells, date].join(' | ')} |`
  })
}

/** A page with the rows of a project in place of those that it has. @param {string} page @param {readonly string[]} rows */
export function replaceRows(page, rows) {
  return rows.reduce((text, row) => {
    const start = row.split('|').slice(0, 3).join('|')
    const lines = text.split('\n')
    const index = lines.findIndex(line => line.startsWith(`${start}|`))
    if (index < 0) throw new Error(`there is no row that starts with ${start}|`)
    lines[index] = row
    return lines.join('\n')
  }, page)
}
