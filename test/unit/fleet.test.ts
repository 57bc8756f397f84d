import { describe, expect, it } from 'vitest'
import { compareRuns, describeCheck } from '../../scripts/fleet/check.mjs'
import { arrivalsOf, quantile, randomOf, simulate } from '../../scripts/fleet/simulate.mjs'

const costs = { cold: 100, shared: 40, warm: 10 }
const one = { nodes: 1, slots: 1, kept: 5, sharedCache: false }
const at = (...times: readonly [time: number, project: number][]) =>
  times.map(([time, project]) => ({ at: time, project }))

describe('a fleet of builders', () => {
  it('makes a build wait while every slot is busy', () => {
    const { waits, totals, makespan } = simulate(at([0, 0], [50, 0]), costs, one)
    expect([waits, totals, makespan]).toEqual([[0, 50], [60, 100], 110])
  })

  it('starts at once on another node, which is cold', () => {
    const { totals, warmRate } = simulate(at([0, 0], [50, 0]), costs, { ...one, nodes: 2 })
    expect([totals, warmRate]).toEqual([[100, 100], 0])
  })

  it('prefers the node that has the cache', () => {
    const { totals } = simulate(at([0, 0], [200, 1], [400, 0], [600, 1]), costs, { ...one, nodes: 2 })
    expect(totals).toEqual([10, 10, 100, 100])
  })

  it('forgets the project that was built longest ago', () => {
    const builds = at([0, 0], [200, 1], [400, 0])
    expect(simulate(builds, costs, { ...one, kept: 1 }).totals).toEqual([100, 100, 100])
    expect(simulate(builds, costs, one).totals).toEqual([10, 100, 100])
  })

  it('fetches from the shared cache what another node has built', () => {
    const fleet = { ...one, nodes: 2, sharedCache: true }
    expect(simulate(at([0, 0], [50, 0]), costs, fleet).totals).toEqual([40, 100])
  })

  it('waits as long as queueing theory says (M/D/1: ρ/(2(1−ρ)) of a build)', () => {
    // 180 builds of 10 s in an hour keep one node busy for half of it: on average they wait for 5 s.
    const arrivals = arrivalsOf({ buildsPerHour: 180, projects: 1 }, 200, randomOf(7))
    const { waits, utilization } = simulate(arrivals, { ...costs, cold: 10 }, one)
    expect(utilization).toBeCloseTo(0.5, 1)
    expect(waits.reduce((sum, wait) => sum + wait, 0) / waits.length).toBeCloseTo(5, 0)
  })

  it('is repeatable, and gives the first project the largest share', () => {
    const arrivals = () => arrivalsOf({ buildsPerHour: 100, projects: 3 }, 10, randomOf(1))
    expect(arrivals()).toEqual(arrivals())
    const shares = [0, 1, 2].map(project => arrivals().filter(build => build.project === project).length)
    expect(shares).toEqual([...shares].sort((a, b) => b - a))
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(3)
  })
})

describe('runs that were recorded', () => {
  const build = (
    at: number,
    started: number,
    ended: number,
    node: number,
    project: number,
    warm: boolean,
  ) => ({
    at,
    started,
    ended,
    node,
    project,
    warm,
  })
  const runs = {
    machine: '2 processors',
    nodes: 2,
    builds: [build(0, 0, 11, 0, 0, false), build(1, 1, 10, 1, 1, false), build(2, 10, 12, 1, 1, true)],
  }

  it('are compared with the same arrivals, simulated with their mean seconds', () => {
    const { costs, observed, simulated } = compareRuns(runs)
    expect(costs).toMatchObject({ cold: 10, warm: 2 })
    expect([observed.waits, observed.totals, observed.makespan]).toEqual([[0, 0, 8], [9, 10, 11], 12])
    // The simulated first node is free a second earlier, and the third build is cold there.
    expect([simulated.waits, simulated.totals, simulated.makespan]).toEqual([[0, 0, 8], [10, 10, 18], 20])
    expect(observed.warmRate).toBeCloseTo(1 / 3)
  })

  it('are a table', () => expect(describeCheck(runs)).toContain('| half are done in | 10.0 s | 10.0 s |'))
})
