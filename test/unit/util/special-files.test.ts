import { execFileSync, spawn } from 'node:child_process'
import { lstat, mkdir, readFile, readlink, rename, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeEach, expect, it, test } from 'vitest'
import { checkStore } from '../../../src/bench/measure/store.ts'
import { makeOutputFolder } from '../../../src/build/output-folder.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { readLock } from '../../../src/config/lock-file.ts'
import { placeArchive } from '../../../src/image/buildx/place-output.ts'
import { replaceIndex } from '../../../src/image/layout/index-json.ts'
import { archiveFiles } from '../../../src/image/read/layout-files.ts'
import { openImage } from '../../../src/image/read/source.ts'
import { detectLanguage } from '../../../src/languages/index.ts'
import { hostTls } from '../../../src/registry/certificates.ts'
import { findCredentials } from '../../../src/registry/credentials.ts'
import { writeFileAtomically } from '../../../src/util/atomic.ts'
import { ownerMark } from '../../../src/util/owner.ts'
import { readBytes, readText, readTextIfThere } from '../../../src/util/read-file.ts'
import { withLock } from '../../../src/util/with-lock.ts'
import { checkUserFile, writeUserFile } from '../../../src/util/write-user-file.ts'
import { failureOf } from '../../support/failure-of.ts'
import { temporaryFolder } from '../../support/projects.ts'

let folder: string
beforeEach(async () => {
  folder = await temporaryFolder()
})

const fifo = (name = 'fifo') => {
  const path = join(folder, name)
  execFileSync('mkfifo', [path])
  return path
}

const writers: readonly [string, (path: string) => Promise<void>][] = [
  ['writeFileAtomically', path => writeFileAtomically(path, 'text')],
  ['writeUserFile', path => writeUserFile(path, 'text', '--report')],
  [
    'placeArchive',
    async path => {
      const from = join(folder, 'from')
      await writeFile(from, 'text')
      await placeArchive(from, path)
    },
  ],
]

test.each(writers)('%s writes into a device, and leaves it there', async (_, write) => {
  await write('/dev/null')
  expect((await stat('/dev/null')).isCharacterDevice()).toBe(true)
})

test.each(writers)('%s writes into a FIFO, and leaves it there', async (_, write) => {
  const path = fifo()
  const reader = spawn('cat', [path])
  let text = ''
  reader.stdout.on('data', data => {
    text += data
  })
  const closed = new Promise(resolve => reader.on('close', resolve))
  await write(path)
  await closed
  expect(text).toBe('text')
  expect((await lstat(path)).isFIFO()).toBe(true)
})

test.each(writers)('%s follows a link, and leaves it there', async (_, write) => {
  await writeFile(join(folder, 'real'), 'old')
  await symlink('real', join(folder, 'link'))
  await symlink('link', join(folder, 'link2'))
  await write(join(folder, 'link2'))
  expect(await readlink(join(folder, 'link2'))).toBe('link')
  expect(await readFile(join(folder, 'real'), 'utf8')).toBe('text')
})

test.each(writers)('%s follows a link to nothing', async (_, write) => {
  await symlink('new', join(folder, 'link'))
  await write(join(folder, 'link'))
  expect(await readlink(join(folder, 'link'))).toBe('new')
  expect(await readFile(join(folder, 'new'), 'utf8')).toBe('text')
})

it('checks a special file without writing to it', async () => {
  const path = fifo()
  await checkUserFile(path, '--report')
  await checkUserFile('/dev/null', '--report')
  expect((await lstat(path)).isFIFO()).toBe(true)
})

test.each([
  ['a FIFO', () => fifo()],
  ['a device without an end', () => '/dev/zero'],
  ['a terminal or none', () => '/dev/ptmx'],
  ['a file of /proc', () => (process.platform === 'linux' ? '/proc/self/status' : '/dev/random')],
])('does not read %s', async (_, path) => {
  expect(await failureOf(readBytes(path()))).toMatchObject({
    kind: 'usage',
    what: expect.stringContaining('regular'),
  })
  expect(await failureOf(readTextIfThere(fifo('other')))).toMatchObject({ kind: 'usage' })
})

