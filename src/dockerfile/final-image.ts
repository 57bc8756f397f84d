import { parseDuration } from '../util/duration.ts'
import type { Expanded } from './expand.ts'
import type { Dockerfile, Instruction, Stage } from './model.ts'
import { execWords, type Override, pairsOf, type Scope, walkStage } from './scope.ts'
import { lineage } from './stages.ts'

/** A value with the instruction that says it. */
export interface Said<T> {
  readonly value: T
  readonly by: Instruction
}

/** A command of ENTRYPOINT, CMD or HEALTHCHECK: words, or a line for the shell. */
export type Program = { readonly words: readonly string[] } | { readonly shell: string }

/** The flags of a HEALTHCHECK, under the names of xbuild.toml. */
export interface HealthFacts {
  /** Undefined for NONE. */
  readonly test: Program | undefined
  readonly interval?: string
  readonly timeout?: string
  readonly 'start-period'?: string
  readonly 'start-interval'?: string
  readonly retries?: number
}

/** A COPY or ADD. Paths have their variables filled in where they are known. */
export interface CopyFacts {
  readonly by: Instruction
  /** The stage or image that it copies from; undefined for the build context. */
  readonly from: string | undefined
  readonly sources: readonly string[]
  /** Absolute; a slash at the end says that it is a folder. */
  readonly target: string
  readonly mode: string | undefined
  readonly owner: string | undefined
  readonly unknown: readonly string[]
}

/** What the last stage of a Dockerfile makes of its base image, with the instruction that says it. */
export interface ImageFacts {
  readonly stage: Stage
  /** The image that its lineage begins with, and the FROM that names it. */
  readonly base: Said<string>
  readonly entrypoint?: Said<Program>
  readonly cmd?: Said<Program>
  readonly env: ReadonlyMap<string, Said<Expanded>>
  readonly labels: ReadonlyMap<string, Said<Expanded>>
  readonly user?: Said<Expanded>
  readonly workdir?: Said<Expanded>
  readonly ports: readonly Said<Expanded>[]
  readonly volumes: readonly Said<Expanded>[]
  readonly stopSignal?: Said<Expanded>
  readonly healthcheck?: Said<HealthFacts>
  readonly maintainer?: Said<string>
  /** With the working directory and the user of that moment. */
  readonly runs: readonly { readonly by: Instruction; readonly workdir: string; readonly scope: Scope }[]
  readonly copies: readonly CopyFacts[]
}

/** Reads what an image is made of besides files of RUN; undefined for a Dockerfile without a stage. */
export function readFinalImage(dockerfile: Dockerfile, override?: Override): ImageFacts | undefined {
  const stage = dockerfile.stages.at(-1)
  return stage && readImage(dockerfile, stage, override)
}

type Draft = {
  -readonly [Key in keyof ImageFacts]: ImageFacts[Key] extends ReadonlyMap<infer K, infer V>
    ? Map<K, V>
    : ImageFacts[Key] extends readonly (infer T)[]
      ? T[]
      : ImageFacts[Key]
}

