import { describe, expect, it, test } from 'vitest'
import { go } from '../../../../src/languages/go/index.ts'
import { countPackages } from '../../../../src/languages/go/progress.ts'
import type { GoProject } from '../../../../src/languages/go/project.ts'
import type { GoSetting } from '../../../../src/languages/go/settings.ts'
import type { CompileRequest } from '../../../../src/languages/language.ts'
import { parsePlatforms, platforms } from '../../../../src/platforms.ts'
import { tokens } from '../../../../src/util/substitute.ts'
import { compileRequest, defaultOptions } from '../../../support/compile-request.ts'

const project: GoProject = {
  language: 'go',
  root: '/src/app',
  executables: [
    { name: 'server', package: './cmd/server' },
    { name: 'worker', package: './cmd/worker' },
  ],
  toolchain: { name: 'go', version: '1.26.8' },
  cCode: [],
  remarks: [],
  settings: new Map(),
  flags: { ldflags: [], tags: [], values: new Map() },
  variables: [],
  packages: 200,
}
const plan = (ids: string, changes: Partial<CompileRequest> = {}, more: Partial<GoProject> = {}) => {
  const facts = { ...project, ...more }
  return go.compile(facts, compileRequest(facts, parsePlatforms([ids]), changes))
}
const options = (goTable: Partial<typeof defaultOptions.go>) => ({
  options: { ...defaultOptions, go: { ...defaultOptions.go, ...goTable } },
})
const command = (changes: Partial<CompileRequest> = {}) => plan('arm64', changes).steps[0]?.command

describe('the steps', () => {
  it('are one go build per platform for all programs', () => {
    expect(plan('amd64,linux/arm/v7', { source: { epoch: 0, version: 'v1.0.0' } })).toMatchObject({
      // What go list has not downloaded by then, the programs do not need.
      prepare: [],
      steps: [
        {
          title: 'Compile linux/amd64',
          command: {
            tool: 'go',
            args: [
              ...['build', '-v', '-trimpath', '-p=2', '-ldflags=-s -w'],
              ...['-o', `${tokens.work}/linux_amd64/`, './cmd/server', './cmd/worker'],
            ],
            cwd: '/src/app',
            env: { GOOS: 'linux', GOARCH: 'amd64', GOAMD64: 'v1', CGO_ENABLED: '0' },
          },
        },
        { command: { env: { GOOS: 'linux', GOARCH: 'arm', GOARM: '7', CGO_ENABLED: '0' } } },
      ],
      prediction: { libc: 'none' },
    })
  })

  test.each(platforms)('set the whole target for $id', ({ id, go: target }) => {
    const [step] = plan(id).steps
    expect(step?.command.env).toEqual({ GOOS: 'linux', ...target, CGO_ENABLED: '0' })
  })
})

// facts: cold, several builds at once are slower than one that has every processor; warm, they mostly link.
test.each([
  ['amd64', { jobs: 8, warm: false }, 1, '-p=8'],
  ['amd64,arm64', { jobs: 8, warm: false }, 2, '-p=4'],
  ['amd64,arm64,linux/arm/v7,riscv64,s390x', { jobs: 8, warm: false }, 4, '-p=2'],
  ['amd64,arm64', { jobs: 2, warm: false }, 1, '-p=2'],
  ['amd64,arm64', { jobs: 1, warm: false }, 1, '-p=1'],
  ['amd64,arm64,linux/arm/v7', { jobs: 2, warm: true }, 3, undefined],
])('%s with %j: %i at once, each with %s', (ids, changes, concurrency, share) => {
  const { steps, ...rest } = plan(ids, changes)
  expect(rest.concurrency).toBe(concurrency)
  expect(steps[0]?.command.args.find(word => word.startsWith('-p='))).toBe(share)
})

test('the tools collect no garbage while each has its share of half of the memory', () => {
  const env = (changes: Partial<CompileRequest> = {}) =>
    plan('amd64,arm64', { jobs: 4, ...changes }, { memory: 8 * 1024 ** 3 }).steps[0]?.command.env
  expect(env()).toMatchObject({ GOGC: 'off', GOMEMLIMIT: '1024MiB' })
  expect(env({ jobs: 1 })).toMatchObject({ GOMEMLIMIT: '4096MiB' })
  expect(env(options({ env: { GODEBUG: 'x' } }))).toMatchObject({ GOGC: 'off', GODEBUG: 'x' })
})

describe('[go]', () => {
  it('has tags, and environment that never overrides the target', () => {
    const settings = options({ tags: ['netgo', 'osusergo'], env: { GOEXPERIMENT: 'x', GOARCH: 'mips' } })
    expect(command(settings)?.args).toContain('-tags=netgo,osusergo')
    expect(command(settings)?.env).toMatchObject({ GOEXPERIMENT: 'x', GOARCH: 'arm64' })
  })

  it('leaves the flags of the environment alone', () =>
    expect(Object.keys(command()?.env ?? {})).not.toContain('GOFLAGS'))
})

