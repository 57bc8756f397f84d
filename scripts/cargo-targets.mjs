// Measures what one cargo for several targets saves against one for each, and how much memory they take at most: on cold
// copies of a Rust project, in turn, a whole `xbuild build`, the cargo of its plan by hand, the cargos of a plan for each
// platform one after the other in one target folder, and the same side by side, each in a folder of its own.
//
//   node scripts/cargo-targets.mjs examples/rust-server [--runs 3] [--platform linux/amd64,linux/arm64] [-- xbuild flags]
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { describeSamples, freshCopy, machine, plannedCommands, xbuild } from './copies.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '3' },
    platform: { type: 'string', default: 'linux/amd64,linux/arm64' },
  },
})
const [project, ...rest] = positionals
const flags = ['--backend=oci', '--base=builtin', ...rest]
const folder = mkdtempSync(join(tmpdir(), 'cargo-targets-'))
const fresh = name => freshCopy(project, join(folder, name))
const planned = (copy, platform) => plannedCommands(copy, [`--platform=${platform}`, ...flags])
const platforms = values.platform.split(/,(?=linux)/)

/** Memory in use, in MB, by all processes below this one: each file page is counted once (PSS), not once a process. */
function memoryBelow(root) {
  const parents = new Map()
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    const stat = readOrNothing(`/proc/${pid}/stat`)
    parents.set(Number(pid), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
  }
  const isBelow = pid => parents.has(pid) && (parents.get(pid) === root || isBelow(parents.get(pid)))
  const kilobytes = [...parents.keys()]
    .filter(isBelow)
    .map(pid => Number(/^Pss:\s+(\d+)/m.exec(readOrNothing(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0))
  return kilobytes.reduce((sum, value) => sum + value, 0) / 1000
}

/** A process may end between being listed and being read. */
function readOrNothing(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

async function runOne({ tool, args, options }) {
  const child = spawn(tool, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    said += text
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${tool} ${args.join(' ')}: ${said}`)
}

async function inTurn(commands) {
  for (const command of commands) await runOne(command)
}

/** Seconds and the highest of the samples of memory, taken ten times a second. */
async function measure(work) {
  let peak = 0
  const sampler = setInterval(() => {
    peak = Math.max(peak, memoryBelow(process.pid))
  }, 100)
  const started = performance.now()
  try {
    await work()
  } finally {
    clearInterval(sampler)
  }
  return { seconds: (performance.now() - started) / 1000, peak }
}

/** Each way prepares itself, then gives what is measured. */
const ways = {
  'xbuild build': () => {
    const { dir, env } = fresh('xbuild')
    const args = [xbuild, 'build', '--progress=quiet', `--platform=${platforms}`, ...flags]
    return () => runOne({ tool: process.execPath, args, options: { cwd: dir, env } })
  },
  'one cargo': () => {
    const commands = planned(fresh('one'), platforms)
    return () => inTurn(commands)
  },
  'one for each, one folder': () => {
    const copy = fresh('each')
    const commands = platforms.flatMap(platform => planned(copy, platform))
    return () => inTurn(commands)
  },
  'one for each, side by side': () => {
    const lists = platforms.map((platform, index) => planned(fresh(`side-${index}`), platform))
    return () => Promise.all(lists.map(inTurn))
  },
}

/** @type {Record<string, { seconds: number, peak: number }[]>} */
const results = Object.fromEntries(Object.keys(ways).map(name => [name, []]))
try {
  for (let run = 0; run < Number(values.runs); run++) {
    for (const [name, prepare] of Object.entries(ways)) results[name].push(await measure(prepare()))
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

console.log(`${project}: ${platforms.join(', ')}; ${machine()}`)
for (const [name, samples] of Object.entries(results)) {
  const seconds = describeSamples(samples.map(sample => sample.seconds))
  console.log(
    `| ${name} | ${seconds} | ${describeSamples(
      samples.map(({ peak }) => peak),
      'MB',
      0,
    )} |`,
  )
}
