import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { usedFile } from '../../../../src/ci/cache/zig.ts'
import { findableResults } from '../../../../src/ci/cache/zig-results.ts'
import { temporaryFolder } from '../../../support/projects.ts'

/** What `zig build-obj x.c` of each version wrote: the inputs, the hash of the file, the result. */
const written = {
  '0.14.1': {
    manifest: '395fcd715ca7d72dc5c3df17a98a976e.txt',
    hash: '5c1ced895dbee88507e7e27f2d110c30',
    result: '85b3d4e182345832901bc152cee7a8cf',
  },
  '0.17.1': {
    manifest: 'e5d4774ef23937d5630da1a705cec9d0',
    hash: '8c713f7ac069d8814a5306ba80e52ee4',
    result: 'a374d7a38751d53b6d80217513ceb61e',
  },
} as const
type Version = keyof typeof written
const versions = Object.keys(written) as Version[]
const orphan = '0'.repeat(32)

function manifest(version: Version, path: string, { hash } = written[version]): Buffer {
  if (version === '0.14.1') return Buffer.from(`0\n7 9978249 1795743541606073984 ${hash} 0 ${path}\n`)
  return Buffer.concat([Buffer.alloc(24), Buffer.from(hash, 'hex'), Buffer.from(`\0${path}\0\0`)])
}

async function cacheWith(files: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const folder = await temporaryFolder()
  for (const [file, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await writeFile(join(folder, file), content)
  }
  return folder
}

describe.each(versions)('of a cache of zig %s', version => {
  const { manifest: name, result } = written[version]
  const cache = (path: string, more: Readonly<Record<string, string | Buffer>> = {}) =>
    cacheWith({
      'h/timestamp': '',
      [`h/${'1'.repeat(32)}${name.slice(32)}`]: '',
      [`h/${name}`]: manifest(version, path),
      [`o/${result}/x.o`]: 'x',
      [`o/${orphan}/x.o`]: 'x',
      ...more,
    })

  test('results without a manifest can not be found', async () => {
    const found = await findableResults(await cache('x.c'), undefined)
    expect([...(found ?? [])]).toEqual([result])
    const isUsed = usedFile(100, found, undefined)
    expect(isUsed(`o/${orphan}/x.o`, 50)).toBe(false)
    // What this build made, whoever finds it.
    expect(isUsed(`o/${orphan}/x.o`, 100)).toBe(true)
    expect(isUsed(`o/${result}/x.o`, 50)).toBe(true)
    expect(isUsed(`h/${name}`, 50)).toBe(true)
  })

  test('a result that another was made of can be found', async () => {
    const found = await findableResults(await cache(`o/${orphan}/dependencies.zig`), undefined)
    expect([...(found ?? [])].sort()).toEqual([orphan, result].sort())
  })

  test.each(['p', 'zig-pkg'])('what was made of a package of %s goes with the package', async folder => {
    const used = await cacheWith({ [`h/${name}`]: manifest(version, `${folder}/one-1/x.c`) })
    expect((await findableResults(used, new Set(['one-1'])))?.size).toBe(1)
    expect((await findableResults(used, undefined))?.size).toBe(1)
    expect((await findableResults(used, new Set()))?.size).toBe(0)
  })

  test.each([
    ['with a manifest that is cut short', { [`h/${name}`]: manifest(version, 'x.c').subarray(0, 40) }],
    ['with a manifest of another name', { 'h/x.json': '{}' }],
    ['whose results have other names', { [`o/${result}/x.o`]: '' }],
  ] as [string, Record<string, Buffer | string>][])('%s nothing can be told', async (what, more) => {
    const folder = what.startsWith('whose')
      ? await cacheWith({ [`h/${name}`]: manifest(version, 'x.c'), [`o/${orphan}/x.o`]: '' })
      : await cache('x.c', more)
    const found = await findableResults(folder, undefined)
    expect(found).toBeUndefined()
    expect(usedFile(100, found, undefined)(`o/${orphan}/x.o`, 50)).toBe(true)
  })
})

test('a cache that is not there has nothing to find', async () => {
  expect((await findableResults('/nowhere', undefined))?.size).toBe(0)
})