/** The same of any stage. */
export function readImage(dockerfile: Dockerfile, stage: Stage, override?: Override): ImageFacts {
  const first = lineage(stage).at(-1) ?? stage
  const facts: Draft = {
    stage,
    base: { value: first.image, by: first.from },
    env: new Map(),
    labels: new Map(),
    ports: [],
    volumes: [],
    runs: [],
    copies: [],
  }
  let current: Stage | undefined
  let cmdIsSet = false
  let workdir = '/'
  walkStage(
    dockerfile,
    stage,
    (by, scope, own) => {
      if (own !== current) cmdIsSet = false
      current = own
      if (by.onbuild) return
      const [word] = by.words
      const one = (): Said<Expanded> => ({ value: scope.expand(by.body.text.trim()), by })
      switch (by.keyword) {
        case 'ENV':
          for (const { name, raw = '' } of pairsOf(by)) facts.env.set(name, { value: scope.expand(raw), by })
          break
        case 'LABEL':
          for (const { name, raw = '' } of pairsOf(by))
            facts.labels.set(name, { value: scope.expand(raw), by })
          break
        case 'EXPOSE':
          for (const { raw } of by.words) facts.ports.push({ value: scope.expand(raw), by })
          break
        case 'VOLUME':
          for (const raw of execWords(by) ?? by.words.map(({ raw }) => raw))
            facts.volumes.push({ value: scope.expand(raw), by })
          break
        case 'USER':
          facts.user = one()
          break
        case 'STOPSIGNAL':
          facts.stopSignal = one()
          break
        case 'MAINTAINER':
          facts.maintainer = { value: by.body.text.trim().replace(/^"(.*)"$/, '$1'), by }
          break
        case 'WORKDIR': {
          const { text, unknown } = scope.expand(word ? by.body.text.trim() : '')
          workdir = absolute(text, workdir)
          facts.workdir = { value: { text: workdir, unknown }, by }
          break
        }
        case 'ENTRYPOINT':
          facts.entrypoint = { value: program(by), by }
          // One of the base stage does not fit another entrypoint (BuildKit, dispatchEntrypoint).
          if (!cmdIsSet) delete facts.cmd
          break
        case 'CMD':
          facts.cmd = { value: program(by), by }
          cmdIsSet = true
          break
        case 'HEALTHCHECK':
          facts.healthcheck = { value: healthcheck(by), by }
          break
        case 'RUN':
          facts.runs.push({ by, workdir, scope })
          break
        case 'COPY':
        case 'ADD':
          facts.copies.push(copy(by, scope, workdir))
      }
    },
    override,
  )
  return facts
}

function program(by: Instruction): Program {
  const words = execWords(by)
  return words ? { words } : { shell: by.body.text.trim() }
}

const durationFlags = ['interval', 'timeout', 'start-period', 'start-interval'] as const

function healthcheck(by: Instruction): HealthFacts {
  const [, keyword = '', rest = ''] = /^\s*(\w+)\s*([\s\S]*)$/.exec(by.body.text) ?? []
  if (keyword.toUpperCase() === 'NONE') return { test: undefined }
  const flag = (name: string) => by.flags.find(flag => flag.name === name)?.value
  const words = execWords({ body: { text: rest, at: by.body.at } })
  const retries = Number(flag('retries'))
  return {
    test: words ? { words } : { shell: rest.trim() },
    ...Object.fromEntries(
      durationFlags.flatMap(name => {
        const value = flag(name)
        // Zero means the default.
        return value !== undefined && parseDuration(value) !== 0 ? [[name, value]] : []
      }),
    ),
    ...(retries > 0 && { retries }),
  }
}

function copy(by: Instruction, scope: Scope, workdir: string): CopyFacts {
  const flag = (name: string) => by.flags.find(flag => flag.name === name)?.value
  const words = (execWords(by) ?? by.words.map(({ raw }) => raw)).map(raw => scope.expand(raw))
  const texts = words.map(({ text }) => text)
  const target = texts.at(-1) ?? '.'
  return {
    by,
    from: flag('from'),
    // What here-documents are written as are no files of the context.
    sources: texts.slice(0, -1).filter(source => !source.startsWith('<<')),
    target: `${absolute(target, workdir)}${/(^|\/)\.?$/.test(target) ? '/' : ''}`.replace(/^\/\/$/, '/'),
    mode: flag('chmod'),
    owner: flag('chown'),
    unknown: words.flatMap(({ unknown }) => unknown),
  }
}

/** `path` as seen from a folder, without `.` and `..`, and without a slash at its end. */
export function absolute(path: string, folder: string): string {
  const parts: string[] = []
  for (const part of (path.startsWith('/') ? path : `${folder}/${path}`).split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}
