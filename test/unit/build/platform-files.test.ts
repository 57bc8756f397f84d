import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tinyProgram } from '../../../src/binary/tiny-program.ts'
import { checkPlatformFiles } from '../../../src/build/platform-files.ts'
import { initFile, initTarget } from '../../../src/image/init.ts'
import { parsePlatform, parsePlatforms } from '../../../src/platforms.ts'
import type { ImageSpec } from '../../../src/types.ts'
import { failureOf } from '../../support/failure-of.ts'
import { temporaryFolder } from '../../support/projects.ts'

const arm64 = parsePlatform('linux/arm64')

async function check(content: Uint8Array | string, target = '/usr/bin/tool'): Promise<void> {
  const path = join(await temporaryFolder(), 'file')
  await writeFile(path, content)
  const files = [{ target, source: { paths: { 'linux/arm64': path } }, mode: 0o755 }]
  return checkPlatformFiles({ files, platforms: [arm64] } as unknown as ImageSpec)
}

test('a file for a platform is a program for it, or no program', async () => {
  await check(tinyProgram('arm64', 'x'))
  await check('#!/bin/sh\n')
  await check('')
  expect((await failureOf(check(tinyProgram('amd64', 'x')))).why).toContain('machine: expected')
})

test('an init is a program in any case', async () => {
  await check(tinyProgram('arm64', 'x'), initTarget)
  expect((await failureOf(check('#!/bin/sh\n', initTarget))).what).toBe('Not a readable ELF binary')
})

test.each([
  ['tini', ['linux/arm64'], '/p/tini'],
  ['tini-{arch}', ['linux/arm64', 'linux/amd64'], '/p/tini-{arch}'],
])('the init %s for %j', (init, platforms, from) => {
  expect(initFile(init, parsePlatforms(platforms), '/p')).toMatchObject({ from, to: '/usr/bin/init' })
})

test('one init for two platforms is refused', async () => {
  const two = parsePlatforms(['linux/arm64', 'linux/amd64'])
  const failure = await failureOf((async () => initFile('tini', two, '/p'))())
  expect(failure).toMatchObject({ kind: 'usage', fix: expect.stringContaining('arm64, amd64') })
})
