import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../errors.ts'
import type { Platform } from '../../platforms.ts'
import { platformFolder } from '../../platforms.ts'
import type { CompiledBinary, Step } from '../../types.ts'
import { fillPlaceholders, sourcePlaceholders } from '../../util/placeholders.ts'
import { tokens } from '../../util/substitute.ts'
import { glibcOnly } from '../glibc-only.ts'
import type { CompilePlan, CompileRequest, Executable, Language } from '../language.ts'
import { ldflagsOf, stampsBefore, userLdflags } from './build-flags.ts'
import { actionGraphOf, cacheProgram, countCacheProgram } from './cache-program.ts'
import { type CgoSettings, planCgo } from './cgo.ts'
import { withoutTags } from './goflags.ts'
import { type Assignment, assignmentsOf } from './ldflags.ts'
import { garbageSettings } from './memory.ts'
import { countPackages, packageLine } from './progress.ts'
import { type GoProject, inspectGo } from './project.ts'
import { describeStamps, missedAssignments } from './stamps.ts'

/** Go: one `go build` per platform for all of its programs, cgo off unless a package really uses it. */
export const go: Language<GoProject> = {
  name: 'go',
  title: 'Go',
  markers: ['go.work', 'go.mod'],
  watchedFiles: ['go.work', 'go.mod'],
  programFile: '.go',
  ownFlags: {
    '-o': 'set dist in xbuild.toml; the image goes where -o before the -- says',
    '-ldflags': '[go] ldflags = "FLAGS" in xbuild.toml',
    '--ldflags': '[go] ldflags = "FLAGS" in xbuild.toml',
  },
  versionCommand: { tool: 'go', args: ['version'] },
  inspect: inspectGo,
  compile: compileGo,
  // Go knows by the build ID in it whether a binary is up to date.
  outputPath: ({ platform, name }) => `${platformFolder(platform)}/${name}`,
  collect: collectGo,
  countCache: countCacheProgram,
  progress: countPackages,
  explain: explainGo,
  advise: adviseGo,
}

function compileGo(project: GoProject, request: CompileRequest): CompilePlan {
  const cgo = planCgo(project, request)
  const shared = share(request)
  return {
    files: [],
    // `go list` has downloaded by now what the programs import; `go mod download` would fetch what only tests need, too.
    prepare: [],
    steps: request.platforms.map(platform =>
      buildStep(project, request, platform, cgo.settings(platform), shared),
    ),
    concurrency: shared.concurrency,
    prediction: cgo.prediction,
    hints: cgo.hints,
    ...notes(project, request),
  }
}

/** What was stamped, said once, and which -X of the user's sets nothing. */
function notes(project: GoProject, request: CompileRequest): { remarks: string[]; warnings: string[] } {
  const { platforms, executables } = request
  const assignments = new Map<string, Assignment>()
  const stamps = new Map<Executable, readonly Assignment[]>()
  for (const executable of executables) {
    for (const platform of platforms) {
      const user = userLdflags(project, request, platform, executable)
      for (const item of assignmentsOf(user)) assignments.set(`${item.package}.${item.variable}`, item)
      const found = stampsBefore(project, request, platform, executable, user)
      if (found.length > (stamps.get(executable)?.length ?? -1)) stamps.set(executable, found)
    }
  }
  return {
    remarks: describeStamps(stamps),
    warnings: [
      ...missedAssignments([...assignments.values()], executables, project.variables),
      ...cacheProgramWarning(project),
    ],
  }
}

/** An older Go ignores a cache program without a word. */
function cacheProgramWarning(project: GoProject): string[] {
  const asked = project.settings.get('GOCACHEPROG')
  if (!asked || cacheProgram(project)) return []
  return [`GOCACHEPROG has no effect: Go ${project.toolchain.version} is older than 1.24`]
}

/**
 * How many builds run at once, and the `-p` of each. A cold build is a long compile that uses every processor by
 * itself; a warm one mostly links, which is one thread. Architectures share no compiled package.
 */
function share({ warm, jobs, platforms, builds = platforms.length }: CompileRequest): {
  concurrency: number
  perBuild: number | undefined
} {
  if (warm) return { concurrency: builds, perBuild: undefined }
  const concurrency = Math.min(builds, Math.max(1, Math.floor(jobs / 2)))
  return { concurrency, perBuild: Math.max(1, Math.ceil(jobs / concurrency)) }
}

