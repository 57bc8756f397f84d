import { Failure } from '../../../errors.ts'
import type { Platform } from '../../../platforms.ts'
import { run } from '../../../process.ts'
import type { Command } from '../../../types.ts'
import { hostArch } from '../../../util/host-arch.ts'
import { stageFolders } from '../../languages/bench-language.ts'
import type { Subject } from '../job.ts'

/** What a builder stage begins with. */
export interface StageToolchain {
  /** For FROM. */
  readonly image: string
  /** For the record. */
  readonly name: string
  readonly setup: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** The folder that the build context `files` is. */
  readonly files?: string
  /** The toolchain's program, where it is not on PATH. */
  readonly program?: string
}

/**
 * The toolchain of a builder stage that runs on `platform`: the image that was asked for; else the official one of the
 * version that this machine has; else, where a registry has none, a toolchain for that platform in a folder.
 * @throws {Failure} tool, when there is none of them.
 */
export async function findStageToolchain(
  subject: Subject,
  platform: Platform,
  command: Command,
  signal: AbortSignal,
): Promise<StageToolchain> {
  const { language, project, options } = subject
  const setup = language.prepareImage?.(command) ?? []
  const env = language.imageEnv?.(project.toolchain.version) ?? {}
  if (options.bench.image !== undefined) {
    return { image: options.bench.image, name: options.bench.image, setup, env }
  }
  const image = language.image?.(project.toolchain.version, command)
  const missing =
    image === undefined ? 'there is no official image' : await imageFault(image, platform, subject, signal)
  if (image !== undefined && missing === undefined) return { image, name: image, setup, env }
  const folder = await language.findToolchain?.(project, platform, subject.staged, runsHere(platform))
  if (folder === undefined) throw noToolchain(subject, platform, missing)
  const { toolchain } = stageFolders
  return {
    image: 'scratch',
    name: folder.name,
    setup: [`COPY --from=files --chmod=0755 / ${toolchain}/`, ...folder.setup, 'WORKDIR /tmp'],
    env: { HOME: '/root', ...folder.env },
    files: folder.folder,
    program: `${toolchain}/${folder.program}`,
  }
}

/** Whether this machine's own toolchain is one for a platform: it is Linux, of that architecture, wherever the builder is. */
function runsHere({ os, arch }: Platform): boolean {
  return process.platform === os && arch === hostArch()
}

/** Why an image cannot be used; undefined where its index lists the platform. A pull would cost far more to find out. */
async function imageFault(
  image: string,
  { os, arch }: Platform,
  { builder, staged }: Subject,
  signal: AbortSignal,
): Promise<string | undefined> {
  const chosen = builder?.name === undefined ? [] : ['--builder', builder.name]
  const command = {
    tool: 'docker',
    args: ['buildx', 'imagetools', 'inspect', ...chosen, '--raw', image],
    cwd: staged.root,
  }
  const result = await run(command, { signal, timeout: 30 })
  if (!result.ok) return result.timedOut ? `${image} cannot be reached` : lastLine(result.stderr)
  const text = result.stdout.replace(/\s/g, '')
  return text.includes(`"architecture":"${arch}","os":"${os}"`) || !text.includes('"manifests"')
    ? undefined
    : `${image} has no ${os}/${arch}`
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}

function noToolchain({ project }: Subject, platform: Platform, why: string | undefined): Failure {
  const { name, version } = project.toolchain
  return new Failure({
    kind: 'tool',
    what: `There is no ${name} ${version} that runs on ${platform.id} to put into a builder`,
    why,
    fix: 'name an image that has it: --image, or [bench] image = "…" in xbuild.toml',
  })
}
