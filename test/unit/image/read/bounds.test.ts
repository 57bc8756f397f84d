import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it, test } from 'vitest'
import { type Budget, bounds, createBudget } from '../../../../src/image/read/bounds.ts'
import { entrypointPaths } from '../../../../src/image/verify/entrypoint.ts'
import { scanLayer } from '../../../../src/image/verify/layer-scan.ts'
import { parseConfig } from '../../../../src/oci/manifest.ts'
import { failureOf } from '../../../support/failure-of.ts'
import { buildTar, type TarInput } from '../../../support/tar-builder.ts'

const folder = mkdtempSync(join(tmpdir(), 'bounds-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function* stored(bytes: Uint8Array) {
  yield bytes
}

const scan = (entries: readonly TarInput[], budget?: Budget) =>
  scanLayer(stored(gzipSync(buildTar(entries))), new Set(['app']), folder, 'layer', budget)

describe('a budget says which bound was passed', () => {
  test.each<[string, (budget: Budget) => void]>([
    [
      'files and folders',
      budget => {
        for (let at = 0; at <= bounds.entries; at++) budget.entry('', '')
      },
    ],
    [
      'names',
      budget => {
        for (let at = 0; at <= bounds.names / 4000; at++) budget.entry('x'.repeat(2000), 'y'.repeat(2000))
      },
    ],
    ['manifests and configs', budget => budget.document(bounds.documents + 1)],
    ['programs', budget => budget.captured(bounds.captured + 1)],
    ['layers of more than', budget => budget.unpacked(bounds.unpacked + 1)],
    [
      'times their size',
      budget => {
        budget.stored(1024 ** 2)
        budget.unpacked(1024 ** 3 + 1)
      },
    ],
  ])('%s', async (text, spend) => {
    const failure = await failureOf(() => spend(createBudget()))
    expect(failure).toMatchObject({ kind: 'verification', exitCode: 6, why: expect.stringContaining(text) })
  })

  it('and says nothing of what real images have', () => {
    const budget = createBudget()
    budget.stored(3 * 1024 ** 3)
    budget.unpacked(9 * 1024 ** 3)
    budget.captured(500 * 1024 ** 2)
    budget.document(2 * 1024 ** 2)
    for (let at = 0; at < 200_000; at++) budget.entry('usr/lib/python3/dist-packages/some/module.py', '')
  })
})

describe('a layer', () => {
  test.each<[string, TarInput]>([
    ['a path of 4096 bytes', { name: 'x', pax: { path: 'é'.repeat(2048) } }],
    ['a path of a megabyte', { name: 'x', pax: { path: 'x'.repeat(900_000) } }],
    ['a link of 4096 bytes', { name: 'x', link: '', pax: { linkpath: 'x'.repeat(4096) } }],
    ['a path in 300 folders', { name: 'x', pax: { path: 'd/'.repeat(300) } }],
    ['a file of 5 GiB that is asked for', { name: 'app', size: 5 * 1024 ** 3 }],
  ])('with %s is not read', async (_name, entry) => {
    expect(await failureOf(scan([entry]))).toMatchObject({ kind: 'verification' })
  })

  it('may have a path of 4095 bytes, in 255 folders, and large attributes', async () => {
    const attributes = { 'SCHILY.xattr.user.x': 'x'.repeat(500_000) }
    const { entries } = await scan([
      { name: 'x', pax: { path: 'x'.repeat(4095), ...attributes } },
      { name: 'x', pax: { path: `${'d/'.repeat(255)}x` } },
    ])
    expect(entries.size).toBe(257)
  })

  it.each(['../out', 'app'])('counts every entry, %s too', async name => {
    const budget = createBudget()
    for (let at = 0; at < bounds.entries - 1; at++) budget.entry('', '')
    expect((await failureOf(scan([{ name }, { name }], budget))).why).toContain('files and folders')
  })

  it('shares its budget with the others of its image', async () => {
    const budget = createBudget()
    for (let at = 0; at < bounds.entries - 1; at++) budget.entry('', '')
    await scan([{ name: 'one' }], budget)
    expect((await failureOf(scan([{ name: 'two' }], budget))).why).toContain('files and folders')
  })
})

test.each([
  [{ Entrypoint: ['x'.repeat(5000)] }],
  [{ Entrypoint: ['a/'.repeat(1000)] }],
  [{ Entrypoint: ['/app'], WorkingDir: 'x'.repeat(5000) }],
])('a program whose path no kernel takes is nowhere', config => {
  const all = { Cmd: [], Env: [], ...config }
  expect(entrypointPaths({ config: all })).toEqual([])
})

it('looks into no more than a hundred folders of PATH', () => {
  const Env = [`PATH=${Array.from({ length: 5000 }, (_, at) => `/f${at}`).join(':')}`]
  expect(entrypointPaths({ config: { Entrypoint: ['app'], Cmd: [], Env } })).toHaveLength(100)
})

it('refuses a config of a million values before it parses it', async () => {
  const bytes = Buffer.from(`{"history":[${'{},'.repeat(1_000_000)}{}]}`)
  expect((await failureOf(() => parseConfig(bytes, 'config'))).why).toContain('values')
})
