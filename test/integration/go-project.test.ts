import { chmod, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it, test, vi } from 'vitest'
import { resolveOptions } from '../../src/config/options.ts'
import { chooseExecutables } from '../../src/languages/choose.ts'
import { goBinaryName } from '../../src/languages/go/programs.ts'
import { inspectGo } from '../../src/languages/go/project.ts'
import { detectLanguage } from '../../src/languages/index.ts'
import { parsePlatforms } from '../../src/platforms.ts'
import { helloGo, project } from '../support/projects.ts'

const two = ['linux/amd64', 'linux/arm64']

async function inspect(dir: string, platforms = two, toolchainArgs: readonly string[] = []) {
  const { language } = await resolveOptions({ dir }, {})
  return inspectGo(dir, { options: language, platforms: parsePlatforms(platforms), toolchainArgs })
}

const main = (imports = '') => `package main\n${imports}\nfunc main() {}\n`
const module = (name: string) => `module ${name}\n\ngo 1.21\n`

describe('the programs of a module', () => {
  afterEach(() => vi.unstubAllEnvs())

  it('is the one at its root', async () => {
    const found = await inspect(await project(helloGo))
    expect(found.executables).toMatchObject([{ name: 'hello', package: '.' }])
    expect(found.cCode).toEqual([])
    expect(found.toolchain).toMatchObject({ name: 'go', version: expect.stringMatching(/^1\.\d+/) })
  })

  it('are all mains, and no library, test, testdata or program of another system', async () => {
    const dir = await project({
      'go.mod': module('example.com/many'),
      'lib.go': 'package many\n',
      'cmd/b/main.go': main(),
      'cmd/a/main.go': main(),
      'cmd/win/main_windows.go': main(),
      'cmd/tool/gen.go': `//go:build ignore\n\n${main()}`,
      'testdata/x/main.go': main(),
    })
    expect((await inspect(dir)).executables).toEqual([
      { name: 'a', package: './cmd/a', aliases: ['example.com/many/cmd/a'] },
      { name: 'b', package: './cmd/b', aliases: ['example.com/many/cmd/b'] },
    ])
  })

  it('include one that only arm64 has, when arm64 is asked for', async () => {
    const dir = await project({ ...helloGo, 'cmd/only/main_arm64.go': main() })
    expect((await inspect(dir)).executables.map(({ name }) => name)).toEqual(['hello', 'only'])
    expect((await inspect(dir, ['linux/amd64'])).executables.map(({ name }) => name)).toEqual(['hello'])
  })

  it('are found in every module of a workspace whose root is no module', async () => {
    const dir = await project({
      'go.work': 'go 1.21\n\nuse (\n\t./one\n\t./deep/two\n)\n',
      'one/go.mod': module('example.com/one'),
      'one/main.go': main(),
      'deep/two/go.mod': module('example.com/two'),
      'deep/two/cmd/server/main.go': main(),
    })
    expect((await inspect(dir)).executables).toMatchObject([
      { name: 'one', package: './one', versionFolder: join(dir, 'one') },
      { name: 'server', package: './deep/two/cmd/server', versionFolder: join(dir, 'deep/two') },
    ])
  })

  it.each(['at the link', 'inside'])('are found where a link leads to the workspace: %s', async where => {
    const dir = await project({
      'go.work': 'go 1.21\n\nuse ./one\n',
      'one/go.mod': module('example.com/one'),
      'one/main.go': main(),
    })
    const link = join(await project({}), 'link')
    await symlink(dir, link)
    // A shell that was sent there by the link has its name in PWD, whatever folder xbuild is given.
    vi.stubEnv('PWD', link)
    const root = where === 'inside' ? dir : link
    expect((await inspect(root)).executables).toMatchObject([{ name: 'one', package: './one' }])
  })

  it('survive a folder with spaces and quotes in its name', async () => {
    const dir = await project({})
    const strange = join(dir, `a "b" 'c' ü`)
    await rename(await project(helloGo), strange)
    expect((await inspect(strange)).executables).toMatchObject([{ name: 'hello', package: '.' }])
  })

  it.each([[['-tags=special']], [['-tags', 'special']], [['-v', '--tags', 'special']]])(
    'are those that the flags after -- select: %j',
    async toolchainArgs => {
      const files = { 'cmd/only/main.go': `//go:build special\n\n${main('import "C"')}` }
      const dir = await project({ ...helloGo, ...files })
      expect((await inspect(dir)).executables.map(({ name }) => name)).toEqual(['hello'])
      const found = await inspect(dir, two, toolchainArgs)
      expect(found.executables.map(({ name }) => name)).toEqual(['hello', 'only'])
      expect(found.cCode).toMatchObject([{ executables: ['./cmd/only'] }])
    },
  )

  it('carry their fault until they are chosen', async () => {
    const dir = await project({
      ...helloGo,
      'cmd/broken/main.go': main('import _ "example.com/hello/missing"'),
    })
    const found = await inspect(dir)
    expect(found.executables.map(({ name }) => name)).toEqual(['broken', 'hello'])
    expect(() => chooseExecutables(found, ['broken'])).toThrow(
      expect.objectContaining({ kind: 'project', why: expect.stringContaining('missing') }),
    )
    expect(chooseExecutables(found, ['hello'])).toHaveLength(1)
  })
})

