import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { findOutputFolder, makeOutputFolder } from '../../../src/build/output-folder.ts'
import type { BuildFlags } from '../../../src/config/flags.ts'
import { resolveOptions } from '../../../src/config/options.ts'
import { failureOf } from '../../support/failure-of.ts'
import { project, temporaryFolder } from '../../support/projects.ts'

const find = async (flags: BuildFlags, env: NodeJS.ProcessEnv = {}) =>
  findOutputFolder(await resolveOptions(flags, env))

test.each<[string, Record<string, string>]>([
  ['a front end', { 'dist/index.html': '' }],
  ['a file that keeps the folder in git', { 'dist/.gitkeep': '' }],
  ['a .gitignore of the project', { 'dist/.gitignore': '*\n!.gitignore\n' }],
  ['a folder of the project alone', { 'dist/assets/app.js': '' }],
])('a dist with %s is refused, untouched', async (_, files) => {
  const dir = await project(files)
  const before = await readdir(dir, { recursive: true })
  const failure = await failureOf(find({ dir }))
  expect(failure).toMatchObject({
    kind: 'usage',
    what: expect.stringContaining("is not xbuild's"),
    fix: '--dist .xbuild/dist, or dist = ".xbuild/dist" in xbuild.toml',
  })
  await failureOf(makeOutputFolder(join(dir, 'dist')))
  expect(await readdir(dir, { recursive: true })).toEqual(before)
})

const own = { 'dist/.last-build.json': '{}', 'dist/linux_amd64/app': '' }
test.each(['index.html', 'assets/app.js', 'main.css', 'app.js'])(
  'a dist of xbuild’s that a front end has written %s into is refused, untouched',
  async name => {
    const dir = await project({ ...own, [`dist/${name}`]: '' })
    const failure = await failureOf(find({ dir }))
    expect(failure).toMatchObject({
      kind: 'usage',
      what: expect.stringContaining(name.split('/')[0] as string),
    })
    expect(failure.fix).toContain('--dist')
    expect(await readdir(join(dir, 'dist'))).toContain('linux_amd64')
  },
)

test.each<[string, Record<string, string>]>([
  ['that is not there', {}],
  [
    'with what flags put there',
    {
      ...{ ...own, 'dist/hello.oci.tar': '', 'dist/metadata.json': '', 'dist/report.txt': '' },
      ...{ 'dist/layout/oci-layout': '', 'dist/chart.svg': '', 'dist/logs/linux_amd64.log': '' },
    },
  ],
  ['of a build before', { 'dist/.last-build.json': '{}', 'dist/linux_amd64/app': '' }],
])('a dist %s is used', async (_, files) => {
  const dir = await project(files)
  expect(await find({ dir })).toMatchObject({ options: { dist: join(dir, 'dist') }, remarks: [] })
})

test('an empty dist becomes xbuild’s, hidden from git, and is known again when a build has failed', async () => {
  const dir = await temporaryFolder()
  const dist = join(dir, 'dist')
  await mkdir(dist)
  await makeOutputFolder(dist)
  expect(await readFile(join(dist, '.gitignore'), 'utf8')).toMatch(/^#.*\n\*\n$/)
  await writeFile(join(dist, 'half'), '')
  expect((await find({ dir })).options.dist).toBe(dist)
})

test('a dist that is a file is refused, with a folder of another name', async () => {
  const dir = await project({ out: '' })
  const failure = await failureOf(find({ dir, dist: join(dir, 'out') }))
  expect(failure).toMatchObject({ kind: 'usage', what: expect.stringContaining('is a file') })
})

test('--dist goes before XBUILD_DIST, and that before xbuild.toml', async () => {
  const dir = await project({ 'xbuild.toml': 'dist = "out"\n' })
  const distOf = async (flags: BuildFlags, env: NodeJS.ProcessEnv) =>
    (await resolveOptions({ dir, ...flags }, env)).dist
  expect(await distOf({ dist: '/a' }, { XBUILD_DIST: '/b' })).toBe('/a')
  expect(await distOf({}, { XBUILD_DIST: '/b' })).toBe('/b')
  expect(await distOf({}, { XBUILD_DIST: '' })).toBe(join(dir, 'out'))
  expect(await distOf({ dist: 'x' }, {})).toBe(join(process.cwd(), 'x'))
  expect((await failureOf(distOf({ dist: '' }, {}))).what).toContain('--dist')
})

test('outputs of a read-only project go to the cache folder, where the image goes elsewhere', async () => {
  const cache = await temporaryFolder()
  vi.stubEnv('XDG_CACHE_HOME', cache)
  onTestFinished(() => void vi.unstubAllEnvs())
  const dir = '/dev/null/project'
  const found = await find({ dir, output: ['/tmp/x.tar'] })
  expect(found.options.dist).toMatch(new RegExp(`^${cache}/xbuild/outputs/project-[0-9a-f]{12}$`))
  expect(found.caches).toBe(`${found.options.dist}/caches`)
  expect(found.remarks).toEqual([expect.stringContaining('--dist')])
  // Without another place for the image there is nothing to do but say so.
  expect((await find({ dir })).options.dist).toBe(`${dir}/dist`)
  // Where the outputs have a place of their own, the toolchain's caches join them.
  expect(await find({ dir, dist: join(cache, 'd') })).toMatchObject({
    remarks: [],
    caches: join(cache, 'd/caches'),
  })
})
