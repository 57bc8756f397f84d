import { createHash } from 'node:crypto'
import { Failure } from '../../errors.ts'
import type { CacheValues } from '../../image/buildx/cache.ts'
import { envInstructions } from '../../image/buildx/dockerfile.ts'
import type { Project } from '../../languages/language.ts'
import { type Platform, platformFolder } from '../../platforms.ts'
import type { BuilderStage, Command, Step } from '../../types.ts'
import { quoteWord } from '../../util/quote-word.ts'
import { fillTokens, substitute, tokens } from '../../util/substitute.ts'
import { type BuilderLanguage, type CacheMount, stageFolders } from './builder-language.ts'
import { stageSecrets } from './secrets.ts'

/** What the stages of a build have in common. */
export interface StageFacts {
  /** The toolchain's image, with its digest where that is pinned. */
  readonly image: string
  /** Absolute folder whose content is sent: the repository, else the project or its workspace. */
  readonly root: string
  /** Patterns of what in it is not sent. */
  readonly ignore: readonly string[]
}

/** What one step's stage depends on in addition. */
export interface StageRequest extends StageFacts {
  readonly project: Project
  readonly language: BuilderLanguage
  readonly platform: Platform
  readonly builder?: string | undefined
  readonly secrets: readonly string[]
  readonly ssh: readonly string[]
  readonly caches: CacheValues
  /** The folder that docker runs in: relative paths in its flags are meant from it. */
  readonly cwd: string
}

/** The name of the stage that compiles. */
export const compileStage = 'compile'

/**
 * The step's command in a stage of a builder: the same words and variables, in the same folder, which the sources are
 * mounted at, so that they become part of no layer. Pure.
 * @throws {Failure} usage, for a folder that a Dockerfile cannot mount at.
 */
export function stageOf(step: Step, request: StageRequest): BuilderStage {
  const { project, language, image, root, platform } = request
  checkRoot(root)
  const { caches: places, work } = stageFolders
  const command = substitute(step.command, { work, caches: places })
  const { plain, ...secrets } = stageSecrets(request, { ...language.env(project), ...command.env })
  const out = fillTokens(step.outputDir ?? `${tokens.work}/${platformFolder(platform)}`, { work })
  const gathered = language.gather?.({ ...step, command }, project) ?? []
  const mounts = [
    `--mount=type=bind,target=${root},rw`,
    ...language.caches(command).map(mount => cacheMount(mount, request)),
    ...secrets.mounts,
  ]
  const dockerfile = [
    `FROM --platform=$BUILDPLATFORM ${image} AS ${compileStage}`,
    ...(language.prepare?.(step) ?? []),
    `WORKDIR ${command.cwd}`,
    ...lines(envInstructions({ ...plain, ...secrets.env })),
    ['RUN', ...mounts, JSON.stringify(runWords(command, gathered, out))].join(' '),
    '',
    'FROM scratch',
    `COPY --from=${compileStage} ${out.replace(/\/*$/, '/')} /`,
    '',
  ].join('\n')
  return {
    image,
    dockerfile,
    ignore: request.ignore.map(pattern => `${pattern}\n`).join(''),
    command: stageCommand(request, secrets),
  }
}

const lines = (text: string) => (text === '' ? [] : text.split('\n'))

/** Exec form, and a shell only where the binaries are to be copied out of a cache that ends with the command. */
function runWords({ tool, args }: Command, gathered: readonly string[], out: string): string[] {
  if (gathered.length === 0) return [tool, ...args]
  const copy = ['mkdir', '-p', out].map(quoteWord).join(' ')
  const script = `"$@" >/dev/null && ${copy} && ${['cp', ...gathered, out].map(quoteWord).join(' ')}`
  return ['/bin/sh', '-c', script, 'sh', tool, ...args]
}

function cacheMount({ name, target, perPlatform }: CacheMount, { project, platform }: StageRequest): string {
  const key = createHash('sha256')
    .update(`${project.name ?? ''}\0${project.root}`)
    .digest('hex')
    .slice(0, 12)
  const id = ['xbuild', name, key, ...(perPlatform ? [platformFolder(platform)] : [])].join('-')
  return `--mount=type=cache,id=${id},target=${target}`
}

/** One `docker buildx build` for each platform, so that buildx gives each to the node that is for it. */
function stageCommand(
  { platform, builder, caches, root, cwd }: StageRequest,
  secrets: Pick<ReturnType<typeof stageSecrets>, 'flags' | 'values'>,
): Command {
  const folder = platformFolder(platform)
  return {
    tool: 'docker',
    args: [
      'buildx',
      'build',
      ...(builder === undefined ? [] : ['--builder', builder]),
      '--progress=rawjson',
      ...['--platform', platform.id],
      ...['--output', `type=local,${csvField(`dest=${tokens.work}/${folder}`)}`],
      ...caches.from.flatMap(value => ['--cache-from', value]),
      ...caches.to.flatMap(value => ['--cache-to', value]),
      ...secrets.flags,
      '--provenance=false',
      ...['--file', `${tokens.work}/compile/${folder}/Dockerfile`],
      root,
    ],
    cwd,
    ...(Object.keys(secrets.values).length > 0 && { env: secrets.values }),
  }
}

const csvField = (text: string) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** A mount is a record of comma-separated fields in which variables are expanded, on a line that is split at blanks. */
function checkRoot(root: string): void {
  if (/^\/[\w.@+~=/-]+$/.test(root)) return
  throw new Failure({
    kind: 'usage',
    what: `--compile-on builder cannot mount the sources at ${root}`,
    why:
      root === '/'
        ? 'it is the whole file system of this machine'
        : 'a Dockerfile takes letters, digits and "_.@+~=/-" in the path of a mount',
    fix: 'build in a folder with such a name, or --compile-on host',
  })
}
