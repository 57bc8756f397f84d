import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parsePlatform } from '../../platforms.ts'
import type { Step, SupportFile } from '../../types.ts'
import { cacheFolder } from '../../util/cache-folder.ts'
import { readChecked } from '../../util/checked-file.ts'
import { version } from '../../version.ts'
import type { KeptBinary } from '../kept-binary.ts'

/** How the last build of a command line compiled, with tokens in the place of its temporary folder. */
export interface LastCommands {
  /** The folder of the outputs. */
  readonly dist: string
  readonly files: readonly SupportFile[]
  readonly steps: readonly Step[]
  readonly concurrency: number
  readonly binaries: readonly KeptBinary[]
  /** What a plan has to be written as, to be the same. */
  readonly text: string
}

/** As the file has it. */
export interface WrittenCommands {
  readonly dist: string
  readonly binaries: readonly KeptBinary[]
  /** What was in each file that decides whether something has to come before the compilers; null where there was none. */
  readonly watched: readonly (readonly [path: string, content: string | null])[]
  /** @see WrittenPlan */
  readonly text: string
}

/** The part of a plan that compiles. */
export interface WrittenPlan {
  readonly language: string
  readonly toolchain: { readonly name: string; readonly version: string }
  readonly files: readonly SupportFile[]
  readonly concurrency: number
  readonly steps: readonly WrittenStep[]
}

type WrittenStep = Omit<Step, 'produces'> & {
  readonly produces: readonly { platform: string; name: string; predicted?: boolean }[]
}

/**
 * Reads how the last build of a command line compiled. It is kept in the user's cache folder, which nobody else writes to: what
 * lies in a project may be somebody else's, and this is run.
 */
export function readLastCommands(args: readonly string[]): LastCommands | undefined {
  try {
    const file = readChecked(commandsPath(args))
    if (!file) return undefined
    const { dist, binaries, watched, text } = JSON.parse(file.toString()) as WrittenCommands
    if (watched.some(([path, content]) => contentOf(path) !== content)) return undefined
    const { files, steps, concurrency } = JSON.parse(text) as WrittenPlan
    return { dist, binaries, text, files, steps: steps.map(parseStep), concurrency }
  } catch {
    return undefined
  }
}

const parseStep = ({ produces, ...step }: WrittenStep): Step => ({
  ...step,
  produces: produces.map(({ platform, ...item }) => ({ ...item, platform: parsePlatform(platform) })),
})

/** The SHA-256 of what is in a file. */
export function contentOf(path: string): string | null {
  return existsSync(path) ? sha256(readFileSync(path)) : null
}

/** Environment variables that most often decide how a project is compiled. Where another one did, the plan tells. */
const variables = [
  ...['PATH', 'RUSTUP_TOOLCHAIN', 'RUSTC_WRAPPER', 'GOWORK'],
  ...['XBUILD_PLATFORM', 'XBUILD_DIST', 'XBUILD_JOBS', 'XBUILD_COMPILE_ON'],
]

/** The file of a command line, for this version, in this folder. */
export function commandsPath(args: readonly string[]): string {
  const values = variables.map(name => process.env[name])
  const key = sha256(JSON.stringify([version, process.cwd(), withoutImageFlags(args), values]))
  return join(cacheFolder(), 'commands', key.slice(0, 32))
}

/** Flags that say what an image is, not how its programs are compiled; many have another value in each build. */
const imageFlag = /^(-t|--(tag|base|label|annotation)(?=$|=))(.*)/s

function withoutImageFlags(args: readonly string[]): string[] {
  const kept: string[] = []
  for (let at = 0; at < args.length; at++) {
    const word = args[at] as string
    if (word === '--') return [...kept, ...args.slice(at)]
    const [flag, , , value] = imageFlag.exec(word) ?? []
    if (flag === undefined) kept.push(word)
    else if (!value) at++
  }
  return kept
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}
