// Sets the simulation against builds that really ran: builds sent to builders of one slot each at random times, and the same
// arrivals simulated with the seconds that a cold and a warm build took.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { arrivalsOf, quantile, randomOf, simulate } from './simulate.mjs'

/**
 * @typedef {{ at: number, project: number, started: number, ended: number, node: number, warm: boolean }} Run seconds
 *
 * @typedef {object} Runs what was recorded
 * @property {string} machine
 * @property {number} nodes
 * @property {Run[]} builds in the order of their arrival
 */

const xbuild = fileURLToPath(new URL('../../bin/xbuild.js', import.meta.url))

/**
 * Sends builds of small Go projects to builders: first come, first served, to a free one that has built the project before if
 * there is one. Every build has a changed line. Each builder makes one build before, so that it has the toolchain's image.
 * @param {{ builders: string[], toolchain: string | undefined, builds: number, projects: number, gap: number, seed: number }} settings
 *   `gap`: seconds between builds, on average
 * @returns {Promise<Runs>}
 */
export async function recordRuns({ builders, toolchain, builds, projects, gap, seed }) {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-check-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  let changes = 0
  /** @param {number} node @param {number} project */
  const build = async (node, project) => {
    const dir = join(folder, `${node}-${project}`)
    mkdirSync(dir, { recursive: true })
    writeFileSync(join(dir, 'go.mod'), `module example.com/project${project}\n\ngo 1.21\n`)
    writeFileSync(join(dir, 'main.go'), programOf(++changes))
    if (toolchain) writeFileSync(join(dir, 'xbuild.toml'), `[toolchain]\nimage = "${toolchain}"\n`)
    const where = ['--compile-on=builder', `--builder=${builders[node]}`, '--platform=linux/amd64']
    await run([...where, '--base=scratch', '--output=out.tar'], dir)
  }
  await Promise.all(builders.map((_, node) => build(node, projects)))

  const load = { buildsPerHour: 3600 / gap, projects }
  const arrivals = arrivalsOf(load, (builds * gap * 3) / 3600, randomOf(seed)).slice(0, builds)
  const began = performance.now()
  const now = () => (performance.now() - began) / 1000
  const nodes = builders.map(() => ({ free: true, projects: new Set() }))
  /** @type {Run[]} */
  const done = []
  /** @type {{ at: number, project: number }[]} */
  const queue = []
  const running = new Set()
  const start = () => {
    for (;;) {
      const ready = nodes.filter(({ free }) => free)
      const [next] = queue
      if (!next || ready.length === 0) return
      queue.shift()
      const node =
        ready.find(item => item.projects.has(next.project)) ??
        ready.reduce((least, other) => (other.projects.size < least.projects.size ? other : least))
      const warm = node.projects.has(next.project)
      node.projects.add(next.project)
      node.free = false
      const started = now()
      const index = nodes.indexOf(node)
      const ending = build(index, next.project).then(() => {
        done.push({ ...next, started, ended: now(), node: index, warm })
        console.error(
          `${done.length} of ${builds}: project ${next.project} on ${builders[index]}, ${warm ? 'warm' : 'cold'}, waited ${(started - next.at).toFixed(1)} s, took ${(now() - started).toFixed(1)} s`,
        )
        node.free = true
        running.delete(ending)
        start()
      })
      running.add(ending)
    }
  }
  for (const arrival of arrivals) {
    await new Promise(resolve => setTimeout(resolve, Math.max(0, (arrival.at - now()) * 1000)))
    queue.push(arrival)
    start()
  }
  while (running.size > 0) await Promise.all(running)
  const machine = `${availableParallelism()} processors, load ${(loadavg()[0] ?? 0).toFixed(1)} at the end`
  return { machine, nodes: builders.length, builds: done.toSorted((a, b) => a.at - b.at) }
}

/** @param {number} change */
const programOf = change =>
  `package main

import (
	"encoding/json"
	"os"
)

func main() { json.NewEncoder(os.Stdout).Encode(${change}) }
`

/** @param {string[]} args @param {string} cwd @returns {Promise<void>} */
function run(args, cwd) {
  const child = spawn(process.execPath, [xbuild, ...args], { cwd, stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', code => {
      if (code === 0) resolve()
      else reject(new Error(`xbuild ${args.join(' ')} in ${cwd}\n${stderr}`))
    })
  })
}

/**
 * What was observed, and what the simulation makes of the same arrivals with the mean seconds of cold and of warm builds.
 * @param {Runs} runs
 */
export function compareRuns({ nodes, builds }) {
  const secondsOf = warm => builds.filter(item => item.warm === warm).map(item => item.ended - item.started)
  const costs = { cold: mean(secondsOf(false)), warm: mean(secondsOf(true)), shared: 0 }
  const projects = new Set(builds.map(({ project }) => project)).size
  const fleet = { nodes, slots: 1, kept: projects, sharedCache: false }
  const simulated = simulate(builds, costs, fleet)
  const waits = builds.map(({ at, started }) => started - at).sort((a, b) => a - b)
  const totals = builds.map(({ at, ended }) => ended - at).sort((a, b) => a - b)
  const makespan = Math.max(...builds.map(({ ended }) => ended)) - (builds[0]?.at ?? 0)
  const busy = builds.reduce((sum, { started, ended }) => sum + ended - started, 0)
  const observed = {
    utilization: busy / (makespan * nodes),
    warmRate: secondsOf(true).length / builds.length,
    waits,
    totals,
    makespan,
  }
  return { costs, observed, simulated }
}

/** @param {readonly number[]} numbers */
const mean = numbers => numbers.reduce((sum, number) => sum + number, 0) / Math.max(1, numbers.length)

/** Both as a table in Markdown. @param {Runs} runs */
export function describeCheck(runs) {
  const { costs, observed, simulated } = compareRuns(runs)
  const seconds = value => `${value.toFixed(1)} s`
  const percent = value => `${(value * 100).toFixed(0)} %`
  /** @type {[string, (outcome: Omit<import('./simulate.mjs').Outcome, 'builds'>) => string][]} */
  const rows = [
    ['busy', ({ utilization }) => percent(utilization)],
    ['warm builds', ({ warmRate }) => percent(warmRate)],
    ['wait, on average', ({ waits }) => seconds(mean(waits))],
    ['half wait at most', ({ waits }) => seconds(quantile(waits, 0.5))],
    ['95 % wait at most', ({ waits }) => seconds(quantile(waits, 0.95))],
    ['half are done in', ({ totals }) => seconds(quantile(totals, 0.5))],
    ['95 % are done in', ({ totals }) => seconds(quantile(totals, 0.95))],
    ['all, from the first to the last', ({ makespan }) => seconds(makespan)],
  ]
  return `${runs.builds.length} builds on ${runs.nodes} builders; ${seconds(costs.cold)} cold, ${seconds(costs.warm)} warm, on average; ${runs.machine}

| | observed | simulated |
|---|--:|--:|
${rows.map(([name, value]) => `| ${name} | ${value(observed)} | ${value(simulated)} |`).join('\n')}`
}
