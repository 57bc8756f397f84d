import { describe, expect, it, vi } from 'vitest'
import { type LayerScan, packedScan } from '../../../../src/image/verify/layer-scan.ts'
import { openReadBefore } from '../../../../src/image/verify/read-before.ts'

const repository = { registry: 'ghcr.io', repository: 'me/app' }
const files = new Map([['aa', '/dist/app']])

/** A cache in memory, as JSON keeps it. */
function memory() {
  const kept = new Map<string, string>()
  return {
    recall: async (kind: string, key: string) => JSON.parse(kept.get(`${kind} ${key}`) ?? 'null'),
    remember: async (kind: string, key: string, value: unknown) => {
      kept.set(`${kind} ${key}`, JSON.stringify(value))
    },
  }
}

const program = (sha256: string) =>
  ({ type: 'file', size: 3, mode: 0o755, link: '', captured: { path: '/tmp/x', sha256 } }) as const
const layer = packedScan('sha256:d1', new Map([['usr/bin/app', program('aa')]]))

/** What a later build knows of the layer `sha256:1` after one that noted this. */
async function later(scan: LayerScan, options: { readonly except?: ReadonlySet<string> } = {}) {
  const cache = memory()
  const first = await openReadBefore(cache, repository, { files })
  first.note('sha256:1', scan)
  await first.save()
  return (await openReadBefore(cache, repository, { files, ...options })).layers.get('sha256:1')
}

describe('a layer that was read back', () => {
  it('is known to the next build, with its file where that is now', async () => {
    const found = await later(layer)
    expect(found?.diffId).toBe('sha256:d1')
    expect(found?.entries.get('usr/bin/app')).toEqual({
      ...program('aa'),
      captured: { path: '/dist/app', sha256: 'aa' },
    })
    expect(found?.entries.get('usr')?.type).toBe('directory')
  })

  it.each<[string, LayerScan]>([
    ['a file that is not here', packedScan('sha256:d1', new Map([['app', program('bb')]]))],
    ['whiteouts', { ...layer, whiteouts: new Set(['etc/passwd']) }],
    ['an opaque folder', { ...layer, opaque: new Set(['etc']) }],
    ['names that lead out of it', { ...layer, hostile: ['../x'] }],
    [
      'many entries',
      packedScan('x', new Map(Array.from({ length: 60 }, (_, n) => [`f${n}`, program('aa')]))),
    ],
  ])('with %s is read again', async (_, scan) => {
    expect(await later(scan)).toBeUndefined()
  })

  it('is read again when it had to be uploaded again, and after a day', async () => {
    expect(await later(layer, { except: new Set(['sha256:1']) })).toBeUndefined()
    const cache = memory()
    const first = await openReadBefore(cache, repository, { files })
    first.note('sha256:1', layer)
    await first.save()
    vi.useFakeTimers({ now: Date.now() + 25 * 60 * 60 * 1000, toFake: ['Date'] })
    try {
      expect((await openReadBefore(cache, repository, { files })).layers.size).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  it('says nothing of another repository, and a damaged record nothing at all', async () => {
    const cache = memory()
    const first = await openReadBefore(cache, repository, { files })
    first.note('sha256:1', layer)
    await first.save()
    const other = { ...repository, repository: 'me/other' }
    expect((await openReadBefore(cache, other, { files })).layers.size).toBe(0)
    await cache.remember('read-back', 'ghcr.io/me/app', [['sha256:1', { at: 'now' }]])
    expect((await openReadBefore(cache, repository, { files })).layers.size).toBe(0)
  })
})
