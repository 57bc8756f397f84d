import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type CliOptions, xbuild } from '../support/cli.ts'
import { startFaultRegistry } from '../support/fault-registry.ts'
import { loggedTools, ownCalls } from '../support/logged-tools.ts'
import { helloGo, project, temporaryFolder } from '../support/projects.ts'

interface Built {
  readonly dir: string
  build(args?: readonly string[], options?: CliOptions): ReturnType<typeof xbuild>
  /** What the calls since the last time were: `build` or `list` of go, and git. */
  calls(): Promise<string[]>
  recorded(): Promise<string[]>
  /** The folder of what is kept. */
  readonly commands: string
  /** The go that the builds find. */
  readonly go: string
}

/** A project that was built twice: the second build knew that it was warm, so a third begins as it did. */
async function builtTwice(files: Readonly<Record<string, string>> = {}): Promise<Built> {
  const dir = await project({ ...helloGo, ...files })
  const tools = await loggedTools()
  const cache = await temporaryFolder()
  // What is compiled already stays known.
  const GOCACHE = execFileSync('go', ['env', 'GOCACHE'], { encoding: 'utf8' }).trim()
  const build: Built['build'] = (args = [], options = {}) =>
    xbuild(['--backend=oci', '--base=builtin', ...args], {
      cwd: dir,
      ...options,
      env: { PATH: tools.path, XDG_CACHE_HOME: cache, GOCACHE, ...options.env },
    })
  const calls = async () => ownCalls(await tools.calls())
  for (const _ of [1, 2]) expect(await build()).toMatchObject({ code: 0 })
  await calls()
  const commands = join(cache, 'xbuild/commands')
  const recorded = () => readdir(commands).catch(() => [])
  const go = join(tools.path.split(delimiter)[0] ?? '', 'go')
  return { dir, build, calls, recorded, commands, go }
}

/** Where the first call of each of two kinds is. */
function order(calls: readonly string[], first: RegExp, second: RegExp): boolean {
  const [a, b] = [first, second].map(kind => calls.findIndex(call => kind.test(call)))
  return a !== -1 && b !== -1 && (a as number) < (b as number)
}

interface Kept {
  readonly dist: string
  readonly watched: readonly (readonly [string, string | null])[]
  readonly text: string
}

/** Writes what is kept of a project's last build anew. */
async function rewrite({ commands, recorded }: Built, change: (kept: Kept) => unknown): Promise<void> {
  const path = join(commands, (await recorded())[0] as string)
  const kept = change(JSON.parse((await readFile(path)).subarray(32).toString()))
  const text = Buffer.from(JSON.stringify(kept))
  await writeFile(path, Buffer.concat([createHash('sha256').update(text).digest(), text]))
}

// Text that no run before has compiled.
const word = `changed-${process.pid}-${Date.now()}`
const changed = `package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("${word}") }\n`
const contents = async (dir: string) =>
  (await readFile(join(dir, 'dist/linux_amd64/hello'))).toString('latin1')
const compiles = (calls: readonly string[]) => calls.filter(call => call.startsWith('go build'))
const leftOvers = async (dir: string) =>
  (await readdir(join(dir, 'dist'))).filter(name => name.startsWith('.xbuild-'))

describe('a build like the last one', () => {
  it('starts the compilers before the project is read, once', async () => {
    const { dir, build, calls, recorded } = await builtTwice()
    expect(await recorded()).toHaveLength(1)
    await writeFile(join(dir, 'main.go'), changed)
    const built = await build()
    expect(built).toMatchObject({ code: 0, stderr: expect.stringMatching(/✔ .*Compile linux\/amd64: /) })
    const made = await calls()
    expect(order(made, /^go build/, /^(go list|git)/)).toBe(true)
    expect(compiles(made)).toHaveLength(2)
    expect(await contents(dir)).toContain(word)
    expect(await readFile(join(dir, 'dist/logs/linux_amd64.log'), 'utf8')).toContain('example.com/hello')
    expect(await leftOvers(dir)).toEqual([])
  })

  it.each([[['--tag', 'example.com/a:2']], [['-texample.com/a:2', '--label=a=b', '--base=builtin']]])(
    'is one with %j too',
    async args => {
      const { build, calls } = await builtTwice()
      expect(await build(args)).toMatchObject({ code: 0 })
      expect(order(await calls(), /^go build/, /^(go list|git)/)).toBe(true)
    },
  )

  it('says what the compiler found', async () => {
    const { dir, build } = await builtTwice()
    await writeFile(join(dir, 'main.go'), 'package main\n\nfunc main() { missing() }\n')
    expect(await build()).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('main.go:3:15: undefined: missing'),
    })
    expect(await leftOvers(dir)).toEqual([])
  })
})

