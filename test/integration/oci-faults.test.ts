import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mapLimit } from '../../src/util/map-limit.ts'
import { bundleDriver, runDriver } from '../support/driver-bundle.ts'
import type { DriverOrder } from '../support/oci-driver.ts'

const root = mkdtempSync(join(tmpdir(), 'xbuild-faults-'))
const driver = join(root, 'driver.mjs')
const binary = join(root, 'binary')
let folders = 0
/** The bytes that a build without a fault gives. */
let whole: Buffer

function folder(): string {
  const path = join(root, String(folders++))
  mkdirSync(path)
  return path
}

/** Runs a build in a process of its own; undefined when it was killed. */
function drive(order: Pick<DriverOrder, 'outputs' | 'cacheFolder'> & Partial<DriverOrder>) {
  return runDriver(driver, { platforms: 'linux/arm64', binary, ...order })
}

beforeAll(async () => {
  await bundleDriver(driver)
  writeFileSync(binary, Buffer.alloc(1_300_000, 'a binary '))
  const place = folder()
  const path = join(place, 'app.tar')
  await drive({ outputs: [{ type: 'archive', path }], cacheFolder: join(place, 'cache') })
  whole = readFileSync(path)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** What lies in a folder, but for the temporary files that a killed process leaves. */
function listWhole(path: string): string[] {
  if (!existsSync(path)) return []
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter(
      entry =>
        entry.isFile() &&
        !/(^|\/)\.[^/]*$/.test(entry.name) &&
        !/\/\.[^/]+\//.test(`${entry.parentPath}/`.slice(path.length)),
    )
    .map(entry => join(entry.parentPath, entry.name))
}

/** Nothing under its final name may be other than whole. */
function expectNothingHalf(place: string): void {
  const archive = join(place, 'app.tar')
  if (existsSync(archive)) expect(readFileSync(archive).equals(whole)).toBe(true)
  const layout = join(place, 'layout')
  const blobs = [...listWhole(join(place, 'cache/blobs')), ...listWhole(join(layout, 'blobs'))]
  for (const blob of blobs) {
    const digest = createHash('sha256').update(readFileSync(blob)).digest('hex')
    expect(blob.endsWith(digest), blob).toBe(true)
  }
  if (existsSync(join(layout, 'index.json'))) {
    const { manifests } = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'))
    for (const { digest } of manifests) statSync(join(layout, 'blobs', digest.replace(':', '/')))
  }
  for (const record of listWhole(join(place, 'cache/layers'))) {
    const [sum, json = ''] = readFileSync(record, 'utf8').split('\n')
    expect(createHash('sha256').update(json).digest('hex')).toBe(sum)
  }
}

/** The order of a build in a folder of its own, cache included. */
function orderIn(place: string): Pick<DriverOrder, 'outputs' | 'cacheFolder'> {
  return {
    outputs: [
      { type: 'archive', path: join(place, 'app.tar') },
      { type: 'layout', path: join(place, 'layout') },
    ],
    cacheFolder: join(place, 'cache'),
  }
}

describe('every call of the file system', () => {
  let calls: number[]
  beforeAll(async () => {
    const place = folder()
    const answer = await drive(orderIn(place))
    calls = Array.from({ length: answer?.calls ?? 0 }, (_, index) => index + 1)
    expect(calls.length).toBeGreaterThan(40)
  })

  test('may be the one before SIGKILL: nothing half under a final name, no poisoned cache, and a rerun succeeds', async () => {
    await mapLimit(calls, 2, async at => {
      const place = folder()
      expect(await drive({ ...orderIn(place), at, what: 'SIGKILL' })).toBeUndefined()
      expectNothingHalf(place)
      if (at % 3 === 0) {
        expect(await drive(orderIn(place))).toMatchObject({ indexDigest: expect.any(String) })
        expectNothingHalf(place)
        expect(readFileSync(join(place, 'app.tar')).equals(whole)).toBe(true)
      }
      rmSync(place, { recursive: true })
    })
  }, 600_000)

  test('may fail: one clear failure, nothing half, no temporary file left', async () => {
    const codes = ['ENOSPC', 'EACCES', 'EROFS', 'EIO', 'EDQUOT']
    const every = calls.filter(at => at % 2 === 0)
    await mapLimit(every, 2, async at => {
      const place = folder()
      const answer = await drive({ ...orderIn(place), at, what: codes[(at / 2) % codes.length] as string })
      expect(answer?.bug).toBeUndefined()
      // a cache that cannot be had is done without; anything else ends the build
      if (answer?.failure) {
        expect(answer.failure).toMatchObject({
          kind: 'image',
          what: expect.stringMatching(/^Cannot write /),
          where: expect.stringContaining(place),
        })
      }
      expectNothingHalf(place)
      const left = readdirSync(place, { recursive: true })
        .map(String)
        .filter(name => /(^|\/)\.[^/]*$/.test(name))
      expect(left).toEqual([])
      rmSync(place, { recursive: true })
    })
  }, 600_000)
})

const cannotMount = mountObstacle()
if (cannotMount && process.env['XBUILD_REQUIRE_ALL'] === '1') throw new Error(`cannot mount: ${cannotMount}`)
const title = `a file system${cannotMount ? ` [skipped: cannot mount a tmpfs: ${cannotMount}]` : ''}`

/** Why this process cannot mount a small file system; undefined where it can. */
function mountObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'not root'
  const path = folder()
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', path], { stdio: 'pipe' })
    execFileSync('umount', [path])
    return undefined
  } catch (error) {
    return (error as Error).message.split('\n').at(-2) ?? 'mount failed'
  }
}

describe.skipIf(cannotMount)(title, () => {
  function mount(options: string): string {
    const path = folder()
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path])
    mounted.push(path)
    return path
  }
  const mounted: string[] = []
  afterAll(() => {
    for (const path of mounted) execFileSync('umount', ['-l', path])
  })

  test.each([64, 256, 400])(
    'of %i KiB is too small for the image: said, and nothing is left on it',
    async kilobytes => {
      const place = mount(`size=${kilobytes}k`)
      const random = join(folder(), 'random')
      writeFileSync(random, randomBytes(500_000))
      const answer = await drive({
        binary: random,
        outputs: [{ type: 'archive', path: join(place, 'app.tar') }],
        cacheFolder: join(folder(), 'cache'),
      })
      expect(answer?.failure).toMatchObject({
        kind: 'image',
        why: 'no space is left on the device',
        where: join(place, 'app.tar'),
      })
      expect(readdirSync(place)).toEqual([])
    },
  )

  test('that is full of other things under the cache fails the build, and the cache stays good', async () => {
    const place = mount('size=64k')
    const answer = await drive({ outputs: [], cacheFolder: join(place, 'cache') })
    expect(answer?.failure).toMatchObject({ kind: 'image', why: 'no space is left on the device' })
    expectNothingHalf(place)
  })

  test('that is read-only is named', async () => {
    const place = mount('size=64k')
    execFileSync('mount', ['-o', 'remount,ro', place])
    const answer = await drive({
      outputs: [{ type: 'layout', path: join(place, 'of/layout') }],
      cacheFolder: join(folder(), 'cache'),
    })
    expect(answer?.failure).toMatchObject({ kind: 'image', why: 'the file system is read-only' })
  })
})
