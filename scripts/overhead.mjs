// Measures what xbuild adds to a toolchain: a whole `xbuild build` against the commands of its own plan run by hand, on
// copies of a project, in turn, with cold and with warm caches.
//
//   node scripts/overhead.mjs examples/go-server [--runs 5] [--cold-runs 3] [-- xbuild flags]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { describeSamples, freshCopy, machine, median, plannedCommands, timed, xbuild } from './copies.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '5' }, 'cold-runs': { type: 'string', default: '3' } },
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

/** @type {Record<string, Record<'hand' | 'xbuild', number[]>>} */
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

console.log(`${project}: ${machine()}`)
for (const [state, { hand, xbuild: whole }] of Object.entries(results)) {
  const [a, b] = [median(hand), median(whole)]
  console.log(
    `| ${state} | ${describeSamples(hand)} | ${describeSamples(whole)} | ${(b / a).toFixed(2)}× | ${(b - a).toFixed(2)} s |`,
  )
}
