import { type Platform, parsePlatform, platformFolder, zigTarget } from '../../platforms.ts'
import type { LibcPrediction, Step } from '../../types.ts'
import { fillPlaceholders } from '../../util/placeholders.ts'
import { tokens } from '../../util/substitute.ts'
import { compareVersions } from '../../util/versions.ts'
import type { CompilePlan, CompileRequest, Language } from '../language.ts'
import { checkToolchainArgs } from '../own-flags.ts'
import { fillEnv, stepPlaceholders } from '../placeholders.ts'
import { adviseZig } from './advice.ts'
import { collectZig, installingStep } from './installed.ts'
import { explainZig, isZigRace, readZigProgress } from './messages.ts'
import { inspectZig, type ZigProject } from './project.ts'

/** Zig: one `zig build` per platform, musl and static. */
export const zig: Language<ZigProject> = {
  name: 'zig',
  title: 'Zig',
  markers: ['build.zig'],
  watchedFiles: ['build.zig.zon'],
  ownFlags: {
    '-Dtarget': '--platform, or [zig] target = { "linux/amd64" = "x86_64-linux" } for another spelling',
    '--prefix': 'set dist in xbuild.toml',
    '-p': 'set dist in xbuild.toml',
  },
  versionCommand: { tool: 'zig', args: ['version'] },
  inspect: inspectZig,
  compile: compileZig,
  collect: collectZig,
  progress: () => readZigProgress,
  explain: explainZig,
  advise: adviseZig,
  alternative: installingStep,
  isRace: isZigRace,
}

function compileZig(project: ZigProject, request: CompileRequest): CompilePlan {
  const { platforms, jobs, options, builds = platforms.length } = request
  checkToolchainArgs(zig, options.zig.args, 'in [zig] args')
  // A compile is one thread for most of its time, so platforms go side by side.
  const concurrency = Math.min(builds, jobs)
  const perBuild = Math.max(1, Math.floor(jobs / concurrency))
  return {
    files: [],
    prepare: project.downloads ? [fetchStep(project, request)] : [],
    steps: platforms.map(platform => buildStep(project, request, platform, perBuild)),
    concurrency,
    prediction: predict(options.zig.target),
    hints: [],
  }
}

/** The project's own spelling of a target says its cpu, too. */
function targetArgs(platform: Platform, target: Readonly<Record<string, string>>): string[] {
  const own = Object.entries(target).find(([id]) => parsePlatform(id) === platform)
  if (own) return [`-Dtarget=${own[1]}`]
  // Always with its libc: `aarch64-linux` alone may link dynamically.
  return [
    `-Dtarget=${zigTarget(platform, 'musl')}`,
    ...(platform.zig.cpu ? [`-Dcpu=${platform.zig.cpu}`] : []),
  ]
}

function predict(target: Readonly<Record<string, string>>): LibcPrediction {
  const gnu = Object.values(target).find(value => value.includes('-gnu'))
  if (gnu !== undefined) return { libc: 'gnu', cxx: false, reason: `[zig] target names ${gnu}` }
  return { libc: 'musl', cxx: false, reason: 'Zig links statically with musl' }
}

/** Dependencies once, before several builds ask for them at the same time. */
function fetchStep(project: ZigProject, request: CompileRequest): Step {
  const { zig, root } = project
  const [tool = 'zig', ...first] = zig.command
  const cache = cacheOf(project, request)
  const command = {
    tool,
    args: [
      ...first,
      ...['build', '--fetch'],
      ...(cache === undefined ? [] : ['--cache-dir', cache]),
      ...packageArgs(project, request),
    ],
    cwd: root,
    env: fillEnv(request.options.zig.env, stepPlaceholders(request, request.platforms), '[zig] env'),
  }
  return { title: 'Download Zig dependencies', command, produces: [] }
}

/** Since 0.17 packages go to zig-pkg, in the project's folder. */
function packageArgs({ zig, downloads }: ZigProject, { caches }: CompileRequest): string[] {
  const isNeeded = downloads && caches !== undefined && compareVersions(zig.version, '0.17.0') >= 0
  return isNeeded ? ['--pkg-dir', `${caches}/zig-pkg`] : []
}

/** The folder for what zig keeps of a project, where it is not zig's own choice. */
function cacheOf({ cache }: ZigProject, { caches }: CompileRequest): string | undefined {
  return cache ?? caches
}

function buildStep(project: ZigProject, request: CompileRequest, platform: Platform, perBuild: number): Step {
  const { zig, root, hasDestDir } = project
  const { options, executables, toolchainArgs, program } = request
  const values = stepPlaceholders(request, [platform])
  const [tool = 'zig', ...first] = zig.command
  const { release, step, args, env } = options.zig
  // `zig build` installs all programs, so one with settings of its own needs a prefix of its own.
  const folder = program === undefined ? platformFolder(platform) : `${platformFolder(platform)}-${program}`
  const outputDir = `${tokens.work}/${folder}`
  return {
    title: `Compile ${platform.id}`,
    command: {
      tool,
      args: [
        ...first,
        'build',
        step,
        `--release=${release}`,
        ...targetArgs(platform, options.zig.target),
        ...['--prefix', outputDir],
        // The local cache is not made for several builds at once; the global one is shared.
        ...['--cache-dir', `${cacheOf(project, request) ?? '.zig-cache'}/xbuild/${folder}`],
        ...packageArgs(project, request),
        // Prints each command of the build as it begins: progress.
        ...['--summary', 'all', '--color', 'off', '--verbose'],
        `-j${perBuild}`,
        ...args.map(arg => fillPlaceholders(arg, values, '[zig] args')),
        ...toolchainArgs,
      ],
      cwd: root,
      env: { ...fillEnv(env, values, '[zig] env'), ...(hasDestDir && { DESTDIR: '' }) },
    },
    produces: executables.map(({ name, predicted }) => ({ platform, name, ...(predicted && { predicted }) })),
    outputDir,
  }
}