describe('where the plan is another one', () => {
  it('the early compilers are ended, and count for nothing', async () => {
    const { dir, build, calls } = await builtTwice()
    // The main package has a variable to stamp now.
    await writeFile(
      join(dir, 'main.go'),
      changed.replace('func', 'var version = "none"\n\nfunc').replace(`"${word}"`, 'version'),
    )
    expect(await build([], { env: { XBUILD_VERSION_FROM: '9.8.7' } })).toMatchObject({ code: 0 })
    const made = compiles(await calls())
    expect(made.filter(call => call.includes('main.version=9.8.7'))).toHaveLength(2)
    expect(made.length).toBeGreaterThan(2)
    expect(await contents(dir)).toContain('9.8.7')
    expect(await leftOvers(dir)).toEqual([])
  })

  it.each([
    ['other platforms', ['--platform=linux/arm64']],
    ['arguments for the toolchain', ['--', '-tags=x']],
  ])('nothing is started early for %s', async (_, args) => {
    const { build, calls } = await builtTwice()
    expect(await build(args)).toMatchObject({ code: 0 })
    expect(order(await calls(), /^go build/, /^(go list|git)/)).toBe(false)
  })

  it.each([
    ['steps of the project’s own', 'xbuild.toml', '[build]\nbefore = [["true"]]\n'],
    ['another toolchain', 'go.mod', 'module example.com/hello\n\ngo 1.22\ntoolchain local\n'],
    ['a workspace', 'go.work', 'go 1.22\nuse .\n'],
  ])('nothing is started early for a file that may ask for %s', async (_, name, text) => {
    const { dir, build, calls } = await builtTwice()
    await writeFile(join(dir, name), text)
    await build()
    expect(order(await calls(), /^go build/, /^(go list|git)/)).toBe(false)
  })
})

it('ends the early compilers when a registry refuses', async () => {
  const { dir, build, go } = await builtTwice()
  const registry = await startFaultRegistry()
  const real = await readFile(go, 'utf8')
  const hangs = 'if [ "$1" = build ]; then sleep 40; exit 1; fi'
  await writeFile(go, real.replace('#!/bin/sh', `#!/bin/sh\n${hangs}`))
  const before = Date.now()
  const built = await build([`--base=${registry.host}/none:1`])
  await registry.close()
  expect(built).toMatchObject({ code: 8, stderr: expect.stringContaining('/none:1') })
  expect(Date.now() - before).toBeLessThan(30_000)
  expect(await leftOvers(dir)).toEqual([])
})

describe('a build that stops before it compiles', () => {
  it('leaves the binaries of the last one, and no process or folder', async () => {
    const { dir, build, calls } = await builtTwice()
    const before = await contents(dir)
    await writeFile(join(dir, 'main.go'), changed)
    expect(await build(['--label=a={nothing}{tag}'])).toMatchObject({ code: 2 })
    expect(compiles(await calls())).toHaveLength(2)
    expect(await contents(dir)).toBe(before)
    expect(await leftOvers(dir)).toEqual([])
  })
})

describe('what is kept of a build', () => {
  it('holds no secret', async () => {
    const secret = { 'xbuild.toml': '[go]\nldflags = "-X main.token=hunter2hunter2"\n' }
    expect(await (await builtTwice(secret)).recorded()).toEqual([])
  })

  it('is not there for a project whose own steps come first', async () => {
    const { build, calls } = await builtTwice({ 'xbuild.toml': '[build]\nbefore = [["true"]]\n' })
    expect(await build()).toMatchObject({ code: 0 })
    expect(order(await calls(), /^go build/, /^(go list|git)/)).toBe(false)
  })

  it('does no harm where a file of it cannot be written any more', async () => {
    const built = await builtTwice()
    const files = [{ path: join(built.dir, 'main.go/cc'), text: '', mode: 0o755 }]
    await rewrite(built, last => ({ ...last, text: JSON.stringify({ ...JSON.parse(last.text), files }) }))
    expect(await built.build()).toMatchObject({ code: 0 })
    expect(await leftOvers(built.dir)).toEqual([])
  })

  it('is not used by a plan with steps of the project’s own', async () => {
    const built = await builtTwice()
    const config = '[build]\nbefore = [["sh", "gen.sh"]]\n'
    await writeFile(join(built.dir, 'xbuild.toml'), config)
    await writeFile(join(built.dir, 'gen.sh'), `sleep 1\ncat > main.go <<'END'\n${changed}END\n`)
    // As if the file had been saved while the last build ran.
    const content = createHash('sha256').update(config).digest('hex')
    await rewrite(built, last => ({
      ...last,
      watched: last.watched.map(([path, other]) => [path, path.endsWith('xbuild.toml') ? content : other]),
    }))
    expect(await built.build()).toMatchObject({ code: 0 })
    expect(await contents(built.dir)).toContain(word)
  })

  it('is not used by a plan with another folder of outputs', async () => {
    const built = await builtTwice()
    const dist = await temporaryFolder()
    await writeFile(join(dist, '.last-build.json'), '{}')
    await rewrite(built, last => ({ ...last, dist }))
    expect(await built.build()).toMatchObject({ code: 0 })
    expect(compiles(await built.calls())).toHaveLength(4)
    expect((await readdir(dist)).filter(name => name !== 'logs')).toEqual(['.last-build.json'])
  })

  it('is not used where the folder of outputs was emptied', async () => {
    const { dir, build } = await builtTwice()
    await rm(join(dir, 'dist'), { recursive: true })
    await mkdir(join(dir, 'dist'))
    expect(await build()).toMatchObject({ code: 0 })
  })

  it('is nothing where a server of sccache has to be started first', async () => {
    const wrapped = { 'xbuild.toml': '[go]\nenv = { RUSTC_WRAPPER = "/nowhere/sccache" }\n' }
    expect(await (await builtTwice(wrapped)).recorded()).toEqual([])
  })
})
