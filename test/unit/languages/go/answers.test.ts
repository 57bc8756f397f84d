import { chmod, mkdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { openAnswers } from '../../../../src/languages/go/answers.ts'
import { headerOf } from '../../../../src/languages/go/go-header.ts'
import type { ListedPackage } from '../../../../src/languages/go/listed-package.ts'
import { project, temporaryFolder } from '../../../support/projects.ts'

const main = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("one") }\n'
const files = {
  'go.mod': 'module example.com/app\n\ngo 1.21\n',
  'main.go': main,
  'lib/lib.go': 'package lib\n',
}
const args = ['list', './...']

/** A Go of which only the identity matters. */
async function fakeGo(version = 'go1.26.8'): Promise<string> {
  const root = await project({ 'bin/go': '\u007fELF', VERSION: version })
  await chmod(join(root, 'bin/go'), 0o755)
  return root
}

const listed = (dir: string, more: Partial<ListedPackage> = {}): ListedPackage => ({
  name: 'main',
  path: 'example.com/app',
  dir,
  standard: false,
  dependency: false,
  cgo: false,
  module: '',
  modulePath: 'example.com/app',
  moduleDir: dir,
  files: ['main.go'],
  deps: new Set(),
  error: '',
  ...more,
})

/** A project that was read once, and a function that opens its answers again. */
async function readOnce(
  more: { files?: Record<string, string>; listed?: (dir: string) => ListedPackage[] } = {},
) {
  const dir = await project({ ...files, ...more.files })
  const go = await fakeGo()
  const answersFile = join(await temporaryFolder(), 'answers.json')
  const open = (env: Record<string, string> = {}, toolchainArgs: string[] = []) =>
    openAnswers(dir, {
      answersFile,
      toolchainArgs,
      platforms: [],
      options: { go: { tags: [], vars: {}, env: { PATH: join(go, 'bin'), ...env } } } as never,
    })
  const first = await open()
  expect(first.find(args, {})).toBeUndefined()
  first.keep(args, {}, 'what Go said')
  await first.save(more.listed?.(dir) ?? [listed(dir)])
  const asks = async (...given: Parameters<typeof open>) =>
    (await open(...given)).find(args, {}) === undefined
  return { dir, go, open, asks, answersFile }
}

/** Another file in the place of one, of the same size and mtime. */
async function replaceUnseen(path: string, text: string): Promise<void> {
  const before = await stat(path)
  await writeFile(`${path}.new`, text)
  expect((await stat(`${path}.new`)).size).toBe(before.size)
  await utimes(`${path}.new`, before.atime, before.mtime)
  await rename(`${path}.new`, path)
}

