import { execFileSync } from 'node:child_process'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest'
import { readGit } from '../../../src/build/git-info.ts'
import { chooseVersion } from '../../../src/build/version.ts'
import type { Project } from '../../../src/languages/language.ts'
import { fakeTools } from '../../support/fake-tools.ts'
import { commit, project, temporaryFolder } from '../../support/projects.ts'

const git = (dir: string, ...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@example.com', ...args], {
    cwd: dir,
    stdio: 'pipe',
  })
    .toString()
    .trim()

async function repository(...tags: string[]): Promise<string> {
  const dir = await project({ 'a.txt': 'a', 'svc/b.txt': 'b', 'deep/api/c.txt': 'c' })
  commit(dir)
  for (const tag of tags) git(dir, 'tag', tag)
  return dir
}

beforeEach(() => vi.stubEnv('SOURCE_DATE_EPOCH', ''))
afterEach(() => vi.unstubAllEnvs())

describe('the version', () => {
  it.each([
    [['v1.2.3'], '', 'v1.2.3'],
    [['1.2.3'], '', '1.2.3'],
    [['svc/v2.0.0', 'v1.0.0', 'deep/api/v3.0.0'], '', 'v1.0.0'],
    [['svc/v2.0.0', 'v1.0.0', 'deep/api/v3.0.0'], 'svc', 'v2.0.0'],
    [['svc/v2.0.0', 'v1.0.0', 'deep/api/v3.0.0'], 'deep/api', 'v3.0.0'],
    [['v1.9.0', 'v1.10.0'], '', 'v1.10.0'],
    [['v1.0.0', 'v1.0.0-rc.1', 'svc/v3.0.0'], '', 'v1.0.0'],
    [['svc/v1.9.0', 'svc/v1.10.0', 'v2.0.0'], 'svc', 'v1.10.0'],
  ])('of the tags %j in folder "%s" is %s', async (tags, folder, version) => {
    const dir = join(await repository(...tags), folder)
    expect(await readGit(dir)).toMatchObject({ tagged: true, source: { version, tag: version } })
  })

  it.each([
    [['svc/v2.0.0'], ''],
    [['ignore-0.4.33', 'nightly', 'vendor-1'], ''],
    [['v1.0.0'], 'svc'],
    [['svc/sub/v1.0.0'], 'svc'],
  ])('of the tags %j in folder "%s" is the hash', async (tags, folder) => {
    const dir = await repository(...tags)
    const { tagged, source } = await readGit(join(dir, folder))
    expect(tagged).toBe(false)
    expect(source).not.toHaveProperty('tag')
    expect(source.version).toBe(git(dir, 'rev-parse', '--short', 'HEAD'))
  })

  it('is the highest of the tags of one commit, be they annotated or not', async () => {
    const dir = await repository('v2.0.0')
    git(dir, 'tag', '-a', '-m', 'old', 'v1.0.0')
    expect((await readGit(dir)).source.version).toBe('v2.0.0')
    git(dir, 'commit', '-q', '--allow-empty', '-m', 'next')
    expect((await readGit(dir)).source.version).toMatch(/^v2\.0\.0-1-g/)
  })

  it('counts the commits since the tag, and says what is not committed', async () => {
    const dir = await repository('svc/v2.0.0')
    await writeFile(join(dir, 'a.txt'), 'changed')
    git(dir, 'commit', '-qam', 'second')
    await writeFile(join(dir, 'a.txt'), 'again')
    expect((await readGit(join(dir, 'svc'))).source.version).toMatch(/^v2\.0\.0-1-g[0-9a-f]+-dirty$/)
  })

  it('of a folder whose name is a pattern is its own', async () => {
    const dir = await project({ 'a[b]/x.txt': 'x' })
    commit(dir, 'ab/v9.0.0')
    expect((await readGit(join(dir, 'a[b]'))).tagged).toBe(false)
  })
})

