import { basename, join } from 'node:path'
import { findZig, type Zig } from '../../c-toolchains/zig.ts'
import { Failure } from '../../errors.ts'
import { readTextIfThere } from '../../util/read-file.ts'
import type { InspectContext, Project, RunTool } from '../language.ts'
import { guessExecutables, takesTarget } from './build-file.ts'
import { type AskedZig, checkZigVersion, installZig, versionRemarks } from './version.ts'
import { parseZon, type Zon } from './zon.ts'

/** A folder with a build.zig. */
export interface ZigProject extends Project {
  readonly language: 'zig'
  readonly zig: Zig
  /** The folder for what zig keeps of this project, where the user names one. */
  readonly cache?: string
  /** DESTDIR is set, which zig puts before the prefix. */
  readonly hasDestDir?: boolean
  /** Whether there may be dependencies to download. */
  readonly downloads: boolean
}

/** What build.zig.zon says, as far as it is used. */
interface Manifest {
  readonly name?: string
  readonly version?: string
  readonly minimumZig?: string
  readonly downloads: boolean
}

/**
 * Reads a Zig project: build.zig as text and, where there is one, build.zig.zon. build.zig is not run.
 * @throws {Failure} tool, when zig is missing or too old; project, when build.zig.zon is broken.
 */
export async function inspectZig(dir: string, context: InspectContext): Promise<ZigProject> {
  const { signal, options, run: runTool } = context
  const [buildFile = '', manifest] = await Promise.all([
    readTextIfThere(join(dir, 'build.zig')),
    readManifest(join(dir, 'build.zig.zon')),
  ])
  const zig = runTool ? await askZig(dir, runTool) : await findZig(dir, signal)
  if (!zig) throw zigMissing(dir, manifest.minimumZig)
  const env = { ...process.env, ...options.zig.env }
  const { ZIG_LOCAL_CACHE_DIR: cache, DESTDIR: destDir } = env
  const asked: AskedZig = { minimum: manifest.minimumZig, file: join(dir, 'build.zig.zon') }
  checkZigVersion(zig.version, asked)
  const own = manifest.name ?? basename(dir)
  const guesses = guessExecutables(buildFile, own)
  const names = guesses.length > 0 ? guesses : [own]
  const sameName = names.filter(name => name === manifest.name)
  return {
    language: 'zig',
    root: dir,
    executables: names.sort().map(name => ({ name, package: name, predicted: true })),
    ...(sameName[0] !== undefined && { defaultExecutable: sameName[0] }),
    toolchain: { name: 'zig', version: zig.version },
    // zig compiles C itself.
    cCode: [],
    ...(manifest.version !== undefined && { version: manifest.version }),
    remarks: [
      ...versionRemarks(zig.version, asked),
      ...targetRemarks(buildFile),
      ...(destDir
        ? ['DESTDIR does not count: xbuild collects what zig installs, and --dist says where it goes']
        : []),
    ],
    zig,
    ...(cache && { cache }),
    ...(destDir && { hasDestDir: true }),
    downloads: manifest.downloads,
  }
}

/** The zig that is called zig where the commands run. */
async function askZig(cwd: string, runTool: RunTool): Promise<Zig | undefined> {
  const { ok, stdout } = await runTool({ tool: 'zig', args: ['version'], cwd })
  return ok ? { command: ['zig'], version: stdout.trim() } : undefined
}

async function readManifest(path: string): Promise<Manifest> {
  const text = await readTextIfThere(path)
  if (text === undefined) return { downloads: false }
  let zon: Zon
  try {
    zon = parseZon(text)
  } catch (error) {
    throw new Failure({
      kind: 'project',
      what: `${path} cannot be read`,
      where: path,
      why: (error as Error).message,
      fix: `fix ${path}`,
      cause: error,
    })
  }
  const [name, version, minimum] = ['name', 'version', 'minimum_zig_version'].map(key => field(zon, key))
  const dependencies = Object.values(field(zon, 'dependencies') ?? {})
  return {
    ...(typeof name === 'string' && { name }),
    ...(typeof version === 'string' && { version }),
    ...(typeof minimum === 'string' && { minimumZig: minimum }),
    // One that is a folder may have dependencies of its own that are not.
    downloads: dependencies.length > 0,
  }
}

/** The packages that a build.zig.zon names by path; none where it is missing or broken. */
export async function packagePaths(file: string): Promise<string[]> {
  const text = (await readTextIfThere(file)) ?? ''
  try {
    const dependencies = Object.values(field(parseZon(text), 'dependencies') ?? {})
    return dependencies.map(item => field(item, 'path')).filter(path => typeof path === 'string')
  } catch {
    return [] // what is wrong with it, zig says
  }
}

function field(value: Zon, key: string): Zon | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return (value as Readonly<Record<string, Zon>>)[key]
}

function targetRemarks(buildFile: string): string[] {
  if (takesTarget(buildFile)) return []
  return [
    'build.zig does not seem to ask for a target (standardTargetOptions): it may compile for this machine only',
  ]
}

function zigMissing(dir: string, minimum: string | undefined): Failure {
  return new Failure({
    kind: 'tool',
    what: 'zig was not found',
    where: dir,
    why: 'a Zig project is compiled with zig: there is no XBUILD_ZIG, none on PATH, and no ziglang package for python3',
    fix: installZig(minimum),
  })
}
