/**
 * @typedef {object} Load what arrives
 * @property {number} buildsPerHour
 * @property {number} projects how many different ones there are; the n-th most built one has a share of 1/n
 *
 * @typedef {object} Costs seconds of one build of all its platforms, by what a node has of the project
 * @property {number} cold nothing
 * @property {number} shared nothing, but a cache that all nodes share has it (registry cache, GOCACHEPROG, sccache)
 * @property {number} warm the cache of an earlier build
 *
 * @typedef {object} Fleet
 * @property {number} nodes
 * @property {number} slots builds that a node takes at once, each at full speed
 * @property {number} kept projects whose caches a node keeps; the one built longest ago goes first
 * @property {boolean} sharedCache
 *
 * @typedef {object} Outcome
 * @property {number} builds
 * @property {number} utilization share of all slots' time
 * @property {number} warmRate share of builds that found a warm node
 * @property {number[]} waits seconds in the queue, sorted
 * @property {number[]} totals seconds from arrival to the end, sorted
 * @property {number} makespan seconds from the first arrival to the last end
 */

/** A random number generator of a seed (mulberry32), so that a simulation can be repeated. @param {number} seed */
export function randomOf(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/**
 * Arrivals at random times (Poisson), each of a project.
 * @param {Load} load @param {number} hours @param {() => number} random
 * @returns {{ at: number, project: number }[]} by time, seconds
 */
export function arrivalsOf({ buildsPerHour, projects }, hours, random) {
  const shares = Array.from({ length: projects }, (_, index) => 1 / (index + 1))
  const sum = shares.reduce((all, share) => all + share, 0)
  const pick = () => {
    let left = random() * sum
    const found = shares.findIndex(share => {
      left -= share
      return left < 0
    })
    return found < 0 ? projects - 1 : found
  }
  const arrivals = []
  for (let at = 0; ; ) {
    at += (-Math.log(1 - random()) * 3600) / buildsPerHour
    if (at > hours * 3600) return arrivals
    arrivals.push({ at, project: pick() })
  }
}

/**
 * Runs builds through a fleet: first come, first served; a free node that has the project's cache is preferred, then the one
 * that keeps the fewest.
 * @param {readonly { at: number, project: number }[]} arrivals by time
 * @param {Costs} costs @param {Fleet} fleet
 * @returns {Outcome}
 */
export function simulate(arrivals, costs, { nodes, slots, kept, sharedCache }) {
  const fleet = Array.from({ length: nodes }, () => ({
    /** When each slot is free again. */
    free: Array(slots).fill(0),
    /** The one built longest ago first. @type {number[]} */
    projects: [],
  }))
  const seen = new Set()
  const waits = []
  const totals = []
  let busy = 0
  let warm = 0
  let end = 0
  for (const { at, project } of arrivals) {
    const soonest = Math.min(...fleet.map(({ free }) => Math.min(...free)))
    const start = Math.max(at, soonest)
    const ready = fleet.filter(({ free }) => Math.min(...free) <= start)
    const node =
      ready.find(({ projects }) => projects.includes(project)) ??
      ready.reduce((least, other) => (other.projects.length < least.projects.length ? other : least))
    const has = node.projects.includes(project)
    const seconds = has ? costs.warm : sharedCache && seen.has(project) ? costs.shared : costs.cold
    const slot = node.free.indexOf(Math.min(...node.free))
    node.free[slot] = start + seconds
    node.projects = [...node.projects.filter(other => other !== project), project].slice(-kept)
    seen.add(project)
    if (has) warm++
    busy += seconds
    end = Math.max(end, start + seconds)
    waits.push(start - at)
    totals.push(start + seconds - at)
  }
  const began = arrivals[0]?.at ?? 0
  const makespan = end - began
  const builds = arrivals.length
  return {
    builds,
    utilization: makespan === 0 ? 0 : busy / (makespan * nodes * slots),
    warmRate: builds === 0 ? 0 : warm / builds,
    waits: waits.sort((a, b) => a - b),
    totals: totals.sort((a, b) => a - b),
    makespan,
  }
}

/** The value below which this share of a sorted list lies. @param {readonly number[]} sorted @param {number} share */
export function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
