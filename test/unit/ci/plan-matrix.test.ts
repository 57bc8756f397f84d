import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { matrixFormats } from '../../../src/ci/matrix-format.ts'
import { planMatrix, type WorkUnit } from '../../../src/ci/plan-matrix.ts'
import { readRecordedSeconds } from '../../../src/ci/recorded-seconds.ts'
import { failureOf } from '../../support/failure-of.ts'
import { temporaryFolder } from '../../support/projects.ts'

const cross = (
  programs: string,
  platforms: string,
  seconds?: (p: string, on: string) => number,
): WorkUnit[] =>
  programs.split(' ').flatMap(program =>
    platforms.split(' ').map(platform => ({
      program,
      platform,
      ...(seconds && { seconds: seconds(program, platform) }),
    })),
  )
const shape = (units: readonly WorkUnit[], limit: number) =>
  planMatrix(units, limit).map(({ programs, platforms }) => `${programs.join('+')} ${platforms.join('+')}`)

describe('the jobs of a matrix', () => {
  it('are one where one is asked for', () => {
    expect(shape(cross('a b', 'x y'), 1)).toEqual(['a+b x+y'])
  })
  it('keep the programs of a platform together', () => {
    expect(shape(cross('a b', 'x y'), 2)).toEqual(['a+b x', 'a+b y'])
    expect(shape(cross('a b', 'x y z'), 2)).toEqual(['a+b x+z', 'a+b y'])
  })
  it('split programs once every platform has a job', () => {
    expect(shape(cross('a b c', 'x y'), 4)).toEqual(['a+c x', 'b x', 'a+c y', 'b y'])
    expect(shape(cross('a b', 'x y'), 99)).toEqual(['a x', 'b x', 'a y', 'b y'])
  })
  it('are planned at once for hundreds of programs', () => {
    const names = (letter: string, count: number) =>
      Array.from({ length: count }, (_, index) => `${letter}${index}`).join(' ')
    const units = cross(names('p', 500), names('l', 14))
    const half = units.map((unit, index) => (index % 2 ? { ...unit, seconds: index } : unit))
    const started = performance.now()
    expect(planMatrix(half, 256)).toHaveLength(256)
    expect(performance.now() - started).toBeLessThan(5000)
  })
  it('are balanced by seconds', () => {
    const slow = cross('a b', 'x y z', (_, on) => (on === 'x' ? 50 : 10))
    expect(shape(slow, 2)).toEqual(['a+b x', 'a+b y+z'])
    expect(planMatrix(slow, 2).map(({ seconds }) => seconds)).toEqual([100, 40])
    expect(shape(slow, 4)).toEqual(['a x', 'b x', 'a+b y', 'a+b z'])
    const heavy = cross('a b c', 'x', program => (program === 'a' ? 9 : 4))
    expect(shape(heavy, 2)).toEqual(['a x', 'b+c x'])
  })
  it('take what was not recorded for the mean', () => {
    const units = cross('a b', 'x').map(unit => (unit.program === 'a' ? { ...unit, seconds: 6 } : unit))
    expect(planMatrix(units, 1)[0]?.seconds).toBe(12)
  })
  it('have every pair once, however many there are', () => {
    const units = cross(
      'a b c d e f g',
      'v w x y z',
      (program, on) => program.charCodeAt(0) + on.charCodeAt(0),
    )
    for (let limit = 1; limit <= 40; limit++) {
      const jobs = planMatrix(units, limit)
      expect(jobs.length).toBeLessThanOrEqual(limit)
      const pairs = jobs.flatMap(({ programs, platforms }) =>
        programs.flatMap(p => platforms.map(on => p + on)),
      )
      expect(pairs.toSorted()).toEqual(units.map(({ program, platform }) => program + platform).toSorted())
    }
  })
})

describe('the forms of a matrix', () => {
  const jobs = planMatrix(cross('app tool', 'linux/amd64 linux/arm/v7'), 3)
  it('are one line for GitHub', () => {
    const { include } = JSON.parse(matrixFormats.github(jobs))
    expect(include[0]).toEqual({
      job: 'linux-amd64-1',
      platform: 'linux/amd64',
      args: '--platform=linux/amd64 --bin=app',
    })
    expect(include.map(({ job }: { job: string }) => job)).toEqual([
      'linux-amd64-1',
      'linux-amd64-2',
      'linux-arm-v7',
    ])
    expect(matrixFormats.github(jobs)).not.toContain('\n')
  })
  it('are texts for GitLab', () => {
    const { matrix } = JSON.parse(matrixFormats.gitlab(jobs))['.xbuild-matrix'].parallel
    expect(matrix[2]).toEqual({
      XBUILD_JOB: 'linux-arm-v7',
      XBUILD_PLATFORM: 'linux/arm/v7',
      XBUILD_ARGS: '--platform=linux/arm/v7 --bin=app --bin=tool',
    })
  })
})

describe('recorded seconds', () => {
  const report = (...artifacts: object[]) => JSON.stringify({ schemaVersion: 1, artifacts })
  it('share the time of one step, and leave out what was cached', async () => {
    const dir = await temporaryFolder()
    const path = join(dir, 'report.json')
    const one = { name: 'a', platform: 'x', seconds: 4.25 }
    await writeFile(path, report(one, { ...one, name: 'b' }, { ...one, name: 'c', cached: true }))
    const { seconds, missing } = await readRecordedSeconds([path, join(dir, 'none.json')])
    expect([seconds('a', 'x'), seconds('b', 'x'), seconds('c', 'x')]).toEqual([2.125, 2.125, undefined])
    expect(missing).toEqual([join(dir, 'none.json')])
  })
  it('are refused from what is no report', async () => {
    const path = join(await temporaryFolder(), 'report.json')
    await writeFile(path, '{"images": []}')
    expect(await failureOf(readRecordedSeconds([path]))).toMatchObject({ kind: 'usage', where: '--report' })
  })
})
