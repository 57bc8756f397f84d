import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Options } from '../config/options.ts'
import { languages } from '../languages/index.ts'
import type { Project } from '../languages/language.ts'
import { parsePlatform } from '../platforms.ts'
import type { Step, SupportFile } from '../types.ts'
import { cacheFolder } from '../util/cache-folder.ts'
import { readChecked, writeChecked } from '../util/checked-file.ts'
import { redactAll } from '../util/redact.ts'
import { version } from '../version.ts'
import { sccacheOf } from './compile-cache.ts'
import type { Plan } from './plan.ts'

/** How the last build of a folder compiled, with tokens in the place of its temporary folder. */
export interface LastCommands {
  readonly project: Pick<Project, 'language' | 'toolchain'>
  readonly files: readonly SupportFile[]
  readonly steps: readonly Step[]
  readonly concurrency: number
  /** What a plan has to be written as, to be the same. */
  readonly text: string
}

/**
 * Reads how the last build with these options compiled. It is kept in the user's cache folder, which nobody else writes to: what
 * lies in a project may be somebody else's, and this is run.
 */
export function readLastCommands(options: Options): LastCommands | undefined {
  try {
    const text = readChecked(pathOf(options))?.toString()
    if (text === undefined) return undefined
    const { language, toolchain, steps, ...read } = JSON.parse(text) as Written
    if (read.options !== digestOf(options)) return undefined
    return { ...read, project: { language, toolchain }, steps: steps.map(parseStep), text }
  } catch {
    return undefined
  }
}

/** Keeps how a build compiled, where the next one may begin with it. */
export function recordCommands(plan: Plan, options: Options): void {
  try {
    const path = pathOf(options)
    const text = textOf(plan, options)
    if (text === undefined) rmSync(path, { force: true })
    else if (readChecked(path)?.toString() !== text) writeChecked(path, () => Buffer.from(text))
  } catch {
    // no home folder, say: the next build begins when it has a plan
  }
}

/** Whether a plan compiles just as the last build did. */
export function isSame(last: LastCommands, plan: Plan, options: Options): boolean {
  return textOf(plan, options) === last.text
}

type WrittenStep = Omit<Step, 'produces'> & {
  readonly produces: readonly { platform: string; name: string; predicted?: boolean }[]
}

interface Written {
  readonly options: string
  readonly language: Project['language']
  readonly toolchain: Project['toolchain']
  readonly files: readonly SupportFile[]
  readonly concurrency: number
  readonly steps: readonly WrittenStep[]
}

const parseStep = ({ produces, ...step }: WrittenStep): Step => ({
  ...step,
  produces: produces.map(({ platform, ...item }) => ({ ...item, platform: parsePlatform(platform) })),
})

/**
 * A plan as the file has it; undefined where its compilers must not run before there is one: something has to come first,
 * they write more than their outputs, or their command lines hold a secret, which would lie in a file. The server of
 * sccache comes first too: cargo would start it with a folder for temporary files that goes with the run.
 */
function textOf(plan: Plan, options: Options): string | undefined {
  const { project, compile, warm } = plan
  const { files, concurrency, prepare, steps } = compile
  if (!warm || prepare.length > 0 || (project.keptFiles ?? []).length > 0) return undefined
  if (sccacheOf(plan)) return undefined
  if (!steps.every(({ stage, cacheLog }) => stage === undefined && cacheLog === undefined)) return undefined
  const commands = JSON.stringify([files, steps])
  const hasSecret = JSON.stringify(redactAll([files, steps])) !== commands
  if (hasSecret || JSON.stringify(options.language).includes('{env.')) return undefined
  const { language, toolchain } = project
  const written: Written = {
    options: digestOf(options),
    language,
    toolchain: { name: toolchain.name, version: toolchain.version },
    files,
    concurrency,
    steps: steps.map(step => ({
      ...step,
      produces: step.produces.map(item => ({ ...item, platform: item.platform.id })),
    })),
  }
  return JSON.stringify(written)
}

const sha256 = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex')

/** Of what decides how a project is compiled, as far as it is known before the project is read. */
function digestOf({ dir, dist, language, platforms, bins, toolchainArgs, jobs }: Options): string {
  const ids = platforms.map(({ id }) => id)
  const { PATH, RUSTUP_TOOLCHAIN, RUSTC_WRAPPER, GOWORK } = process.env
  const variables = [PATH, RUSTUP_TOOLCHAIN, RUSTC_WRAPPER, GOWORK]
  return sha256([version, dist, language, ids, bins, toolchainArgs, jobs, variables, pins(dir)])
}

/** What is in the files that name a toolchain: another one may have to be installed first, by one command alone. */
function pins(dir: string): (string | undefined)[] {
  const names = Object.values(languages).flatMap(({ toolchainFiles = [] }) => toolchainFiles)
  const folders = [dir]
  for (let above = dirname(dir); above !== folders.at(-1); above = dirname(above)) folders.push(above)
  const paths = folders.flatMap(folder => names.map(name => join(folder, name)))
  return paths.map(path => (existsSync(path) ? readFileSync(path, 'utf8') : undefined))
}

const pathOf = ({ dir }: Options) => join(cacheFolder(), 'commands', sha256(dir).slice(0, 32))
