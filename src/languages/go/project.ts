import { existsSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { type FoundCToolchains, findCToolchains } from '../../c-toolchains/index.ts'
import { Failure } from '../../errors.ts'
import type { Platform } from '../../platforms.ts'
import { type RunResult, run } from '../../process.ts'
import type { Executable, InspectContext, Project } from '../language.ts'
import { availableMemory, decidesOnGarbage } from './memory.ts'

/** A Go module or workspace. */
export interface GoProject extends Project {
  readonly language: 'go'
  /** Whether `go mod download` has anything to fetch: packages of other modules, not vendored. */
  readonly downloads: boolean
  /** Looked for only where a package uses cgo, or `[go] cgo = true`. */
  readonly cToolchains?: FoundCToolchains
  /** Packages that the programs import, the standard library's too: the number of compile steps of a cold build. */
  readonly packages: number
  /** Bytes of memory that Go's tools may make use of; absent where the user's own settings decide. */
  readonly memory?: number
}

/** One line of `go list -deps`, as the template below prints it. */
interface ListedPackage {
  readonly name: string
  readonly path: string
  readonly dir: string
  readonly standard: boolean
  readonly dependency: boolean
  readonly cgo: boolean
  readonly module: string
  readonly deps: ReadonlySet<string>
  readonly error: string
}

/**
 * Deps is quadratic in size, so it is printed for programs only. Everything is quoted: a folder's name may hold
 * anything, and an error has several lines.
 */
const listTemplate = [
  '{{printf "%q" .Name}}',
  '{{printf "%q" .ImportPath}}',
  '{{printf "%q" .Dir}}',
  '{{.Standard}}',
  '{{.DepOnly}}',
  '{{len .CgoFiles}}',
  '{{with .Module}}{{if not .Main}}{{printf "%q" .Path}}{{else}}""{{end}}{{else}}""{{end}}',
  '{{if eq .Name "main"}}{{printf "%q" (join .Deps " ")}}{{else}}""{{end}}',
  '{{with .Error}}{{printf "%q" .Err}}{{else}}""{{end}}',
].join('\t')

/**
 * Reads a Go module or workspace with `go env` and, for every architecture, `go list`: the programs, and which of
 * their packages really use cgo. cgo is switched on for the listing, because with it off a program whose files all
 * import "C" is left out without a word; the standard library's own cgo files have pure Go twins and do not count.
 * @throws {Failure} project, when there is no program or it does not load; tool, when Go is missing or too old.
 */
export async function inspectGo(dir: string, context: InspectContext): Promise<GoProject> {
  const architectures = [...new Map(context.platforms.map(platform => [platform.arch, platform])).values()]
  const patterns = existsSync(join(dir, 'go.work')) ? await workspacePatterns(dir, context) : ['./...']
  const listing = architectures.map(platform => listPackages(dir, patterns, platform, context))
  // The listings take longest, so they are begun first.
  const [environment, ...listings] = await Promise.all([readGoEnv(dir, context), ...listing])
  checkVersion(environment.GOVERSION, context.platforms)
  // GOMEMLIMIT came with Go 1.19 (its release notes); without it nothing would ever be collected.
  const memoryMayBeLimited =
    minorOf(environment.GOVERSION) >= 19 && !decidesOnGarbage({ ...process.env, ...context.options.go.env })
  const programs = new Map<string, Executable>()
  const cCode = new Map<string, { platforms: Set<string>; executables: Set<string> }>()
  let downloads = false
  let packages = 0
  for (const [index, listed] of listings.entries()) {
    const same = context.platforms.filter(platform => platform.arch === architectures[index]?.arch)
    const byPath = new Map(listed.map(item => [item.path, item]))
    downloads ||= listed.some(item => item.module !== '')
    for (const main of listed.filter(item => item.name === 'main' && !item.dependency)) {
      const program = executable(main, byPath, dir)
      if (!programs.get(program.package)?.problem) programs.set(program.package, program)
      packages = Math.max(packages, main.deps.size + 1)
      for (const path of [...main.deps, main.path]) {
        const item = byPath.get(path)
        if (!item?.cgo || item.standard) continue
        const entry = cCode.get(path) ?? { platforms: new Set(), executables: new Set() }
        cCode.set(path, entry)
        entry.executables.add(program.package)
        for (const platform of same) entry.platforms.add(platform.id)
      }
    }
  }
  const failed = listings[0]?.find(item => item.error && !item.dependency)
  if (programs.size === 0 && failed) throw doesNotLoad(failed, dir)
  const usesC = cCode.size > 0 || context.options.go.cgo === true
  const cToolchains = usesC ? await findCToolchains(dir, context.platforms, context.signal) : undefined
  return {
    language: 'go',
    root: dir,
    executables: [...programs.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
    toolchain: { name: 'go', version: environment.GOVERSION.replace(/^go/, '') },
    cCode: [...cCode].map(([dependency, { platforms, executables }]) => ({
      dependency,
      platforms: [...platforms],
      executables: [...executables],
    })),
    ...(cToolchains && { cToolchains }),
    remarks: [],
    downloads: downloads && !existsSync(join(dir, 'vendor', 'modules.txt')),
    packages,
    ...(memoryMayBeLimited && { memory: availableMemory() }),
    cacheFolder: environment.GOCACHE,
  }
}

/** The name `go build` gives the binary: the last element of the import path that is no major version suffix. */
export function goBinaryName(importPath: string, dir: string): string {
  const elements = importPath.split('/').filter(element => element !== '.')
  const last = elements.pop() ?? ''
  const name = /^v\d+$/.test(last) && elements.length > 0 ? elements.pop() : last
  return name && !importPath.startsWith('_/') ? name : basename(dir)
}

function executable(
  main: ListedPackage,
  byPath: ReadonlyMap<string, ListedPackage>,
  root: string,
): Executable {
  const folder = relative(root, main.dir)
  const problem = [main.path, ...main.deps].map(path => byPath.get(path)?.error).find(Boolean)
  return {
    name: goBinaryName(main.path, main.dir),
    package: folder === '' ? '.' : folder.startsWith('..') ? main.path : `./${folder}`,
    ...(problem && { problem }),
  }
}

async function readGoEnv(dir: string, context: InspectContext) {
  const names = ['GOVERSION', 'GOCACHE'] as const
  const result = await runGo(dir, ['env', '-json', ...names], context)
  return JSON.parse(result.stdout) as Record<(typeof names)[number], string>
}

/** `./...` of every module of a workspace, because at a go.work root that is no module itself `./...` matches nothing. */
async function workspacePatterns(dir: string, context: InspectContext): Promise<readonly string[]> {
  const result = await runGo(dir, ['list', '-m', '-f', '{{.Dir}}'], context)
  const folders = result.stdout.split('\n').filter(Boolean)
  return folders.map(folder => {
    const path = relative(dir, folder)
    return path === '' ? './...' : `./${path}/...`
  })
}

async function listPackages(
  dir: string,
  patterns: readonly string[],
  platform: Platform,
  context: InspectContext,
): Promise<ListedPackage[]> {
  const { tags, cgo } = context.options.go
  const tagFlags = tags.length > 0 ? [`-tags=${tags.join(',')}`] : []
  const flags = ['-e', '-deps', ...tagFlags, ...sourceFlags(context.toolchainArgs ?? [])]
  const result = await runGo(dir, ['list', ...flags, '-f', listTemplate, ...patterns], context, {
    GOOS: 'linux',
    GOARCH: platform.go['GOARCH'] as string,
    CGO_ENABLED: cgo === false ? '0' : '1',
  })
  return result.stdout.split('\n').filter(Boolean).map(parseListed)
}

/** The flags after `--` that decide which files and modules `go build` reads, for `go list` to read the same. */
function sourceFlags(toolchainArgs: readonly string[]): string[] {
  return toolchainArgs.flatMap((word, at) => {
    const [, equals] = /^--?(?:tags|mod|modfile|overlay)(=|$)/.exec(word) ?? []
    if (equals === undefined) return []
    return equals === '=' ? [word] : [word, toolchainArgs[at + 1] ?? '']
  })
}

function parseListed(line: string): ListedPackage {
  const [name, path, dir, standard, dependency, cgo, module, deps, error] = line.split('\t')
  return {
    name: unquote(name),
    path: unquote(path),
    dir: unquote(dir),
    standard: standard === 'true',
    dependency: dependency === 'true',
    cgo: cgo !== '0',
    module: unquote(module),
    deps: new Set(unquote(deps).split(' ').filter(Boolean)),
    error: unquote(error),
  }
}

/** Reads a Go string literal as %q prints it: JSON's, but for \a \v \x and \U. */
function unquote(literal = '""'): string {
  const json = literal.replace(/\\(a|v|x[0-9a-f]{2}|U[0-9a-f]{8})/g, (_, code: string) =>
    code.length === 1 ? '?' : String.fromCodePoint(Number.parseInt(code.slice(1), 16)),
  )
  try {
    return JSON.parse(json) as string
  } catch {
    return literal.slice(1, -1)
  }
}

/**
 * Runs a read-only go command in the environment that the project is compiled in.
 * @throws {Failure} tool, when Go is missing or too old; project, when the command fails.
 */
async function runGo(
  cwd: string,
  args: readonly string[],
  { options, signal }: InspectContext,
  target: Readonly<Record<string, string>> = {},
): Promise<RunResult> {
  // These need little memory, and it is not known yet whether this Go has GOMEMLIMIT: they collect more rarely, not never.
  const garbage = decidesOnGarbage({ ...process.env, ...options.go.env }) ? undefined : { GOGC: '400' }
  const command = { tool: 'go', args, cwd, env: { ...garbage, ...options.go.env, ...target } }
  const result = await run(command, { signal, keep: 64 * 1024 * 1024 }).catch(goMissing)
  if (!result.ok) throw goFailed(result.stderr, cwd)
  return result
}

function goMissing(error: unknown): never {
  if (!(error instanceof Failure) || error.kind !== 'tool') throw error
  throw new Failure({
    kind: 'tool',
    what: 'go was not found on PATH',
    why: 'this is a Go project, and xbuild compiles it with the Go toolchain of this machine',
    fix: 'install Go from https://go.dev/dl/ or your system’s packages (apt-get install golang-go)',
    cause: error,
  })
}

/** Turns what a read-only go command said into a failure: a toolchain that is too old is not a fault of the project. */
function goFailed(stderr: string, dir: string): Failure {
  const text = stderr.trim()
  const tooOld =
    /requires go >= (\S+) \(running go (\S+?)[;)]/.exec(text) ??
    /toolchain not available|golang\.org\/toolchain@/.exec(text)
  return tooOld
    ? new Failure({
        kind: 'tool',
        what: tooOld[1]
          ? `Go ${tooOld[2]} is too old: the project asks for ${tooOld[1]}`
          : 'The project’s Go toolchain is not available',
        where: dir,
        why: text,
        fix: tooOld[1]
          ? `install Go ${tooOld[1]}, or let Go fetch it: export GOTOOLCHAIN=auto`
          : 'install the Go that go.mod or GOTOOLCHAIN names, or let Go fetch it: export GOTOOLCHAIN=auto, with a way to GOPROXY',
      })
    : new Failure({
        kind: 'project',
        what: 'go could not read the project',
        where: dir,
        why: text,
        fix: `cd ${dir} && go list ./...`,
      })
}

function doesNotLoad(item: ListedPackage, dir: string): Failure {
  return new Failure({
    kind: 'project',
    what: `Package ${item.path} does not load`,
    where: item.dir || dir,
    why: item.error,
    fix: 'go mod tidy && go build ./...',
  })
}

/** The first Go release with an architecture or a variable of the platform table (Go release notes). */
const minimumVersions: readonly [applies: (platform: Platform) => boolean, minor: number][] = [
  [platform => platform.arch === 'loong64', 19],
  [platform => platform.id === 'linux/arm64/v9', 23],
]

/** The 26 of go1.26.8; a development version counts as newer than all. */
function minorOf(version: string): number {
  return Number(/^go1\.(\d+)/.exec(version)?.[1] ?? Number.POSITIVE_INFINITY)
}

function checkVersion(version: string, wanted: readonly Platform[]): void {
  const minor = minorOf(version)
  for (const [applies, minimum] of minimumVersions) {
    const platform = wanted.find(applies)
    if (!platform || minor >= minimum) continue
    throw new Failure({
      kind: 'usage',
      what: `Go ${version.slice(2)} cannot build for ${platform.id}`,
      why: `Go has had it since 1.${minimum}`,
      fix: `install a newer Go, or leave ${platform.id} out of --platform`,
    })
  }
}
