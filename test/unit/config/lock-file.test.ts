import { readFileSync } from 'node:fs'
import { expect, it, test } from 'vitest'
import { formatLock, parseLock } from '../../../src/config/lock-file.ts'

const digest = `sha256:${'a'.repeat(64)}`
const digests = new Map([
  ['gcr.io/distroless/static-debian13:nonroot', digest],
  ['alpine:3.22', digest],
  ['localhost:5000/team/base:1.0', digest],
])

it('reads what it writes, whatever the order', async () => {
  const text = formatLock(digests)
  expect(await parseLock(text, 'xbuild.lock')).toEqual(digests)
  expect(formatLock(new Map([...digests].reverse()))).toBe(text)
})

it("is read by the documented pattern of Renovate's regex manager", () => {
  const page = readFileSync(new URL('../../../docs/image.md', import.meta.url), 'utf8')
  const [, json = ''] = /```json\n(\{\s*"customManagers"[\s\S]*?)```/.exec(page) ?? []
  const [manager] = JSON.parse(json).customManagers
  const [file] = manager.managerFilePatterns
  expect('services/api/xbuild.lock').toMatch(new RegExp(file.slice(1, -1)))
  const found = [...formatLock(digests).matchAll(new RegExp(manager.matchStrings[0], 'g'))].map(
    ({ groups }) => ({ ...groups }),
  )
  expect(found).toEqual([
    { depName: 'alpine', currentValue: '3.22', currentDigest: digest },
    { depName: 'gcr.io/distroless/static-debian13', currentValue: 'nonroot', currentDigest: digest },
    { depName: 'localhost:5000/team/base', currentValue: '1.0', currentDigest: digest },
  ])
})

test.each([
  ['version = 1\n\n[bases]\n"a:1" = "sha256:1"\n', 'xbuild.lock:4', 'a:1: expected a digest, sha256: and 64'],
  ['version = 2\n\n[bases]\n', 'xbuild.lock:1', 'it is of version 2, which a newer xbuild wrote'],
  ['version = 1\n<<<<<<< HEAD\n', 'xbuild.lock:2', 'but "<" found'],
  ['[bases]\n', 'xbuild.lock', 'version'],
])('%j is refused with its line', async (text, where, why) => {
  await expect(parseLock(text, 'xbuild.lock')).rejects.toMatchObject({
    where,
    why: expect.stringContaining(why),
    fix: expect.stringMatching(/^(?:xbuild update|use that xbuild)/),
  })
})
