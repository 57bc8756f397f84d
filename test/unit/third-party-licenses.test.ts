import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bundledPackages, thirdPartyLicenses } from '../../scripts/licenses.mjs'
import { temporaryFolder } from '../support/projects.ts'

const metafileOf = (inputs: Record<string, number>) => ({
  inputs: {},
  outputs: {
    'dist/cli.js': {
      bytes: 0,
      imports: [],
      exports: [],
      inputs: Object.fromEntries(
        Object.entries(inputs).map(([path, bytesInOutput]) => [path, { bytesInOutput }]),
      ),
    },
  },
})

async function packageFolder(manifest: object, files: Record<string, string> = {}): Promise<string> {
  const folder = join(await temporaryFolder(), 'package')
  await mkdir(folder)
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

describe('bundledPackages', () => {
  it.each([
    ['a package', { 'node_modules/a/lib/b.js': 1 }, ['node_modules/a']],
    ['a scope', { 'node_modules/@s/a/b.js': 1 }, ['node_modules/@s/a']],
    ['one inside another', { 'node_modules/a/node_modules/b/c.js': 1 }, ['node_modules/a/node_modules/b']],
    ['not what esbuild dropped', { 'node_modules/a/b.js': 0 }, []],
    ['not our own source', { 'src/cli.ts': 1 }, []],
  ])('%s', (_, inputs, folders) => {
    expect(bundledPackages(metafileOf(inputs))).toEqual(folders)
  })
})

describe('thirdPartyLicenses', () => {
  it('has licence and notice of each package, once', async () => {
    const folder = await packageFolder(
      { name: 'a', version: '1.2.3', license: 'Apache-2.0' },
      { LICENSE: 'the licence', 'NOTICE.txt': 'the notice', 'other.txt': 'not this' },
    )
    const text = thirdPartyLicenses([folder, folder])
    expect(text.match(/^a 1\.2\.3 \(Apache-2\.0\)$/gm)).toHaveLength(1)
    expect(text).toMatch(/the licence\n\nthe notice/)
    expect(text).not.toContain('not this')
  })

  it('writes out MIT for its author where the package has no file of it', async () => {
    const folder = await packageFolder({
      name: 'a',
      version: '1.0.0',
      license: 'MIT',
      author: { name: 'Ann' },
    })
    expect(thirdPartyLicenses([folder])).toMatch(/Copyright \(c\) Ann\n\nPermission is hereby granted/)
  })

  it.each([
    ['another licence', { license: 'ISC', author: 'Ann' }],
    ['no author', { license: 'MIT' }],
  ])('refuses %s without its text', async (_, manifest) => {
    const folder = await packageFolder({ name: 'a', version: '1.0.0', ...manifest })
    expect(() => thirdPartyLicenses([folder])).toThrow('a is bundled')
  })

  it('is in dist, and names the packages that the program is made of', () => {
    const text = readFileSync(new URL('../../dist/THIRD_PARTY_LICENSES', import.meta.url), 'utf8')
    for (const name of ['execa', 'listr2', 'undici', 'valibot', 'yargs', 'toml']) {
      expect(text).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(MIT\\)$`, 'm'))
    }
    expect(text).toContain('Mozilla Public License 2.0')
    for (const name of ['esbuild', 'vitest']) expect(text).not.toMatch(new RegExp(`^${name} `, 'm'))
  })
})