describe('chosen', () => {
  const of = (version?: string): Project => ({
    language: 'rust',
    root: '/x',
    executables: [],
    toolchain: { name: 'rustc', version: '1' },
    cCode: [],
    remarks: [],
    ...(version && { version }),
  })
  const tagged = { source: { epoch: 0, version: 'v1.0.0' }, tagged: true, remarks: [] }
  const bare = { source: { epoch: 0, version: 'abc1234' }, tagged: false, remarks: [] }
  const none = { source: { epoch: 0 }, tagged: false, remarks: [] }

  test.each([
    [tagged, '2.0.0', undefined, 'v1.0.0'],
    [bare, '2.0.0', undefined, '2.0.0'],
    [bare, undefined, undefined, 'abc1234'],
    [none, '2.0.0', undefined, '2.0.0'],
    [none, undefined, undefined, undefined],
    [tagged, '2.0.0', 'manifest', '2.0.0'],
    [bare, '2.0.0', 'git', 'abc1234'],
    [tagged, '2.0.0', '3.0.0-rc1', '3.0.0-rc1'],
  ])('%j, manifest %s, --version-from %s: %s', (info, manifest, from, version) =>
    expect(chooseVersion(info, of(manifest), from).version).toBe(version),
  )

  test.each([
    ['git', none, '2.0.0'],
    ['manifest', tagged, undefined],
  ])('--version-from %s that finds none is refused', (from, info, manifest) =>
    expect(() => chooseVersion(info, of(manifest), from)).toThrow(expect.objectContaining({ kind: 'usage' })),
  )
})

test('a shallow clone without a tag is told how to get one', async () => {
  const dir = await repository('v1.0.0')
  await writeFile(join(dir, 'a.txt'), 'changed')
  git(dir, 'commit', '-qam', 'second')
  const clone = join(await temporaryFolder(), 'clone')
  git(dir, 'clone', '-q', '--depth=1', '--no-tags', `file://${dir}`, clone)
  expect((await readGit(clone)).remarks).toEqual([expect.stringContaining('git fetch --unshallow --tags')])
  git(clone, 'fetch', '-q', '--unshallow', '--tags')
  expect(await readGit(clone)).toMatchObject({ tagged: true, remarks: [] })
})

test.each([
  [
    "fatal: detected dubious ownership in repository at '/a b'",
    "git config --global --add safe.directory '/a b'",
  ],
  ['fatal: bad config line 1 in file .git/config', expect.stringMatching(/^git -C \S+ status$/)],
])('%s is no missing repository', async (stderr, fix) => {
  const dir = await temporaryFolder()
  const fakes = await fakeTools({ git: { stderr, exitCode: 128 } })
  vi.stubEnv('PATH', fakes.path)
  const { source, remarks } = await readGit(dir)
  expect(source).toEqual({ epoch: 0, refused: { why: stderr, fix } })
  expect(remarks).toHaveLength(1)
})

test.each([
  'fatal: not a git repository (or any of the parent directories): .git',
  "fatal: your current branch 'main' does not have any commits yet",
  'git: something else',
])('%s is no refusal', async stderr => {
  const fakes = await fakeTools({ git: { stderr, exitCode: 128 } })
  vi.stubEnv('PATH', fakes.path)
  expect(await readGit(await temporaryFolder())).toEqual({ source: { epoch: 0 }, tagged: false, remarks: [] })
})

test.each(['', 'Good "git" signature\nabc 1', 'abc xyz', `${'a'.repeat(40)} 1e9`])(
  'an answer of another shape is none: %j',
  async stdout => {
    vi.stubEnv('PATH', (await fakeTools({ git: { stdout } })).path)
    expect((await readGit(await temporaryFolder())).source).toEqual({ epoch: 0 })
  },
)

test.each([
  ['i18n.logOutputEncoding', 'UTF-16'],
  ['color.ui', 'always'],
  ['format.pretty', 'fuller'],
  ['log.decorate', 'full'],
  ['core.abbrev', 'no'],
])('a repository is read alike with %s = %s', async (key, value) => {
  const dir = await repository('v1.0.0')
  git(dir, 'config', key, value)
  const { source } = await readGit(dir)
  expect(source).toMatchObject({ version: 'v1.0.0', revision: expect.stringMatching(/^[0-9a-f]{40}$/) })
})

test('a repository runs nothing of its own', async () => {
  const dir = await repository('v1.0.0')
  const mark = join(await temporaryFolder(), 'ran')
  const script = join(dir, 'hook.sh')
  await writeFile(script, `#!/bin/sh\ntouch '${mark}'\n`)
  await chmod(script, 0o755)
  git(dir, 'config', 'core.fsmonitor', script)
  git(dir, 'config', 'gpg.program', script)
  git(dir, 'config', 'log.showSignature', 'true')
  const { source } = await readGit(dir)
  expect(source).toMatchObject({ version: 'v1.0.0', epoch: 1700000000, branch: 'main' })
  await expect(import('node:fs/promises').then(fs => fs.stat(mark))).rejects.toThrow()
})
