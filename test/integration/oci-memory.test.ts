import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { bundleDriver, runDriver } from '../support/driver-bundle.ts'

const root = mkdtempSync(join(tmpdir(), 'xbuild-memory-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const mega = 1024 * 1024

test('a binary of 300 MB for four platforms takes less than 150 MB of memory', async () => {
  const driver = join(root, 'driver.mjs')
  const binary = join(root, 'binary')
  await bundleDriver(driver)
  // sparse but for 20 MB that do not compress: it is the memory that is tested, not the processor
  const handle = await open(binary, 'w')
  for (let at = 0; at < 300; at += 15) await handle.write(randomBytes(mega), 0, mega, at * mega)
  await handle.truncate(300 * mega)
  await handle.close()
  const answer = await runDriver(driver, {
    platforms: 'linux/amd64,linux/arm64,linux/riscv64,linux/s390x',
    binary,
    outputs: [
      { type: 'archive', path: join(root, 'app.tar') },
      { type: 'layout', path: join(root, 'layout') },
    ],
    cacheFolder: join(root, 'cache'),
  })
  expect(answer).toMatchObject({ indexDigest: expect.any(String) })
  expect(answer?.peakMemory).toBeGreaterThan(20 * mega)
  expect(answer?.peakMemory).toBeLessThan(150 * mega)
}, 600_000)