describe('cgo with zig', () => {
  const facts = {
    cCode: [{ dependency: 'example.com/sqlite' }],
    cToolchains: {
      commands: new Set<string>(),
      hostArch: 'amd64',
      hostLibc: 'gnu' as const,
      pkgConfigSet: false,
      zig: { command: ['zig'], version: '0.14.1' },
    },
  }
  const step = (changes: Partial<CompileRequest> = {}) => plan('arm64', changes, facts).steps[0]?.command

  it('is linked statically and stripped by the linker, for Go would leave that to it', () => {
    expect(step()?.env).toMatchObject({
      CGO_ENABLED: '1',
      CC: 'zig cc -target aarch64-linux-musl -fno-sanitize=undefined',
    })
    expect(step()?.args).toContain('-ldflags=-s -w -buildid= -linkmode=external "-extldflags=-static -s"')
  })

  it('says that it replaces a C compiler of the user’s', () => {
    const hints = (entries: [string, GoSetting][]) =>
      plan('arm64', {}, { ...facts, settings: new Map(entries) }).hints
    expect(
      hints([
        ['CC', { value: 'clang', from: '[go] env' }],
        ['CXX', { value: 'clang++', from: 'the environment' }],
        ['AR', { value: 'llvm-ar', from: 'the environment' }],
        ['CGO_CFLAGS', { value: '-O1', from: 'the environment' }],
      ]),
    ).toEqual([
      expect.stringMatching(/^CC of \[go\] env does not count: \[c\] toolchain /),
      expect.stringMatching(/^CXX, AR of the environment do not count: /),
    ])
    expect(hints([['CGO_CFLAGS', { value: '-O1', from: '[go] env' }]])).toEqual([])
  })

  it('keeps its symbols where [go] ldflags does', () =>
    expect(step(options({ ldflags: '-w' }))?.args).toContain(
      '-ldflags=-linkmode=external -w -extldflags=-static',
    ))
})

it('puts what stands after -- behind its own flags and before the packages', () =>
  expect(command({ toolchainArgs: ['-asmflags=x', '-race'] })?.args.slice(-4)).toEqual([
    '-asmflags=x',
    '-race',
    './cmd/server',
    './cmd/worker',
  ]))

test('a failure is told without progress, and cut after twenty lines', () => {
  const [platform] = platforms
  const noise = 'go: downloading example.com/x v1.0.0\nexample.com/app/pkg\nfmt\n'
  const error = '# example.com/app\n./main.go:3:1: undefined: x\n'
  expect(go.explain(noise + error, platform as never)).toBe(error.trim())
  const many = Array.from({ length: 25 }, (_, line) => `./main.go:${line}:1: undefined`).join('\n')
  expect(
    go
      .explain(many, platform as never)
      .split('\n')
      .slice(-1),
  ).toEqual(['… 5 more lines'])
})

test('git that fails go is told with both ways out', () =>
  expect(
    go.explain('error obtaining VCS status: exit status 128\n\tUse -buildvcs=false', platforms[0] as never),
  ).toMatch(/safe\.directory "\$PWD"; .* -- -buildvcs=false/))

test('a function that musl hides is told with what shows it', () => {
  const error = `# github.com/mattn/go-sqlite3\nsqlite3-binding.c:1:2: error: 'pread64' undeclared here (not in a function)`
  expect(go.explain(error, platforms[0] as never)).toContain('CGO_CFLAGS = "-O2 -g -D_LARGEFILE64_SOURCE"')
})

test("C code that asks for glibc's own is linked against it by gcc", () => {
  const advise = (output: string) => go.advise?.(output, platforms[0] as never)
  expect(advise("# app\n./a.go:3:10: fatal error: 'execinfo.h' file not found\n")).toMatch(
    /^\[c\] toolchain = "gcc" in xbuild\.toml, .* \(execinfo\.h is a header of glibc/,
  )
  expect(advise("./a.go:3:10: fatal error: 'mine.h' file not found")).toBeUndefined()
})

test('progress is the number of packages so far, what is downloaded, and why one takes long', () => {
  const lines = ['internal/abi', 'example.com/x/y-z', 'runtime/cgo', 'example.com/c', 'late']
  const read = (env: Record<string, string>) => {
    const reader = countPackages({ command: { env } } as never, {
      packages: 4,
      cCode: [{ dependency: 'example.com/c' }] as never,
    })
    expect(reader('go: downloading example.com/x v1.0.0')).toBe('downloading example.com/x v1.0.0')
    expect(reader('./main.go:3:1: undefined: x')).toBeUndefined()
    return lines.map(reader)
  }
  expect(read({})).toEqual([
    '1 of up to 4 packages, internal/abi (standard library)',
    '2 of up to 4 packages, example.com/x/y-z',
    '3 of up to 4 packages, runtime/cgo (C code)',
    '4 of up to 4 packages, example.com/c (C code)',
    '5 packages, late',
  ])
  expect(read({ CC: '"/opt/zig" cc -target x' })[2]).toContain('(C code; zig compiles a libc first)')
})
