// Measures what xbuild adds to a toolchain: a whole `xbuild build` against the commands of its own plan run by hand, on
// copies of a project, in turn, with cold and with warm caches.
//
//   node scripts/overhead.mjs examples/go-server [--runs 5] [--cold-runs 3] [-- xbuild flags]
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const xbuild = fileURLToPath(new URL('../bin/xbuild.js', import.meta.url))
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '5' }, 'cold-runs': { type: 'string', default: '3' } },
})
const [project, ...rest] = positionals
const flags = [
  '--platform=linux/amd64,linux/arm64',
  '--backend=oci',
  '--base=builtin',
  '--progress=quiet',
  ...rest,
]
const folder = mkdtempSync(join(tmpdir(), 'overhead-'))

/** A copy of the project and empty caches, so that nothing the one side did helps the other. */
function fresh(name) {
  const dir = join(folder, name, basename(resolve(project)))
  rmSync(join(folder, name), { recursive: true, force: true })
  cpSync(project, dir, {
    recursive: true,
    filter: path => !/\/(dist|target|zig-out|\.zig-cache)$/.test(path),
  })
  const caches = join(folder, name, 'caches')
  mkdirSync(caches)
  return {
    dir,
    env: { ...process.env, GOCACHE: join(caches, 'go'), ZIG_GLOBAL_CACHE_DIR: join(caches, 'zig') },
  }
}

function timed(tool, args, options) {
  const started = performance.now()
  const { status, stdout, stderr } = spawnSync(tool, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...options,
  })
  if (status !== 0) throw new Error(`${tool} ${args.join(' ')}: ${stderr}`)
  return { seconds: (performance.now() - started) / 1000, stdout }
}

const withXbuild = ({ dir, env }) =>
  timed(process.execPath, [xbuild, 'build', ...flags], { cwd: dir, env }).seconds

/** The commands of the plan, one after the other, as somebody types them. */
function byHand({ dir, env }) {
  const { stdout } = timed(
    process.execPath,
    [xbuild, 'plan', '--json', ...flags.filter(flag => flag !== '--progress=quiet')],
    { cwd: dir, env },
  )
  const bind = text => text.replaceAll('{work}', join(dir, 'by-hand'))
  return JSON.parse(stdout).steps.reduce((total, { command: { tool, args, cwd, env: own = {} } }) => {
    const bound = Object.fromEntries(Object.entries(own).map(([name, value]) => [name, bind(value)]))
    return total + timed(bind(tool), args.map(bind), { cwd, env: { ...env, ...bound } }).seconds
  }, 0)
}

const median = samples => [...samples].sort((a, b) => a - b)[Math.floor(samples.length / 2)]
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

console.log(
  `${project}: ${cpus()[0].model}, ${availableParallelism()} processors, Node ${process.versions.node}`,
)
for (const [state, { hand, xbuild: whole }] of Object.entries(results)) {
  const [a, b] = [median(hand), median(whole)]
  const spread = samples => `${Math.min(...samples).toFixed(2)}–${Math.max(...samples).toFixed(2)}`
  console.log(
    `| ${state} | ${a.toFixed(2)} s (${spread(hand)}) | ${b.toFixed(2)} s (${spread(whole)}) | ${(b / a).toFixed(2)}× | ${(b - a).toFixed(2)} s |`,
  )
}
