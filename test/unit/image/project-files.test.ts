import { once } from 'node:events'
import { chmod, mkdir, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type FileRule, findProjectFiles } from '../../../src/image/project-files.ts'
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
  ['a link in it', dir => symlink('x', join(dir, 'assets/link')), 'has a symbolic link'],
  ['a link to nowhere', dir => symlink('/nowhere', join(dir, 'assets/link')), 'has a symbolic link'],
  ['a link to a folder', dir => symlink('..', join(dir, 'assets/d/link')), 'has a symbolic link'],
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

test('refuses a folder that is a link out of the project', async () => {
  const dir = await project({ 'p/x': '', 'secret/key': '' })
  await symlink('../secret', join(dir, 'p/assets'))
  const failure = await failureOf(found(join(dir, 'p'), { from: 'assets', to: '/srv' }))
  expect(failure.why).toContain('outside the project')
})
