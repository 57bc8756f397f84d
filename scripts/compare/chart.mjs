import { median } from './report.mjs'

const bar = 16
const gap = 6
const left = 170
const wide = 420
const colours = { xbuild: '#2da44e', other: '#8c959f' }

/** A comparison as bars, a group for each scenario, each group on a scale of its own. @param {import('./report.mjs').Comparison} comparison */
export function drawChart({ project, rows }) {
  const parts = []
  let y = 34
  for (const { scenario, samples } of rows) {
    const medians = Object.entries(samples)
      .filter(([, all]) => all.length > 0)
      .map(([tool, all]) => ({ tool, seconds: median(all) }))
    const longest = Math.max(...medians.map(({ seconds }) => seconds))
    parts.push(`<text x="0" y="${y}" class="head">${scenario}</text>`)
    y += 10
    for (const { tool, seconds } of medians) {
      const width = Math.max(2, Math.round((seconds / longest) * wide))
      const colour = tool.startsWith('xbuild') ? colours.xbuild : colours.other
      parts.push(`<text x="${left - 8}" y="${y + bar - 4}" text-anchor="end">${tool}</text>`)
      parts.push(`<rect x="${left}" y="${y}" width="${width}" height="${bar}" rx="2" fill="${colour}"/>`)
      parts.push(`<text x="${left + width + 6}" y="${y + bar - 4}">${seconds.toFixed(2)} s</text>`)
      y += bar + gap
    }
    y += 22
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${left + wide + 70} ${y}" font-family="system-ui, sans-serif" font-size="12" role="img">
<title>${project}: seconds from source to a pushed image of two platforms</title>
<style>text { fill: #57606a } .head { font-weight: 600; font-size: 13px } @media (prefers-color-scheme: dark) { text { fill: #adbac7 } }</style>
<text x="0" y="14" class="head">${project}: seconds from source to a pushed image of two platforms</text>
${parts.join('\n')}
</svg>
`
}
