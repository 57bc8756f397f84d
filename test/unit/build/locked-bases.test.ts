import { expect, it, test } from 'vitest'
import { basesToLock, lockBase, lockKey } from '../../../src/build/locked-bases.ts'
import type { Plan } from '../../../src/build/plan.ts'
import type { BaseChoice, LibcPrediction } from '../../../src/types.ts'

const digest = `sha256:${'a'.repeat(64)}`
const choice = (reference: string, predicted = false): BaseChoice =>
  ({ reference, family: 'other', predicted, reason: '' }) as BaseChoice
const lock = { path: '/p/xbuild.lock', digests: new Map([['alpine:latest', digest]]), required: false }

test.each([
  ['alpine', 'alpine:latest'],
  ['alpine:3', 'alpine:3'],
  ['localhost:5000/a', 'localhost:5000/a:latest'],
  ['localhost:5000/a:1', 'localhost:5000/a:1'],
])('%s is %s in the lock file', (reference, key) => expect(lockKey(reference)).toBe(key))

it('names a base by the digest that is locked', () => {
  expect(lockBase(choice('alpine'), lock).digest).toBe(digest)
  expect(lockBase(choice('alpine:3'), lock).digest).toBeUndefined()
  for (const reference of ['scratch', 'builtin', './base.tar', `alpine@sha256:${'b'.repeat(64)}`])
    expect(lockBase(choice(reference), { ...lock, required: true }).digest).toBeUndefined()
  expect(() => lockBase(choice('alpine:3'), { ...lock, required: true })).toThrow('alpine:3')
})

it('locks every base that a compile may choose', () => {
  const locked = (libc: LibcPrediction['libc'], base: BaseChoice) =>
    basesToLock([{ spec: { base }, image: { registry: 'm.example/d' } }] as unknown as Plan['images'], libc)
  const predicted = choice('m.example/d/static-debian13:nonroot', true)
  expect(locked('none', predicted)).toEqual([predicted.reference])
  expect(locked('musl', predicted)).toEqual([predicted.reference])
  for (const libc of ['gnu', 'unknown'] as const) {
    const names = locked(libc, predicted).map(name => name.replace(/^m\.example\/d\/|-debian13:nonroot/g, ''))
    expect(names).toEqual(['base', 'base-nossl', 'cc', 'static'])
  }
  expect(locked('gnu', choice('debian:13-slim'))).toEqual(['debian:13-slim'])
  expect(locked('gnu', choice('scratch'))).toEqual([])
})
