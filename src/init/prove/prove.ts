import { join } from 'node:path'
import { build } from '../../build/build.ts'
import type { Options } from '../../config/options.ts'
import { parseDockerfile } from '../../dockerfile/parse.ts'
import { lineage } from '../../dockerfile/stages.ts'
import { Failure } from '../../errors.ts'
import { explainBuildxError } from '../../image/buildx/errors.ts'
import type { Platform } from '../../platforms.ts'
import { run } from '../../process.ts'
import type { Command, Emit } from '../../types.ts'
import { hostArch } from '../../util/host-arch.ts'
import { readText } from '../../util/read-file.ts'
import { makeTemporaryFolder } from '../../util/temporary-folder.ts'
import { type Comparison, compareImages } from './compare.ts'
import { readWholeImage } from './read-image.ts'

/** Both builds of a project for one platform, and how their images differ. */
export interface Proof {
  readonly platform: string
  /** The Dockerfile, as it was named. */
  readonly dockerfile: string
  /** The bases. */
  readonly images: { readonly dockerfile: string; readonly xbuild: string }
  /** Of the whole builds, with the caches that there were. */
  readonly seconds: { readonly dockerfile: number; readonly xbuild: number }
  readonly comparison: Comparison
}

/** What proving may use. */
export interface ProveContext {
  readonly emit: Emit
  readonly signal: AbortSignal
}

/**
 * Builds a project with its Dockerfile, through buildx, and with xbuild, and compares the images. Both are for one platform:
 * this machine's where it is among those of the project, so that no emulator is needed.
 * @param dockerfile relative to the project
 * @throws {Failure} of the builds.
 */
export async function prove(options: Options, dockerfile: string, context: ProveContext): Promise<Proof> {
  const folder = await makeTemporaryFolder('xbuild-prove-')
  try {
    const platform = onePlatform(options.platforms)
    const archive = join(folder.path, 'dockerfile.tar')
    const started = performance.now()
    await buildDockerfile(options, dockerfile, platform, archive, context)
    const seconds = (performance.now() - started) / 1000
    const dist = join(folder.path, 'dist')
    const report = await build(
      { ...options, platforms: [platform], push: false, load: false, outputs: [], dist },
      { emit: context.emit, signal: context.signal },
    )
    const [image] = report.images
    if (!image) throw noImage()
    const [theirs, ours] = [
      await readWholeImage(archive, folder.path),
      await readWholeImage(join(dist, `${image.name}.oci.tar`), folder.path),
    ]
    return {
      platform: platform.id,
      dockerfile,
      images: { dockerfile: await baseOf(options.dir, dockerfile), xbuild: image.base.reference },
      seconds: { dockerfile: seconds, xbuild: report.seconds.total ?? 0 },
      comparison: compareImages(theirs, ours),
    }
  } finally {
    await folder.remove()
  }
}

/** This machine's platform, or the first. */
function onePlatform(platforms: readonly Platform[]): Platform {
  const own = platforms.find(({ id }) => id === `linux/${hostArch()}`)
  return own ?? (platforms[0] as Platform)
}

/** The command that builds the Dockerfile as it is. Pure. */
export function dockerfileCommand(
  { dir, buildx }: Pick<Options, 'dir' | 'buildx'>,
  dockerfile: string,
  platform: Platform,
  archive: string,
): Command {
  return {
    tool: 'docker',
    args: [
      'buildx',
      'build',
      ...(buildx.builder === undefined ? [] : ['--builder', buildx.builder]),
      '--progress=plain',
      `--platform=${platform.id}`,
      '--provenance=false',
      '--sbom=false',
      `--file=${join(dir, dockerfile)}`,
      `--output=type=oci,dest=${archive}`,
      dir,
    ],
    cwd: dir,
  }
}

async function buildDockerfile(
  options: Options,
  dockerfile: string,
  platform: Platform,
  archive: string,
  { emit, signal }: ProveContext,
): Promise<void> {
  emit({ type: 'note', level: 'info', text: `docker buildx build --file ${dockerfile} for ${platform.id}` })
  const result = await run(dockerfileCommand(options, dockerfile, platform, archive), { signal })
  if (result.ok) return
  const text = await readText(join(options.dir, dockerfile))
  const failure = explainBuildxError({ said: result.stderr, dockerfile: text })
  const { kind, why, where, fix } = failure
  throw new Failure({
    kind,
    what: `${dockerfile} cannot be built: ${failure.what}`,
    why,
    where,
    fix,
    cause: failure,
  })
}

async function baseOf(dir: string, dockerfile: string): Promise<string> {
  const { stages } = parseDockerfile(await readText(join(dir, dockerfile)), dockerfile)
  const last = stages.at(-1)
  return (last && lineage(last).at(-1)?.image) ?? ''
}

function noImage(): Failure {
  return new Failure({ kind: 'project', what: 'xbuild made no image', fix: 'xbuild plan' })
}
