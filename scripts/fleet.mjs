// How many builders a team needs: simulates builds that arrive at random over fleets of growing size, until hardly any
// build waits. What a build takes comes from your own reports (`xbuild build --report`), cold and warm.
//
//   node scripts/fleet.mjs --builds-per-hour 500 --projects 200 --cold 90 --shared 30 --warm 12 --kept 20
//   node scripts/fleet.mjs … --shared-cache     # a registry cache, GOCACHEPROG or sccache that all builders use
//
// And sets itself against builds that really ran, on builders of `docker buildx ls`, one build at a time on each:
//
//   node scripts/fleet.mjs --record RUNS.json --builders one,other [--toolchain IMAGE] [--builds 30] [--projects 4] [--gap 3]
//   node scripts/fleet.mjs --check RUNS.json
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { describeCheck, recordRuns } from './fleet/check.mjs'
import { arrivalsOf, quantile, randomOf, simulate } from './fleet/simulate.mjs'

const { values } = parseArgs({
  options: {
    'builds-per-hour': { type: 'string', default: '500' },
    projects: { type: 'string' },
    cold: { type: 'string', default: '90' },
    shared: { type: 'string', default: '30' },
    warm: { type: 'string', default: '12' },
    kept: { type: 'string', default: '20' },
    slots: { type: 'string', default: '1' },
    'shared-cache': { type: 'boolean', default: false },
    'longest-wait': { type: 'string', default: '10' },
    hours: { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
    check: { type: 'string' },
    record: { type: 'string' },
    builders: { type: 'string', default: '' },
    toolchain: { type: 'string' },
    builds: { type: 'string', default: '30' },
    gap: { type: 'string', default: '3' },
  },
})
const number = name => {
  const value = Number(values[name])
  if (Number.isFinite(value) && value > 0) return value
  console.error(`--${name} is a number above 0`)
  process.exit(2)
}
if (values.record !== undefined) {
  const builders = values.builders.split(',').filter(Boolean)
  if (builders.length === 0) {
    console.error('--builders names builders of docker buildx ls, separated by commas')
    process.exit(2)
  }
  const runs = await recordRuns({
    builders,
    toolchain: values.toolchain,
    builds: number('builds'),
    projects: values.projects === undefined ? 4 : number('projects'),
    gap: number('gap'),
    seed: number('seed'),
  })
  writeFileSync(values.record, `${JSON.stringify(runs, undefined, 1)}\n`)
}
const recorded = values.check ?? values.record
if (recorded !== undefined) {
  console.log(describeCheck(JSON.parse(readFileSync(recorded, 'utf8'))))
  process.exit(0)
}
const load = {
  buildsPerHour: number('builds-per-hour'),
  projects: values.projects === undefined ? 200 : number('projects'),
}
const costs = { cold: number('cold'), shared: number('shared'), warm: number('warm') }
const arrivals = arrivalsOf(load, number('hours'), randomOf(number('seed')))
const rows = []
for (let nodes = 1, enough = 0; enough < 3 && nodes <= 2000; nodes++) {
  const fleet = { nodes, slots: number('slots'), kept: number('kept'), sharedCache: values['shared-cache'] }
  const { utilization, warmRate, waits, totals } = simulate(arrivals, costs, fleet)
  const longest = quantile(waits, 0.95)
  if (longest <= number('longest-wait')) enough++
  rows.push({
    nodes,
    utilization,
    warmRate,
    longest,
    median: quantile(totals, 0.5),
    slow: quantile(totals, 0.95),
  })
}
const percent = share => `${(share * 100).toFixed(0)} %`
const shown = rows.filter(({ utilization, longest }) => longest < 3600 || utilization < 0.98).slice(-8)
console.log(`${arrivals.length} builds in ${values.hours} hours, ${load.projects} projects${values['shared-cache'] ? ', a shared cache' : ''}

| builders | busy | warm builds | 95 % wait at most | half are done in | 95 % are done in |
|--:|--:|--:|--:|--:|--:|`)
for (const { nodes, utilization, warmRate, longest, median, slow } of shown) {
  console.log(
    `| ${nodes} | ${percent(utilization)} | ${percent(warmRate)} | ${longest.toFixed(0)} s | ${median.toFixed(0)} s | ${slow.toFixed(0)} s |`,
  )
}
const first = rows.find(({ longest }) => longest <= number('longest-wait'))
console.log(
  first
    ? `\n${first.nodes} builders keep 95 % of the builds from waiting longer than ${values['longest-wait']} s.`
    : `\nNot even ${rows.length} builders keep 95 % of the builds from waiting longer than ${values['longest-wait']} s.`,
)