describe('answers of Go', () => {
  it('hold while nothing has changed, for that command and environment alone', async () => {
    const { open } = await readOnce()
    const answers = await open()
    expect(answers.find(args, {})).toBe('what Go said')
    expect(answers.find(['list', './lib'], {})).toBeUndefined()
    expect(answers.find(args, { GOARCH: 'arm64' })).toBeUndefined()
  })

  it('hold where a line changed that no listing reads', async () => {
    const { dir, asks } = await readOnce()
    await writeFile(join(dir, 'main.go'), main.replace('one', 'two and more'))
    expect(await asks()).toBe(false)
    await mkdir(join(dir, 'testdata'))
    await writeFile(join(dir, 'testdata/x.go'), 'package x')
    expect(await asks()).toBe(false)
  })

  it.each<[string, (dir: string) => Promise<unknown>]>([
    ['an import', dir => writeFile(join(dir, 'main.go'), main.replace('"fmt"', '"fmt"; import "os"'))],
    ['a build tag', dir => writeFile(join(dir, 'main.go'), `//go:build linux\n\n${main}`)],
    ['what is embedded', dir => writeFile(join(dir, 'main.go'), `${main}\n//go:embed a.txt\nvar a string\n`)],
    ['a new file', dir => writeFile(join(dir, 'other.go'), 'package main\n')],
    [
      'a new folder with a program',
      async dir => {
        await mkdir(join(dir, 'cmd/new'), { recursive: true })
        await writeFile(join(dir, 'cmd/new/main.go'), 'package main\n')
      },
    ],
    ['a C file, which a package without cgo may not have', dir => writeFile(join(dir, 'lib/x.c'), '')],
    ['a file that is gone', dir => rm(join(dir, 'lib/lib.go'))],
    ['another name', dir => rename(join(dir, 'lib/lib.go'), join(dir, 'lib/lib_windows.go'))],
    ['go.mod', dir => writeFile(join(dir, 'go.mod'), 'module example.com/app\n\ngo 1.22\n')],
    ['a new go.sum', dir => writeFile(join(dir, 'go.sum'), '')],
    ['a go.work above', dir => writeFile(join(dir, 'go.work'), 'go 1.21\nuse .\n')],
    [
      'a file of the same size and time',
      dir => replaceUnseen(join(dir, 'main.go'), main.replace('fmt"\n', 'fms"\n')),
    ],
    ['a package clause', dir => replaceUnseen(join(dir, 'lib/lib.go'), 'package lub\n')],
  ])('do not hold after: %s', async (_, change) => {
    const { dir, asks } = await readOnce()
    expect(await asks()).toBe(false)
    await change(dir)
    expect(await asks()).toBe(true)
  })

  it('do not hold with another environment, other settings or flags', async () => {
    const { asks } = await readOnce()
    const written = join(await project({ env: 'GOFLAGS=-tags=x\n' }), 'env')
    for (const env of [
      { GOFLAGS: '-tags=x' },
      { GO111MODULE: 'off' },
      { CGO_ENABLED: '1' },
      { GOENV: written },
    ]) {
      expect(await asks(env), JSON.stringify(env)).toBe(true)
    }
    expect(await asks({}, ['-modfile=other.mod'])).toBe(true)
    expect(await asks()).toBe(false)
  })

  it('do not hold for another Go: replaced in its place, of the same size, or behind a link', async () => {
    const { go, asks } = await readOnce()
    await replaceUnseen(join(go, 'bin/go'), '\u007fELG')
    await chmod(join(go, 'bin/go'), 0o755)
    expect(await asks()).toBe(true)
    expect(await asks({ PATH: join(await fakeGo('go1.25.0'), 'bin') })).toBe(true)
  })

  it('are not taken from a script that starts some Go, and not with GOROOT', async () => {
    const { go, asks } = await readOnce()
    expect(await asks({ GOROOT: go })).toBe(true)
    const shim = await project({ 'bin/go': '#!/bin/sh\nexec other "$@"\n', VERSION: 'x' })
    await chmod(join(shim, 'bin/go'), 0o755)
    const { openAnswers: open } = await import('../../../../src/languages/go/answers.ts')
    const dir = await project(files)
    const answersFile = join(await temporaryFolder(), 'a.json')
    const context = {
      answersFile,
      platforms: [],
      options: { go: { env: { PATH: join(shim, 'bin') } } } as never,
    }
    const first = await open(dir, context)
    first.keep(args, {}, 'x')
    await first.save([listed(dir)])
    expect((await open(dir, context)).find(args, {})).toBeUndefined()
  })

  it('are not used where another machine is asked', async () => {
    const { go, dir, open } = await readOnce()
    expect((await open()).find(args, {})).toBe('what Go said')
    const elsewhere = await openAnswers(dir, {
      answersFile: join(go, 'answers.json'),
      platforms: [],
      options: { go: { tags: [], vars: {}, env: { PATH: join(go, 'bin') } } } as never,
      run: async () => expect.fail('asked'),
    })
    elsewhere.keep(args, {}, 'there')
    await elsewhere.save([listed(dir)])
    await expect(readFile(join(go, 'answers.json'))).rejects.toThrow('ENOENT')
  })

  it('do not hold where a module is gone from the cache', async () => {
    const cache = join(await temporaryFolder(), 'example.com/dep@v1.0.0')
    await mkdir(cache, { recursive: true })
    const dependency = (dir: string) => [listed(dir), listed(cache, { dependency: true, moduleDir: cache })]
    const { asks } = await readOnce({ listed: dependency })
    expect(await asks()).toBe(false)
    await rm(cache, { recursive: true })
    expect(await asks()).toBe(true)
  })

  it.each<[string, (dir: string) => ListedPackage[], Record<string, string>]>([
    ['a package outside', dir => [listed(dir), listed('/elsewhere', { moduleDir: '/elsewhere' })], {}],
    ['an error', dir => [listed(dir, { error: 'no such package' })], {}],
    ['a replacement outside', dir => [listed(dir)], { 'go.mod': 'module a\n\nreplace b => ../b\n' }],
    ['a workspace outside', dir => [listed(dir)], { 'go.work': 'go 1.21\n\nuse (\n\t.\n\t../b\n)\n' }],
  ])('are not kept with %s', async (_, list, more) => {
    const { asks } = await readOnce({ listed: list, files: more })
    expect(await asks()).toBe(true)
  })

  it('follow a link to a source', async () => {
    const dir = await temporaryFolder()
    await writeFile(join(dir, 'real.txt'), 'package linked\n')
    const { dir: own, open } = await readOnce()
    await symlink(join(dir, 'real.txt'), join(own, 'lib/linked.go'))
    const again = await open()
    again.keep(args, {}, 'with the link')
    await again.save([listed(own)])
    expect((await open()).find(args, {})).toBe('with the link')
    await writeFile(join(dir, 'real.txt'), 'package others\n')
    expect((await open()).find(args, {})).toBeUndefined()
  })

  it.each<[string, string, (dir: string) => Promise<unknown>]>([
    ['a folder is gone', 'ui/dist', dir => rm(join(dir, 'ui/dist'), { recursive: true })],
    ['a folder is empty', 'all:ui/dist "go.mod"', dir => rm(join(dir, 'ui/dist/index.html'))],
    ['a file is gone', '`ui/dist/index.html`', dir => rm(join(dir, 'ui/dist/index.html'))],
    ['nothing is left for a pattern', 'ui/dist/*.html', dir => rm(join(dir, 'ui/dist/index.html'))],
  ])('do not hold where what is embedded is not there any more: %s', async (_, patterns, change) => {
    const embedding = `package main\n\nimport "embed"\n\n//go:embed ${patterns}\nvar ui embed.FS\n`
    const { dir, asks } = await readOnce({ files: { 'ui.go': embedding, 'ui/dist/index.html': 'x' } })
    await writeFile(join(dir, 'ui/dist/index.html'), 'another')
    expect(await asks()).toBe(false)
    await change(dir)
    expect(await asks()).toBe(true)
  })

  it('go by the content of a file that changed in the last second: some file systems count seconds', async () => {
    const { dir, open, answersFile } = await readOnce()
    await sleep(100)
    const answers = await open()
    answers.keep(['env'], {}, 'later')
    await answers.save([listed(dir)])
    const { files: known } = JSON.parse(await readFile(answersFile, 'utf8'))
    expect(known.find(([path]: string[]) => path === join(dir, 'main.go'))[1]).toBe('')
  })

  it('are not kept where a source changed while Go was asked', async () => {
    const { dir, open } = await readOnce()
    await writeFile(join(dir, 'main.go'), `${main}// `.replace('"fmt"', '"os"'))
    const answers = await open()
    answers.keep(args, {}, 'late')
    await sleep(20)
    await writeFile(join(dir, 'main.go'), main.replace('"fmt"', '"io"'))
    await answers.save([listed(dir)])
    expect((await open()).find(args, {})).toBeUndefined()
  })

  it('hold nothing where the file is damaged', async () => {
    const dir = await project(files)
    const answersFile = join(await project({ 'a.json': '{' }), 'a.json')
    const go = await fakeGo()
    const context = {
      answersFile,
      platforms: [],
      options: { go: { env: { PATH: join(go, 'bin') } } } as never,
    }
    expect((await openAnswers(dir, context)).find(args, {})).toBeUndefined()
    expect(await readFile(answersFile, 'utf8')).toBe('{')
  })
})

describe('headerOf', () => {
  it.each([
    ['package a\nfunc f() {}', 'package a'],
    [
      '// c\npackage a // d\nimport "b"; import c "d"\nvar x = 1',
      '// c\npackage a // d\nimport "b"; import c "d"',
    ],
    [
      'package a\nimport (\n\t. "b" // x\n\t_ `c`\n)\nimport/**/"e"\nconst x = "import"',
      'package a\nimport (\n\t. "b" // x\n\t_ `c`\n)\nimport/**/"e"',
    ],
    ['/*\n#cgo LDFLAGS: -lx\n*/\npackage a\ntype t int', '/*\n#cgo LDFLAGS: -lx\n*/\npackage a'],
    ['package a\nvar x int\n//go:embed y\nvar z string', 'package a\n//go:embed y'],
    ['package a\nimport ("b"\nbroken', 'package a\nimport ("b"\nbroken'],
    ['no Go at all', 'no Go at all'],
    ['package a\nimport "C"\nfunc g() {}', 'package a\nimport "C"'],
  ])('%j', (text, header) => {
    expect(headerOf(text)).toBe(header)
  })
})
