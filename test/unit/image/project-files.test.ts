import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { FileRule } from '../../../src/image/copy-folder.ts'
import { findProjectFiles } from '../../../src/image/project-files.ts'
import { parsePlatforms } from '../../../src/platforms.ts'
import { failureOf } from '../../support/failure-of.ts'
import { project } from '../../support/projects.ts'

/** `mode target` of each file, then each folder. */
async function found(dir: string, rule: Omit<FileRule, 'from'> & { from: string }): Promise<string[]> {
  const rules = [{ ...rule, from: join(dir, rule.from) }]
  const { files, folders } = await findProjectFiles(rules, { root: dir, leftOut: [join(dir, 'dist')] })
  return [
    ...files.map(({ mode, target }) => `${mode.toString(8)} ${target}`),
    ...folders.map(({ path }) => path),
  ]
}

test.each<[string, number, number | undefined, string]>([
  ['a plain file', 0o644, undefined, '644 /f'],
  ['a file of a strict umask', 0o600, undefined, '644 /f'],
  ['a program', 0o755, undefined, '755 /f'],
  ['a program of its owner alone', 0o700, undefined, '755 /f'],
  ['a program whose mode is given', 0o755, 0o640, '640 /f'],
])('keeps whether it is executable: %s', async (_, source, mode, expected) => {
  const dir = await project({ f: '' })
  await chmod(join(dir, 'f'), source)
  expect(await found(dir, { from: 'f', to: '/f', ...(mode !== undefined && { mode }) })).toEqual([expected])
})

test.each<[string, string, string[]]>([
  ['conf/app.yaml', '/etc/app/', ['644 /etc/app/app.yaml']],
  ['conf/app.yaml', '/etc/app', ['644 /etc/app']],
  ['conf/app.yaml', '/', ['644 /app.yaml']],
  ['conf', '/etc/app', ['644 /etc/app/app.yaml', '644 /etc/app/d/a', '/etc/app', '/etc/app/d']],
  ['conf', '/etc/app/', ['644 /etc/app/app.yaml', '644 /etc/app/d/a', '/etc/app', '/etc/app/d']],
  ['conf', '/', ['644 /app.yaml', '644 /d/a', '/d']],
])('%s to %s', async (from, to, expected) => {
  const dir = await project({ 'conf/app.yaml': '', 'conf/d/a': '' })
  expect(await found(dir, { from, to })).toEqual(expected)
})

test('copies in byte order, with empty folders and names that begin with a dot, and without the outputs', async () => {
  const dir = await project({ 'a-b': '', 'a/x': '', '.env': '', B: '', ä: '', 'dist/linux_amd64/app': '' })
  await mkdir(join(dir, 'empty'))
  expect(await found(dir, { from: '.', to: '/srv' })).toEqual([
    ...['.env', 'B', 'a/x', 'a-b', 'ä'].map(name => `644 /srv/${name}`),
    ...['', '/a', '/empty'].map(name => `/srv${name}`),
  ])
})

test.each<[string, (dir: string) => Promise<void>, string]>([
  ['a link to what is not copied', dir => symlink('../f', join(dir, 'assets/link')), 'has a symbolic link'],
  [
    'a link to the host',
    dir => symlink(join(dir, 'assets/x'), join(dir, 'assets/link')),
    'has a symbolic link',
  ],
  ['a link to nowhere', dir => symlink('/nowhere', join(dir, 'assets/link')), 'has a symbolic link'],
  ['a link out of it', dir => symlink('../..', join(dir, 'assets/d/link')), 'has a symbolic link'],
  [
    'a socket',
    async dir => {
      const server = createServer().listen(join(dir, 'assets/socket'))
      onTestFinished(() => void server.close())
      await once(server, 'listening')
    },
    'A file of the image cannot be used',
  ],
])('refuses a folder with %s', async (_, spoil, what) => {
  const dir = await project({ 'assets/x': '', 'assets/d/y': '' })
  await spoil(dir)
  const failure = await failureOf(found(dir, { from: 'assets', to: '/srv' }))
  expect(failure).toMatchObject({ kind: 'usage', where: expect.stringContaining(`${dir}/assets/`) })
  expect(failure.what).toContain(what)
})

test.each([
  ['assets/d/gone', 'nothing', 'rm '],
  ['assets/d/file', '../../f', 'target=$(realpath '],
  ['assets/d/folder', '../../other', 'target=$(realpath '],
])('says how to do without the link %s, in words that work', async (name, to, begin) => {
  const dir = await project({ 'assets/x': '', 'assets/d/y': '', f: '', 'other/z': '' })
  await symlink(to, join(dir, name))
  const { fix = '' } = await failureOf(found(dir, { from: 'assets', to: '/srv' }))
  const [words = '', command = ''] = fix.split('\n')
  const excluded = /exclude = (\[.*?\])/.exec(words)?.[1] ?? ''
  await found(dir, { from: 'assets', to: '/srv', exclude: JSON.parse(excluded) })
  expect(command.startsWith(begin)).toBe(true)
  execFileSync('sh', ['-ec', command])
  await found(dir, { from: 'assets', to: '/srv' })
})