/** Everything that reads a file which somebody else may have put there. */
const readers: readonly [string, (path: string, folder: string) => Promise<unknown>][] = [
  ['logins of docker', (_, DOCKER_CONFIG) => findCredentials('r.example', { env: { DOCKER_CONFIG } })],
  ['logins of podman', path => findCredentials('r.example', { env: { REGISTRY_AUTH_FILE: path } })],
  ['certificates', path => hostTls('r.example', true, { SSL_CERT_FILE: path })],
  ['an archive', path => openImage(path)],
  ['an archive that is a FIFO by now', path => archiveFiles(path)],
  ['an image by the name oci:', path => openImage(`oci:${path}`)],
  ['a layout', (_, folder) => openImage(folder)],
  ['the mark of an output folder', (_, folder) => makeOutputFolder(folder)],
]

test.each(readers)('a FIFO among %s ends in a failure', async (_, read) => {
  for (const name of ['config.json', '.gitignore', 'index.json', 'image.tar']) fifo(name)
  const ended = Promise.race([
    read(join(folder, 'image.tar'), folder),
    new Promise(resolve => setTimeout(resolve, 2000, 'it waits')),
  ])
  const failure = await failureOf(ended)
  expect([2, 6, 8]).toContain(failure.exitCode)
})

test.each([
  ['the settings', 'xbuild.toml', (dir: string) => loadConfig(dir)],
  ['the lock of bases', 'xbuild.lock', (dir: string) => readLock(dir, false)],
])('%s: a link to nothing is not the same as no file', async (_, name, read) => {
  await read(folder)
  await symlink('nowhere', join(folder, name))
  expect(await failureOf(read(folder))).toMatchObject({ kind: 'usage' })
})

test.each([
  ['a module', [], 'go.mod'],
  ['a program', ['go.mod'], 'main.go'],
  ['a workspace of Go', [], 'go.work'],
  ['a manifest', [], 'Cargo.toml'],
  ['the name of a toolchain', ['Cargo.toml'], 'rust-toolchain.toml'],
  ['a build file', [], 'build.zig'],
  ['what cargo is to do', ['Cargo.toml'], '.cargo/config.toml'],
])('%s that is a FIFO, or a link to one, is not handed to a toolchain', async (_, files, name) => {
  for (const file of files) await writeFile(join(folder, file), '')
  await mkdir(join(folder, dirname(name)), { recursive: true })
  const path = fifo(name)
  expect(await failureOf(detectLanguage(folder))).toMatchObject({ kind: 'usage', where: path })
  await rename(path, join(folder, 'fifo'))
  await symlink(join(folder, 'fifo'), path)
  expect(await failureOf(detectLanguage(folder))).toMatchObject({ kind: 'usage', where: path })
})

test('a lock that is a FIFO is taken when it is old', async () => {
  const path = fifo('file.lock')
  await utimes(path, 1, 1)
  expect(await withLock(join(folder, 'file'), async () => 'done')).toBe('done')
})

test('the interrupt of a caller ends the wait for a lock', async () => {
  const aborted = AbortSignal.abort()
  for (const name of ['index.json', '.xbuild/bench.json']) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, `${name}.lock`), ownerMark())
  }
  const digest = `sha256:${'0'.repeat(64)}`
  const content = { index: { descriptor: { mediaType: 'x', digest, size: 1 } }, descriptorAnnotations: {} }
  await expect(replaceIndex(folder, content, [], aborted)).rejects.toMatchObject({ kind: 'interrupted' })
  const soon = AbortSignal.timeout(50)
  await expect(checkStore(folder, soon)).rejects.toMatchObject({ kind: 'interrupted' })
})

it('reads regular files, and /dev/null as an empty one', async () => {
  const path = join(folder, 'file')
  const text = 'äx\n'.repeat(700_000)
  await writeFile(path, text)
  expect(await readText(path)).toBe(text)
  expect(await readText('/dev/null')).toBe('')
  await writeFile(path, '')
  expect(await readText(path)).toBe('')
  expect(await readTextIfThere(join(folder, 'none'))).toBeUndefined()
  await expect(readText(folder)).rejects.toMatchObject({ code: 'EISDIR' })
})

it('refuses a file over its limit', async () => {
  const path = join(folder, 'file')
  await writeFile(path, 'x'.repeat(2_000_000))
  expect(await failureOf(readText(path, 1_000_000))).toMatchObject({
    what: expect.stringContaining('too large'),
  })
})

it('gives a mode that the umask narrows', async () => {
  const before = process.umask(0o077)
  try {
    await writeFileAtomically(join(folder, 'script'), '', { mode: 0o755 })
    await writeFileAtomically(join(folder, 'text'), '')
  } finally {
    process.umask(before)
  }
  expect((await stat(join(folder, 'script'))).mode & 0o777).toBe(0o700)
  expect((await stat(join(folder, 'text'))).mode & 0o777).toBe(0o600)
})
