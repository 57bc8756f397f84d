import { createHash } from 'node:crypto'
import { Failure } from '../../errors.ts'
import type { CacheValues } from '../../image/buildx/cache.ts'
import { envInstructions } from '../../image/buildx/dockerfile.ts'
import type { Project } from '../../languages/language.ts'
import { type Platform, platformFolder } from '../../platforms.ts'
import type { BuilderStage, Command, Step } from '../../types.ts'
import { csvField } from '../../util/csv-field.ts'
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
  /** What tells this project's caches on a builder from those of others. */
  readonly identity: string
  /** Whether the image is the official one, whose content is known. */
  readonly official: boolean
  /** What a person should know of what is not sent. */
  readonly remarks: readonly string[]
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

/** Among the binaries: what a cache program had. */
export const cacheLogName = '.cache-log.json'

/** The name of the stage that compiles, or reads. */
const compileStage = 'compile'

/**
 * The step's command in a stage of a builder: the same words and variables, in the same folder, which the sources are
 * mounted at, so that they become part of no layer. Pure.
 * @throws {Failure} usage, for a folder that a Dockerfile cannot mount at.
 */
export function stageOf(step: Step, request: StageRequest): BuilderStage {
  const { project, language, image, root, platform, identity } = request
  checkRoot(root)
  const { caches: places, work } = stageFolders
  const command = substitute(step.command, { work, caches: places })
  const { plain, ...secrets } = stageSecrets(request, { ...language.env(project), ...command.env })
  const out = fillTokens(step.outputDir ?? `${tokens.work}/${platformFolder(platform)}`, { work })
  const gathered = language.gather?.({ ...step, command }, project) ?? []
  const touch = `find ${quoteWord(root)} -name .git -prune -o -type f -exec touch {} + && `
  // The variables of the official image are among the step's.
  const before = `${language.ready?.({ official: false }) ?? ''}${language.comparesTimes ? touch : ''}`
  const mounts = [
    `--mount=type=bind,target=${root},rw`,
    ...language.caches(command).map(mount => cacheMount(mount, { identity, platform })),
    ...secrets.mounts,
  ]
  const dockerfile = stageDockerfile({
    image,
    prepare: [
      ...(language.prepare?.(step) ?? []),
      // Go writes its log before the first binary.
      ...(step.cacheLog ? [`WORKDIR ${out}`] : []),
    ],
    cwd: command.cwd,
    env: { ...plain, ...secrets.env },
    run: [...mounts, JSON.stringify(runWords(command, gathered, out, before))],
    out,
  })
  return {
    image,
    dockerfile,
    ignore: ignoreFile(request),
    command: stageCommand(step, request, secrets),
  }
}

/** What reading a project in stages depends on. */
export interface ReadRequest extends StageFacts {
  readonly language: BuilderLanguage
  readonly builder?: string | undefined
  readonly secrets: readonly string[]
  readonly ssh: readonly string[]
  readonly cwd: string
}

/** A read-only command in a stage, which leaves what it prints and how it ends in files of `folder/out`. Pure. */
export function readingStage(command: Command, request: ReadRequest, folder: string) {
  const { language, image, root, builder, identity, official } = request
  checkRoot(root)
  const { plain, ...secrets } = stageSecrets(request, { ...language.env(), ...command.env })
  const caches = language.caches(command).filter(({ name }) => language.downloads.includes(name))
  const out = `${stageFolders.work}/read`
  const ready = language.ready?.({ official }) ?? ''
  const script = `${ready}mkdir -p ${out}; "$@" >${out}/stdout 2>${out}/stderr; echo $? >${out}/exit`
  const run = [
    `--mount=type=bind,target=${root},rw`,
    ...caches.map(mount => cacheMount(mount, { identity })),
    ...secrets.mounts,
    JSON.stringify(['/bin/sh', '-c', script, 'sh', command.tool, ...command.args]),
  ]
  const env = { ...plain, ...secrets.env }
  return {
    dockerfile: stageDockerfile({ image, prepare: [], cwd: command.cwd, env, run, out }),
    ignore: ignoreFile(request),
    args: [
      ...['buildx', 'build', ...(builder === undefined ? [] : ['--builder', builder]), '--progress=rawjson'],
      // What it tells may come from a network that was not there before.
      ...['--no-cache-filter', compileStage, '--output', `type=local,${csvField(`dest=${folder}/out`)}`],
      ...secrets.flags,
      ...['--provenance=false', '--file', `${folder}/Dockerfile`, root],
    ],
    env: secrets.values,
  }
}

