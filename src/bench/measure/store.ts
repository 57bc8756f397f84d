import { join } from 'node:path'
import * as v from 'valibot'
import { Failure } from '../../errors.ts'
import { writeAll, writeAtomically } from '../../util/atomic.ts'
import { readText } from '../../util/read-file.ts'
import { withLock } from '../../util/with-lock.ts'
import { benchSchema, benchVersion, type Measurement } from './measurement.ts'
import { upgradeForm, upgradeMeasurement } from './upgrade.ts'

/** The measurements that bench.json keeps; the oldest are dropped first. */
const keptMeasurements = 100

/** Where the measurements of a project are kept: a file that is meant to be committed or cached. */
export function benchFile(dir: string): string {
  return join(dir, '.xbuild', 'bench.json')
}

/**
 * Every measurement kept for the project in `dir`, oldest first; none where there is no file yet.
 * @throws {Failure} usage, when the file is damaged or of a newer form.
 */
export async function readMeasurements(dir: string): Promise<Measurement[]> {
  const path = benchFile(dir)
  let text: string
  try {
    text = await readText(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw damaged(path, (error as Error).message)
  }
  return checkForm(parseJson(text, path), path)
}

/**
 * The measurements in a file, oldest first: bench.json, or what `xbuild bench --json` printed. There is at least one.
 * @throws {Failure} usage, when there is none or the file is damaged.
 */
export async function readRecorded(path: string): Promise<Measurement[]> {
  const text = await readText(path).catch(error => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw damaged(path, (error as Error).message)
    throw new Failure({
      kind: 'usage',
      what: 'There are no recorded measurements',
      where: path,
      why: 'there is no such file',
      fix: 'xbuild bench records them in .xbuild/bench.json',
    })
  })
  const value = parseJson(text, path) as { measurements?: unknown } | null
  const all = checkForm(
    value?.measurements ? value : { schemaVersion: benchVersion, measurements: [upgradeMeasurement(value)] },
    path,
  )
  if (all.length > 0) return all.toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1))
  throw damaged(path, 'it holds no measurement')
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw damaged(path, (error as Error).message)
  }
}

function checkForm(value: unknown, path: string): Measurement[] {
  const newer = Number((value as { schemaVersion?: unknown } | null)?.schemaVersion)
  if (newer > benchVersion) {
    throw new Failure({
      kind: 'usage',
      what: 'The recorded measurements were written by a newer xbuild',
      where: path,
      why: `their form is version ${newer}; this xbuild knows version ${benchVersion}`,
      fix: 'update xbuild, or move the file away',
    })
  }
  const current = upgradeForm(value)
  assertForm(current, path)
  return [...current.measurements]
}

/** Checks the form, and leaves in the value what a newer xbuild has added to it, which valibot's output would lack. */
function assertForm(value: unknown, path: string): asserts value is v.InferOutput<typeof benchSchema> {
  const { issues } = v.safeParse(benchSchema, value)
  if (issues) throw damaged(path, `${v.getDotPath(issues[0]) ?? 'the file'}: ${issues[0].message}`)
}

/**
 * Keeps a measurement, in the place of an earlier state of the same one. What other runs have written meanwhile stays.
 * @throws {Failure} usage, when the file there is damaged; image, when it cannot be written.
 */
export async function saveMeasurement(
  dir: string,
  measurement: Measurement,
  signal?: AbortSignal,
): Promise<void> {
  const change = (all: readonly Measurement[]) => {
    const at = all.findIndex(({ id }) => id === measurement.id)
    return at < 0 ? [...all, measurement] : all.with(at, measurement)
  }
  await changeMeasurements(dir, change, signal)
}

/**
 * Makes sure that measurements can be kept, before any is made.
 * @throws {Failure} as `saveMeasurement`.
 */
export async function checkStore(dir: string, signal?: AbortSignal): Promise<void> {
  await changeMeasurements(dir, all => all, signal)
}

async function changeMeasurements(
  dir: string,
  change: (all: readonly Measurement[]) => readonly Measurement[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const path = benchFile(dir)
  const work = async () => {
    const before = await readMeasurements(dir)
    const after = change(before)
    if (after === before) return
    const value = { schemaVersion: benchVersion, measurements: after.slice(-keptMeasurements) }
    const text = Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`)
    await writeAtomically(path, handle => writeAll(handle, text))
  }
  // What was measured until an interrupt is saved after it.
  await withLock(path, work, signal?.aborted ? undefined : signal)
}

function damaged(path: string, why: string): Failure {
  return new Failure({
    kind: 'usage',
    what: 'The recorded measurements cannot be read',
    where: path,
    why,
    fix: `git checkout ${path} where it is committed; else move it away: mv ${path} ${path}.damaged`,
  })
}
