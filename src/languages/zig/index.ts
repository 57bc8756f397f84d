import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../errors.ts'
import { type Platform, platformFolder, zigTarget } from '../../platforms.ts'
import type { CompiledBinary, Step } from '../../types.ts'
import { tokens } from '../../util/substitute.ts'
import type { CompilePlan, CompileRequest, Language } from '../language.ts'
import { checkToolchainArgs } from '../own-flags.ts'
import { explainZig, isZigRace, readZigProgress, wasCached } from './messages.ts'
import { inspectZig, type ZigProject } from './project.ts'

/** Zig: one `zig build` per platform, musl and static. */
export const zig: Language<ZigProject> = {
  name: 'zig',
  title: 'Zig',
  markers: ['build.zig'],
  ownFlags: {
    '-Dtarget': 'name it with --platform',
    '--prefix': 'set dist in xbuild.toml',
    '-p': 'set dist in xbuild.toml',
  },
  versionCommand: { tool: 'zig', args: ['version'] },
  inspect: inspectZig,
  compile: compileZig,
  collect: collectZig,
  progress: () => readZigProgress,
  explain: explainZig,
  isRace: isZigRace,
}

function compileZig(project: ZigProject, request: CompileRequest): CompilePlan {
  const { platforms, jobs, options } = request
  checkToolchainArgs(zig, options.zig.args, 'in [zig] args')
  // A compile is one thread for most of its time, so platforms go side by side.
  const concurrency = Math.min(platforms.length, jobs)
  const perBuild = Math.max(1, Math.floor(jobs / concurrency))
  return {
    files: [],
    prepare: project.downloads ? [fetchStep(project, request)] : [],
    steps: platforms.map(platform => buildStep(project, request, platform, perBuild)),
    concurrency,
    prediction: { libc: 'musl', cxx: false, reason: 'Zig links statically with musl' },
    hints: [],
  }
}

/** Dependencies once, before several builds ask for them at the same time. */
function fetchStep({ zig, root }: ZigProject, { options }: CompileRequest): Step {
  const [tool = 'zig', ...first] = zig.command
  const command = { tool, args: [...first, 'build', '--fetch'], cwd: root, env: options.zig.env }
  return { title: 'Download Zig dependencies', command, produces: [] }
}

function buildStep(
  { zig, root }: ZigProject,
  { options, executables, toolchainArgs, caches }: CompileRequest,
  platform: Platform,
  perBuild: number,
): Step {
  const [tool = 'zig', ...first] = zig.command
  const { release, args, env } = options.zig
  const outputDir = `${tokens.work}/${platformFolder(platform)}`
  return {
    title: `Compile ${platform.id}`,
    command: {
      tool,
      args: [
        ...first,
        'build',
        'install',
        `--release=${release}`,
        // Always with its libc: `aarch64-linux` alone may link dynamically.
        `-Dtarget=${zigTarget(platform, 'musl')}`,
        ...(platform.zig.cpu ? [`-Dcpu=${platform.zig.cpu}`] : []),
        ...['--prefix', outputDir],
        // The local cache is not made for several builds at once; the global one is shared.
        ...['--cache-dir', `${caches ?? '.zig-cache'}/xbuild/${platformFolder(platform)}`],
        // Prints each command of the build as it begins: progress.
        ...['--summary', 'all', '--color', 'off', '--verbose'],
        `-j${perBuild}`,
        ...args,
        ...toolchainArgs,
      ],
      cwd: root,
      env,
    },
    produces: executables.map(({ name, predicted }) => ({ platform, name, ...(predicted && { predicted }) })),
    outputDir,
  }
}

/**
 * The programs in the prefix, which was empty before. Where one was guessed and one is there, that is the one, whatever
 * its name.
 * @throws {Failure} project, with the names that are there, when none of them is the one expected.
 */
async function collectZig(
  step: Step,
  result: { ok: boolean; stderr: string; seconds: number },
): Promise<CompiledBinary[]> {
  const folder = join(step.outputDir ?? '', 'bin')
  const names = await readdir(folder).catch((): string[] => [])
  const programs = (
    await Promise.all(names.map(async name => ((await isElf(join(folder, name))) ? [name] : [])))
  ).flat()
  const facts = { seconds: result.seconds, cached: wasCached(result.stderr) }
  const [guess] = step.produces.length === 1 ? step.produces : []
  const [only] = programs.length === 1 ? programs : []
  if (result.ok && guess?.predicted && only !== undefined) {
    return [{ ...guess, ...facts, path: join(folder, only) }]
  }
  const missing = step.produces.filter(({ name }) => !programs.includes(name))
  if (result.ok && missing.length > 0) throw otherPrograms(missing[0]?.name ?? '', programs)
  return step.produces
    .filter(({ name }) => programs.includes(name))
    .map(expected => ({ ...expected, ...facts, path: join(folder, expected.name) }))
}

async function isElf(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined)
  if (!file) return false
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0)
    return buffer.toString('latin1') === '\x7fELF'
  } catch {
    return false
  } finally {
    await file.close()
  }
}

function otherPrograms(wanted: string, programs: readonly string[]): Failure {
  return new Failure({
    kind: 'project',
    what: `zig build installed no executable called ${wanted}`,
    why:
      programs.length === 0
        ? 'it installed no executable for Linux at all: build.zig calls b.installArtifact for none'
        : `it installed ${programs.join(', ')}`,
    fix:
      programs.length === 0
        ? 'xbuild DIR, with the folder of a program'
        : programs.map(name => `--bin ${name}`).join('\n'),
  })
}