function stageDockerfile(stage: {
  readonly image: string
  readonly prepare: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly run: readonly string[]
  readonly out: string
}): string {
  return [
    `FROM --platform=$BUILDPLATFORM ${stage.image} AS ${compileStage}`,
    ...stage.prepare,
    workdir(stage.cwd),
    ...lines(envInstructions(stage.env)),
    ['RUN', ...stage.run].join(' '),
    '',
    'FROM scratch',
    `COPY --from=${compileStage} ${stage.out.replace(/\/*$/, '/')} /`,
    '',
  ].join('\n')
}

const ignoreFile = ({ ignore }: StageFacts) => ignore.map(pattern => `${pattern}\n`).join('')

const lines = (text: string) => (text === '' ? [] : text.split('\n'))

/**
 * Exec form, and a shell only where the binaries are to be copied out of a cache that ends with the command.
 * @param before words of that shell
 */
function runWords(
  { tool, args }: Command,
  gathered: readonly string[],
  out: string,
  before: string,
): string[] {
  if (gathered.length === 0) return [tool, ...args]
  const copy = ['mkdir', '-p', out].map(quoteWord).join(' ')
  const script = `${before}"$@" >/dev/null && ${copy} && ${['cp', ...gathered, out].map(quoteWord).join(' ')}`
  return ['/bin/sh', '-c', script, 'sh', tool, ...args]
}

function cacheMount(
  { name, target, perPlatform, locked }: CacheMount,
  { identity, platform }: { readonly identity: string; readonly platform?: Platform },
): string {
  const key = createHash('sha256').update(identity).digest('hex').slice(0, 12)
  const id = ['xbuild', name, key, ...(perPlatform && platform ? [platformFolder(platform)] : [])].join('-')
  return `--mount=type=cache,id=${id},target=${target}${locked ? ',sharing=locked' : ''}`
}

/** One `docker buildx build` for each platform, so that buildx gives each to the node that is for it. */
function stageCommand(
  { program, outputDir }: Step,
  { platform, builder, caches, root, cwd }: StageRequest,
  secrets: Pick<ReturnType<typeof stageSecrets>, 'flags' | 'values'>,
): Command {
  const folder = platformFolder(platform)
  const out = outputDir?.replace(/\/*$/, '') ?? `${tokens.work}/${folder}`
  return {
    tool: 'docker',
    args: [
      'buildx',
      'build',
      ...(builder === undefined ? [] : ['--builder', builder]),
      '--progress=rawjson',
      ...['--platform', platform.id],
      ...['--output', `type=local,${csvField(`dest=${out}`)}`],
      ...caches.from.flatMap(value => ['--cache-from', value]),
      ...caches.to.flatMap(value => ['--cache-to', value]),
      ...secrets.flags,
      '--provenance=false',
      ...[
        '--file',
        `${tokens.work}/compile/${program === undefined ? folder : `${folder}-${program}`}/Dockerfile`,
      ],
      root,
    ],
    cwd,
    ...(Object.keys(secrets.values).length > 0 && { env: secrets.values }),
  }
}

/** Between quotes a backslash takes the meaning from `"`, `$` and itself (BuildKit, frontend/dockerfile/shell/lex.go). */
function workdir(folder: string): string {
  if (/[\r\n]/.test(folder)) {
    throw new Failure({
      kind: 'usage',
      what: `--compile-on builder cannot run in ${JSON.stringify(folder)}`,
      why: 'no line of a Dockerfile can hold a line break',
      fix: 'rename the folder, or --compile-on host',
    })
  }
  return `WORKDIR ${/^[\w.@+~=:,/-]+$/.test(folder) ? folder : `"${folder.replace(/["$\\]/g, '\\$&')}"`}`
}

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
