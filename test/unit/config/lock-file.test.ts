import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
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