test('refuses a folder that is a link out of the project', async () => {
  const dir = await project({ 'p/x': '', 'secret/key': '' })
  await symlink('../secret', join(dir, 'p/assets'))
  const failure = await failureOf(found(join(dir, 'p'), { from: 'assets', to: '/srv' }))
  expect(failure.why).toContain('outside the project')
})

test('keeps links to what is copied with them, to folders and to links too', async () => {
  const dir = await project({ 'assets/x': '', 'assets/d/y': '' })
  await symlink('d', join(dir, 'assets/current'))
  await symlink('../current', join(dir, 'assets/d/again'))
  await symlink('../x', join(dir, 'assets/d/x'))
  const { files } = await findProjectFiles([{ from: join(dir, 'assets'), to: '/srv', owner: '7' }], {
    root: dir,
    leftOut: [],
  })
  expect(
    files.map(({ target, source, owner }) => [target, 'link' in source ? source.link : '', owner]),
  ).toEqual([
    ['/srv/current', 'd', '7'],
    ['/srv/d/again', '../current', '7'],
    ['/srv/d/x', '../x', '7'],
    ['/srv/d/y', '', '7'],
    ['/srv/x', '', '7'],
  ])
})

test.each<[string, string[], string[]]>([
  ['public/*.css', [], ['/srv/.h.css', '/srv/a.css']],
  ['public/**/*.css', [], ['/srv/.h.css', '/srv/a.css', '/srv/d/b.css', '/srv/d/e/c.css']],
  ['public/*', ['**/*.css'], ['/srv/[x].js', '/srv/d', '/srv/d/e']],
  ['public/{a,b}.{css,js}', [], ['/srv/a.css']],
  ['public/[[]x].js', [], ['/srv/[x].js']],
  ['public/[x].js', [], ['/srv/[x].js']],
  ['public/d*/e', [], ['/srv/d/e/c.css', '/srv/d/e']],
  ['public', ['*.css', 'd/e/'], ['/srv/[x].js', '/srv/d/b.css', '/srv', '/srv/d']],
  ['public', ['d', './a.css'], ['/srv/.h.css', '/srv/[x].js', '/srv']],
])('%s without %j', async (from, exclude, expected) => {
  const files = ['a.css', '.h.css', 'd/b.css', 'd/e/c.css', '[x].js'].map(name => [`public/${name}`, ''])
  const dir = await project(Object.fromEntries(files))
  const to = from === 'public/[x].js' ? '/srv/' : '/srv'
  const all = (await found(dir, { from, to, exclude })).map(line => line.replace(/^644 /, ''))
  expect(all).toEqual(expected)
})

test.each<[Omit<FileRule, 'to'>, string]>([
  [{ from: 'public/*.png' }, 'nothing matches this pattern'],
  [{ from: 'nowhere/*.png' }, 'there is no such file or folder'],
  [{ from: 'public', exclude: ['!a.css'] }, 'each pattern leaves files out'],
  [{ from: 'bin/{platform}/tool' }, 'there is no such file or folder'],
  [{ from: 'bin/{arch}', owner: '7' }, 'belongs to root'],
])('refuses %j', async (rule, why) => {
  const dir = await project({ 'public/a.css': '' })
  const failure = await failureOf(
    findProjectFiles([{ ...rule, from: join(dir, rule.from), to: '/srv' }], {
      root: dir,
      leftOut: [],
      platforms: parsePlatforms(['linux/arm64']),
    }),
  )
  expect(failure).toMatchObject({ kind: 'usage', why: expect.stringContaining(why) })
})

test('takes a file for each platform', async () => {
  const dir = await project({ 'bin/linux/arm/v7/tool': '', 'bin/linux/arm64/tool': '' })
  for (const id of ['arm/v7', 'arm64']) await chmod(join(dir, `bin/linux/${id}/tool`), 0o755)
  const platforms = parsePlatforms(['linux/arm/v7', 'linux/arm64'])
  const rules = [{ from: join(dir, 'bin/{platform}/tool'), to: '/usr/bin/' }]
  const { files } = await findProjectFiles(rules, { root: dir, leftOut: [], platforms })
  expect(files).toEqual([
    {
      target: '/usr/bin/tool',
      source: {
        paths: {
          'linux/arm/v7': join(dir, 'bin/linux/arm/v7/tool'),
          'linux/arm64': join(dir, 'bin/linux/arm64/tool'),
        },
      },
      mode: 0o755,
    },
  ])
})