function buildStep(
  project: GoProject,
  request: CompileRequest,
  platform: Platform,
  cgo: CgoSettings,
  { concurrency, perBuild }: ReturnType<typeof share>,
): Step {
  const { options, executables, source, toolchainArgs } = request
  // A warm build mostly links, but may have to compile after all: then every platform's go runs as many as there are processors.
  const processes =
    perBuild === undefined ? concurrency * Math.max(request.jobs, request.processors) : concurrency * perBuild
  const garbage = project.memory === undefined ? undefined : garbageSettings(processes, project.memory)
  const outputDir = `${tokens.work}/${platformFolder(platform)}/`
  const { values } = project.flags
  const program = request.countsCache ? cacheProgram(project) : undefined
  const actionGraph = actionGraphOf(platform, request.program)
  const tags = buildTags(project, options.go.tags, source, platform)
  checkRepository(source, values, project.root)
  return {
    title: `Compile ${platform.id}`,
    command: {
      tool: 'go',
      args: [
        'build',
        // Prints each package that is compiled: progress, and silence when all of them were cached.
        '-v',
        // What GOFLAGS says of these stays: a flag of the command line would go before it.
        ...(values.has('trimpath') ? [] : ['-trimpath']),
        ...(perBuild === undefined || values.has('p') ? [] : [`-p=${perBuild}`]),
        ...(tags.length > 0 ? [`-tags=${tags.join(',')}`] : []),
        ...ldflagsOf(project, request, platform, cgo),
        ...(program === undefined ? [] : [`-debug-actiongraph=${actionGraph}`]),
        '-o',
        outputDir,
        ...withoutTags(toolchainArgs),
        ...executables.map(item => item.package),
      ],
      cwd: project.root,
      env: { ...garbage, ...options.go.env, GOOS: 'linux', ...platform.go, ...cgo.env },
    },
    produces: executables.map(({ name }) => ({ platform, name })),
    outputDir,
    ...(program !== undefined && { cacheLog: { program, path: actionGraph } }),
  }
}

/** Tags of `[go] tags`, GOFLAGS and those after `--`, together: go itself would take the last alone. */
function buildTags(
  { flags }: GoProject,
  tags: readonly string[],
  source: CompileRequest['source'],
  { id }: Platform,
): string[] {
  const values = { ...sourcePlaceholders(source), platform: id }
  return [...new Set([...flags.tags, ...tags.map(tag => fillPlaceholders(tag, values, '[go] tags'))])]
}

/**
 * Go asks git for the commit, too, and ends where git refuses.
 * @throws {Failure} project, with the ways out.
 */
function checkRepository(
  { refused }: CompileRequest['source'],
  flags: ReadonlyMap<string, string>,
  root: string,
): void {
  if (!refused || /^(false|0|f)$/i.test(flags.get('buildvcs') ?? '')) return
  throw new Failure({
    kind: 'project',
    what: 'git refuses to read the repository, and go build asks it for the commit',
    where: root,
    why: refused.why,
    fix: `${refused.fix}   or, without the commit in the program:\nxbuild … -- -buildvcs=false`,
  })
}

async function collectGo(
  { produces, outputDir = '' }: Step,
  result: { stderr: string; seconds: number },
): Promise<CompiledBinary[]> {
  const present = new Set(await readdir(outputDir).catch(() => []))
  const cached = compiledPackages(result.stderr).length === 0
  return produces
    .filter(({ name }) => present.has(name))
    .map(({ platform, name }) => ({
      platform,
      name,
      path: join(outputDir, name),
      seconds: result.seconds,
      cached,
    }))
}

function compiledPackages(stderr: string): string[] {
  return stderr.split('\n').filter(line => packageLine.test(line))
}

/** Names that musl has hidden since 1.2.4, of which SQLite before 3.42 makes use (mattn/go-sqlite3 #1164). */
const lacksLargeFiles = /\berror: .*\b(pread64|pwrite64|off64_t)\b/

/** The go command's own words where git fails it (cmd/go/internal/load, setBuildInfo). */
const noVcsStatus = /^error obtaining VCS status: /m

const vcsStatus =
  'git fails in this folder, see `git status`: if it belongs to another user, git config --global --add safe.directory "$PWD"; or build without the commit: xbuild … -- -buildvcs=false'

const largeFiles =
  'musl shows this only when asked: [go] env = { CGO_CFLAGS = "-O2 -g -D_LARGEFILE64_SOURCE" } in xbuild.toml, or a newer version of the package'

function explainGo(output: string): string {
  const lines = output
    .split('\n')
    .filter(line => line.trim() && !packageLine.test(line) && !/^go: downloading /.test(line))
  const shown = lines.slice(0, 20)
  return [
    ...shown,
    ...(lines.length > shown.length ? [`… ${lines.length - shown.length} more lines`] : []),
    ...(lacksLargeFiles.test(output) ? [`(${largeFiles})`] : []),
    ...(noVcsStatus.test(output) ? [`(${vcsStatus})`] : []),
  ].join('\n')
}

function adviseGo(output: string): string | undefined {
  const reason = glibcOnly(output)
  return reason && `[c] toolchain = "gcc" in xbuild.toml, which links against glibc   (${reason})`
}