describe('cgo', () => {
  it('counts where a package of the project imports C, with the programs that link it', async () => {
    const dir = await project({
      ...helloGo,
      'c/c.go': 'package c\n\nimport "C"\n',
      'cmd/with/main.go': main('import _ "example.com/hello/c"'),
    })
    expect((await inspect(dir)).cCode).toEqual([
      { dependency: 'example.com/hello/c', platforms: two, executables: ['./cmd/with'] },
    ])
  })

  it('does not count in the standard library, nor in a package that no program imports', async () => {
    const dir = await project({
      ...helloGo,
      'main.go': main('import (\n\t_ "net"\n\t_ "os/user"\n)'),
      'unused/c.go': 'package unused\n\nimport "C"\n',
    })
    expect((await inspect(dir)).cCode).toEqual([])
  })

  it('counts for the platforms whose files use it', async () => {
    const dir = await project({ ...helloGo, 'c_arm64.go': 'package main\n\nimport "C"\n' })
    expect((await inspect(dir)).cCode).toMatchObject([{ platforms: ['linux/arm64'] }])
  })

  it.each([
    ['x86_64-alpine-linux-musl', 'musl'],
    ['x86_64-linux-gnu', 'gnu'],
  ])('is compiled by a host’s cc that says %s against %s', async (machine, libc) => {
    const tools = await project({ cc: `#!/bin/sh\n[ "$*" = -dumpmachine ] && echo ${machine}\n` })
    await chmod(join(tools, 'cc'), 0o755)
    vi.stubEnv('PATH', `${tools}:${process.env['PATH']}`)
    const dir = await project({ ...helloGo, 'main.go': main('import "C"') })
    expect((await inspect(dir)).cToolchains).toMatchObject({ hostLibc: libc })
    vi.unstubAllEnvs()
  })

  it('is found in a program whose only file imports C', async () => {
    const dir = await project({ ...helloGo, 'main.go': main('import "C"') })
    expect((await inspect(dir)).cCode).toMatchObject([{ executables: ['.'] }])
  })
})

describe('the environment', () => {
  afterEach(() => vi.unstubAllEnvs())
  /** A program of one module that is served by nobody, and the copy of it that `go mod vendor` would make. */
  const dependent = {
    'go.mod': `${module('example.com/hello')}\nrequire private.example/lib v1.0.0\n`,
    'main.go': main('import _ "private.example/lib"'),
  }
  const vendored = {
    'vendor/modules.txt': '# private.example/lib v1.0.0\n## explicit\nprivate.example/lib\n',
    'vendor/private.example/lib/lib.go': 'package lib\n',
  }

  it('has GOFLAGS, which are left to go', async () => {
    vi.stubEnv('GOFLAGS', '-tags=special')
    const only = { 'cmd/only/main.go': `//go:build special\n\n${main()}` }
    const found = await inspect(await project({ ...helloGo, ...only }))
    expect(found.executables.map(({ name }) => name)).toEqual(['hello', 'only'])
  })

  it('has [go] env, which goes before it', async () => {
    vi.stubEnv('GOFLAGS', '-mod=nonsense')
    const dir = await project({ ...helloGo, 'xbuild.toml': '[go.env]\nGOFLAGS = ""\n' })
    expect((await inspect(dir)).executables).toHaveLength(1)
  })

  it('has what the garbage collector of Go’s tools may do, unless the user says it', async () => {
    vi.stubEnv('GOGC', '')
    expect((await inspect(await project(helloGo))).memory).toBeGreaterThan(0)
    const settings = { ...helloGo, 'xbuild.toml': '[go.env]\nGOMEMLIMIT = "1GiB"\n' }
    expect(await inspect(await project(settings))).not.toHaveProperty('memory')
    vi.stubEnv('GOGC', '50')
    expect(await inspect(await project(helloGo))).not.toHaveProperty('memory')
  })

  it('needs no network where everything is vendored', async () => {
    vi.stubEnv('GOPROXY', 'off')
    const found = await inspect(await project({ ...dependent, ...vendored }))
    expect(found).toMatchObject({ executables: [{ name: 'hello', package: '.' }] })
    expect(found.executables[0]).not.toHaveProperty('problem')
  })

  it('that cannot get at a private module is told in the words of go, with the module', async () => {
    vi.stubEnv('GOPROXY', 'off')
    const found = await inspect(await project(dependent))
    expect(() => chooseExecutables(found, [])).toThrow(
      expect.objectContaining({ kind: 'project', why: expect.stringContaining('private.example/lib') }),
    )
  })
})

