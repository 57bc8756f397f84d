import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Platform } from '../../platforms.ts'
import { platformFolder } from '../../platforms.ts'
import type { CompiledBinary, SourceInfo, Step } from '../../types.ts'
import { tokens } from '../../util/substitute.ts'
import type { CompilePlan, CompileRequest, Language } from '../language.ts'
import { planCgo } from './cgo.ts'
import { garbageSettings } from './memory.ts'
import { type GoProject, inspectGo } from './project.ts'

/** Go: one `go build` per platform for all of its programs, cgo off unless a package really uses it. */
export const go: Language<GoProject> = {
  name: 'go',
  title: 'Go',
  markers: ['go.work', 'go.mod'],
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
  progress: step => countPackages(step),
  explain: explainGo,
}

function compileGo(project: GoProject, request: CompileRequest): CompilePlan {
  const download: Step = {
    title: 'Download Go modules',
    command: { tool: 'go', args: ['mod', 'download'], cwd: project.root, env: request.options.go.env },
    produces: [],
  }
  const cgo = planCgo(project, request)
  const shared = share(request)
  return {
    files: [],
    prepare: project.downloads && !request.warm ? [download] : [],
    steps: request.platforms.map(platform =>
      buildStep(project, request, platform, cgo.settings(platform), shared),
    ),
    concurrency: shared.concurrency,
    prediction: cgo.prediction,
    hints: cgo.hints,
  }
}

/**
 * How many builds run at once, and the `-p` of each. A cold build is a long compile that uses every processor by
 * itself; a warm one mostly links, which is one thread. Architectures share no compiled package.
 */
function share({ warm, jobs, platforms }: CompileRequest): {
  concurrency: number
  perBuild: number | undefined
} {
  if (warm) return { concurrency: platforms.length, perBuild: undefined }
  const concurrency = Math.min(platforms.length, Math.max(1, Math.floor(jobs / 2)))
  return { concurrency, perBuild: Math.max(1, Math.ceil(jobs / concurrency)) }
}

function buildStep(
  project: GoProject,
  request: CompileRequest,
  platform: Platform,
  cgo: { env: Readonly<Record<string, string>>; ldflags: readonly string[] },
  { concurrency, perBuild }: ReturnType<typeof share>,
): Step {
  const { options, executables, source, toolchainArgs } = request
  // A warm build mostly links, but may have to compile after all: then every platform's go runs as many as there are processors.
  const processes =
    perBuild === undefined
      ? request.platforms.length * Math.max(request.jobs, request.processors)
      : concurrency * perBuild
  const garbage = project.memory === undefined ? undefined : garbageSettings(processes, project.memory)
  const ldflags = [options.go.ldflags ?? defaultLdflags(cgo.env), ...stamps(source), ...cgo.ldflags]
    .filter(Boolean)
    .join(' ')
  const outputDir = `${tokens.work}/${platformFolder(platform)}/`
  return {
    title: `Compile ${platform.id}`,
    command: {
      tool: 'go',
      args: [
        'build',
        // Prints each package that is compiled: progress, and silence when all of them were cached.
        '-v',
        '-trimpath',
        ...(perBuild === undefined ? [] : [`-p=${perBuild}`]),
        ...(options.go.tags.length > 0 ? [`-tags=${options.go.tags.join(',')}`] : []),
        `-ldflags=${ldflags}`,
        '-o',
        outputDir,
        ...toolchainArgs,
        ...executables.map(item => item.package),
      ],
      cwd: project.root,
      env: { ...garbage, ...options.go.env, GOOS: 'linux', ...platform.go, ...cgo.env },
    },
    produces: executables.map(({ name }) => ({ platform, name })),
    outputDir,
  }
}

/**
 * Without cgo the build ID is the same on every machine (-trimpath leaves no folder in it, and since Go 1.20 the standard
 * library is compiled from source); with cgo it depends on how the C compiler is called.
 */
function defaultLdflags({ CGO_ENABLED: cgo }: Readonly<Record<string, string>>): string {
  return cgo === '1' ? '-s -w -buildid=' : '-s -w'
}

/**
 * `-X main.version=… -X main.commit=… -X main.date=…`: the names that GoReleaser made customary. The linker ignores
 * those that a program does not declare. The date is the commit's, so that a build can be repeated.
 */
function stamps({ version, revision, epoch }: SourceInfo): string[] {
  const date = epoch > 0 ? new Date(epoch * 1000).toISOString().replace('.000Z', 'Z') : undefined
  return Object.entries({ version, commit: revision, date }).flatMap(([name, value]) =>
    value ? [`-X main.${name}=${value}`] : [],
  )
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

/** A line that `go build -v` prints for a package: an import path and nothing else. */
const packageLine = /^[\w.~/-]+$/

function compiledPackages(stderr: string): string[] {
  return stderr.split('\n').filter(line => packageLine.test(line))
}

function countPackages(_step: Step): (line: string) => string | undefined {
  let compiled = 0
  return line => {
    if (line.startsWith('go: downloading ')) return line.slice('go: '.length)
    if (!packageLine.test(line)) return undefined
    compiled += 1
    return `${compiled} packages, ${line}`
  }
}

/** Names that musl has hidden since 1.2.4, of which SQLite before 3.42 makes use (mattn/go-sqlite3 #1164). */
const lacksLargeFiles = /\berror: .*\b(pread64|pwrite64|off64_t)\b/

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
  ].join('\n')
}
