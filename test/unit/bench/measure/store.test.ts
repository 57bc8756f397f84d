import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import type { Measurement } from '../../../../src/bench/measure/measurement.ts'
import {
  benchFile,
  checkStore,
  readMeasurements,
  readRecorded,
  saveMeasurement,
} from '../../../../src/bench/measure/store.ts'
import { temporaryFolder } from '../../../support/projects.ts'
import { measurement, sample } from '../measurements.ts'

const ids = async (dir: string) => (await readMeasurements(dir)).map(({ id }) => id)

test('where nothing was measured there is nothing', async () => {
  expect(await readMeasurements(await temporaryFolder())).toEqual([])
})

test('a measurement is read back as it was kept', async () => {
  const dir = await temporaryFolder()
  const kept = measurement({
    samples: [
      sample('native', 4),
      sample('emulated', { kind: 'cut-off', limit: 100 }),
      sample('emulated', { kind: 'crashed', detail: 'signal 11' }),
    ],
  })
  await saveMeasurement(dir, kept)
  expect(await readMeasurements(dir)).toEqual([kept])
  expect(readdirSync(join(dir, '.xbuild'))).toEqual(['bench.json'])
})

test('a measurement that goes on takes the place of its earlier state, others stay', async () => {
  const dir = await temporaryFolder()
  await saveMeasurement(dir, measurement({ id: 'a' }))
  await saveMeasurement(dir, measurement({ id: 'b' }))
  await saveMeasurement(dir, measurement({ id: 'a', samples: [sample('native', 1), sample('native', 2)] }))
  expect(await ids(dir)).toEqual(['a', 'b'])
  expect((await readMeasurements(dir))[0]?.samples).toHaveLength(2)
})

test('the newest hundred are kept', async () => {
  const dir = await temporaryFolder()
  const many = Array.from({ length: 100 }, (_, index) => measurement({ id: `${index}` }))
  mkdirSync(join(dir, '.xbuild'))
  writeFileSync(benchFile(dir), JSON.stringify({ schemaVersion: 1, measurements: many }))
  await saveMeasurement(dir, measurement({ id: 'new' }))
  const kept = await ids(dir)
  expect([kept.length, kept[0], kept.at(-1)]).toEqual([100, '1', 'new'])
})

test('processes that write at once lose nothing', async () => {
  const dir = await temporaryFolder()
  const writer = join(dir, 'writer.mjs')
  const store = fileURLToPath(new URL('../../../../src/bench/measure/store.ts', import.meta.url))
  const contents = `
    import { saveMeasurement } from ${JSON.stringify(store)}
    const [dir, text] = process.argv.slice(2)
    for (let n = 0; n < 10; n++) await saveMeasurement(dir, { ...JSON.parse(text), id: process.pid + '-' + n })
  `
  await build({
    stdin: { contents, resolveDir: dir },
    outfile: writer,
    bundle: true,
    platform: 'node',
    format: 'esm',
  })
  const write = promisify(execFile)
  await Promise.all(
    [1, 2, 3, 4].map(() => write(process.execPath, [writer, dir, JSON.stringify(measurement())])),
  )
  expect(new Set(await ids(dir)).size).toBe(40)
  expect(readdirSync(join(dir, '.xbuild'))).toEqual(['bench.json'])
})

test('a lock that a killed process left is not waited for', async () => {
  const dir = await temporaryFolder()
  mkdirSync(join(dir, '.xbuild'))
  const lock = `${benchFile(dir)}.lock`
  writeFileSync(lock, '')
  utimesSync(lock, new Date(0), new Date(0))
  await saveMeasurement(dir, measurement())
  expect(await ids(dir)).toHaveLength(1)
  expect(existsSync(lock)).toBe(false)
})

test.each([
  ['no JSON', '{', /JSON/],
  ['another form', '[]', /schemaVersion|Object/],
  [
    'a time that is no number',
    JSON.stringify({
      schemaVersion: 1,
      measurements: [{ ...measurement(), samples: [sample('native', 'long' as never)] }],
    }),
    /outcome/,
  ],
  [
    'a strategy that there is not',
    JSON.stringify({
      schemaVersion: 1,
      measurements: [{ ...measurement(), samples: [{ platform: 'linux/arm64', path: 'x', row: 'cold' }] }],
    }),
    /samples\.0\.strategy/,
  ],
  ['a newer form', '{"schemaVersion":3}', /version 3/],
])('a file with %s is refused and left as it is', async (_, text, why) => {
  const dir = await temporaryFolder()
  mkdirSync(join(dir, '.xbuild'))
  writeFileSync(benchFile(dir), text)
  for (const attempt of [readMeasurements(dir), saveMeasurement(dir, measurement())]) {
    await expect(attempt).rejects.toMatchObject({ kind: 'usage', why: expect.stringMatching(why) })
  }
  expect(readFileSync(benchFile(dir), 'utf8')).toBe(text)
})

test('what a newer xbuild has added is kept', async () => {
  const dir = await temporaryFolder()
  const newer = { ...measurement({ id: 'newer' }), weather: 'fine' } as Measurement
  await saveMeasurement(dir, newer)
  await saveMeasurement(dir, measurement({ id: 'other' }))
  expect((await readMeasurements(dir))[0]).toEqual(newer)
})

test('the measurements of a file are found, the newest last, whether it is bench.json or one measurement', async () => {
  const dir = await temporaryFolder()
  const newest = measurement({ id: 'newest', startedAt: '2026-03-01T00:00:00Z' })
  await saveMeasurement(dir, newest)
  const older = measurement({ id: 'older' })
  await saveMeasurement(dir, older)
  expect(await readRecorded(benchFile(dir))).toEqual([older, newest])
  const alone = join(dir, 'alone.json')
  writeFileSync(alone, JSON.stringify(newest))
  expect(await readRecorded(alone)).toEqual([newest])
  for (const text of ['{"measurements":[]}', 'null', '{', '{"schemaVersion":3,"measurements":[]}']) {
    writeFileSync(alone, text)
    await expect(readRecorded(alone)).rejects.toMatchObject({ kind: 'usage', where: alone })
  }
  await expect(readRecorded(join(dir, 'none'))).rejects.toMatchObject({ kind: 'usage' })
})

test('what an xbuild before 1.0 has recorded is read, and kept in the new form', async () => {
  const dir = await temporaryFolder()
  const samples = [sample('native', 4), sample('emulated', 40, 'edited')]
  const old = samples.map(({ strategy, scenario, ...others }) => ({
    path: strategy,
    row: scenario,
    ...others,
  }))
  const before = { ...measurement({ id: 'before' }), samples: old }
  mkdirSync(join(dir, '.xbuild'))
  writeFileSync(benchFile(dir), JSON.stringify({ schemaVersion: 1, measurements: [before] }))
  expect(await readMeasurements(dir)).toEqual([measurement({ id: 'before', samples })])
  await saveMeasurement(dir, measurement({ id: 'after' }))
  expect(JSON.parse(readFileSync(benchFile(dir), 'utf8'))).toEqual({
    schemaVersion: 2,
    measurements: [measurement({ id: 'before', samples }), measurement({ id: 'after' })],
  })
  const alone = join(dir, 'alone.json')
  writeFileSync(alone, JSON.stringify(before))
  expect(await readRecorded(alone)).toEqual([measurement({ id: 'before', samples })])
})

test('a folder that cannot be written is found out before anything is measured', async () => {
  const dir = await temporaryFolder()
  writeFileSync(join(dir, '.xbuild'), 'a file')
  await expect(checkStore(dir)).rejects.toMatchObject({ kind: 'image', where: benchFile(dir) })
})