describe('what is no project', () => {
  afterEach(() => vi.unstubAllEnvs())
  const fails = (dir: string, details: object) => expect(inspect(dir)).rejects.toMatchObject(details)

  it('a go.mod that is not one', async () =>
    fails(await project({ ...helloGo, 'go.mod': 'modul x' }), {
      kind: 'project',
      why: expect.stringContaining('go.mod:1'),
    }))

  it('a Go that the project finds too old', async () =>
    fails(await project({ ...helloGo, 'go.mod': 'module x\n\ngo 1.99\n' }), {
      kind: 'tool',
      what: expect.stringContaining('the project asks for 1.99'),
      fix: expect.stringContaining('GOTOOLCHAIN=auto'),
    }))

  it('a Go that cannot be fetched', async () => {
    vi.stubEnv('GOTOOLCHAIN', 'auto')
    vi.stubEnv('GOPROXY', 'off')
    await fails(await project({ ...helloGo, 'go.mod': 'module x\n\ngo 1.99\n' }), {
      kind: 'tool',
      what: 'The project’s Go toolchain is not available',
      why: expect.stringContaining('go1.99'),
    })
  })

  it('a library alone', async () => {
    const found = await inspect(await project({ 'go.mod': module('x'), 'lib.go': 'package x\n' }))
    expect(() => chooseExecutables(found, [])).toThrow(
      expect.objectContaining({ kind: 'project', what: 'The project has no executable' }),
    )
  })

  it('several programs and none chosen, with the choices', async () => {
    const found = await inspect(
      await project({ 'go.mod': module('x'), 'cmd/a/m.go': main(), 'cmd/b/m.go': main() }),
    )
    expect(() => chooseExecutables(found, [])).toThrow(
      expect.objectContaining({ kind: 'project', fix: expect.stringMatching(/--bin a[\s\S]*--bin b/) }),
    )
    expect(() => chooseExecutables(found, ['c'])).toThrow(expect.objectContaining({ kind: 'usage' }))
    const spellings = ['./cmd/b', 'b', 'cmd/b', './cmd/b/']
    expect(chooseExecutables(found, spellings).map(({ name }) => name)).toEqual(['b'])
  })

  it('two languages at once', async () => {
    const dir = await project({ ...helloGo })
    await writeFile(join(dir, 'Cargo.toml'), '[package]\nname = "x"\nversion = "0.1.0"\n')
    await expect(detectLanguage(dir)).rejects.toMatchObject({
      kind: 'project',
      fix: expect.stringMatching(/--lang go[\s\S]*--lang rust/),
    })
    expect((await detectLanguage(dir, 'go')).name).toBe('go')
  })

  it('an empty folder, with the project above it', async () => {
    const dir = await project({ ...helloGo, 'sub/x.txt': '' })
    await expect(detectLanguage(join(dir, 'sub'))).rejects.toMatchObject({
      kind: 'project',
      fix: expect.stringMatching(/^xbuild \S+$/),
    })
  })

  it('the folder of documents in a project, which is named', async () => {
    const dir = await project({ 'go.mod': module('x'), 'cmd/a/m.go': main(), 'docs/index.md': '' })
    await expect(detectLanguage(join(dir, 'docs'))).rejects.toMatchObject({
      kind: 'project',
      fix: expect.stringMatching(/^xbuild \S+$/),
    })
  })
})

test.each([
  ['example.com/app', 'app'],
  ['example.com/app/v2', 'app'],
  ['example.com/app/cmd/server', 'server'],
  ['app', 'app'],
  ['v2', 'v2'],
  ['example.com/app/v12', 'app'],
  // cmd/go's isVersionElement
  ['example.com/app/v1', 'v1'],
  ['example.com/app/v0', 'v0'],
  ['example.com/app/v05', 'v05'],
])('the binary of %s is called %s', (path, name) => expect(goBinaryName(path, '/x/y')).toBe(name))
