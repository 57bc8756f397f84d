// Measures what xbuild adds to a toolchain: a whole `xbuild build` against the commands of its own plan run by hand, on
// copies of a project, in turn, with cold and with warm caches.
//
//   node scripts/overhead.mjs examples/go-server [--runs 5] [--cold-runs 3] [--page docs/overhead.md] [-- xbuild flags]
//
// Prints the rows of a table; --page FILE puts them in place of those that the page has of this project.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { freshCopy, machine, plannedCommands, timed, xbuild } from './copies.mjs'
import { replaceRows, rowsOf } from './overhead/rows.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '5' },
    'cold-runs': { type: 'string', default: '3' },
    page: { type: 'string' },
  },
})
const [project, ...rest] = positionals
const flags = ['--platform=linux/amd64,linux/arm64', '--backend=oci', '--base=builtin', ...rest]
const folder = mkdtempSync(join(tmpdir(), 'overhead-'))
const fresh = name => freshCopy(project, join(folder, name))

const withXbuild = ({ dir, env }) =>
  timed(process.execPath, [xbuild, 'build', '--progress=quiet', ...flags], { cwd: dir, env }).seconds

/** The commands of the plan, one after the other, as somebody types them. */
const byHand = copy =>
  plannedCommands(copy, flags).reduce(
    (total, { tool, args, options }) => total + timed(tool, args, options).seconds,
    0,
  )

/** @type {Parameters<typeof rowsOf>[1]} */
const results = { cold: { hand: [], xbuild: [] }, warm: { hand: [], xbuild: [] } }
let sides
for (let run = 0; run < Number(values['cold-runs']); run++) {
  sides = { hand: fresh('hand'), xbuild: fresh('xbuild') }
  results.cold.hand.push(byHand(sides.hand))
  results.cold.xbuild.push(withXbuild(sides.xbuild))
}
for (let run = 0; run < Number(values.runs) + 1; run++) {
  const hand = byHand(sides.hand)
  const whole = withXbuild(sides.xbuild)
  // The first warm run fills what a cold run leaves empty, on both sides.
  if (run > 0) {
    results.warm.hand.push(hand)
    results.warm.xbuild.push(whole)
  }
}
rmSync(folder, { recursive: true, force: true })

const rows = rowsOf(project, results, new Date().toISOString().slice(0, 10))
console.log([`${project}: ${machine()}`, ...rows].join('\n'))
if (values.page) writeFileSync(values.page, replaceRows(readFileSync(values.page, 'utf8'), rows))
