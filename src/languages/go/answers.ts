import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import * as v from 'valibot'
import { writeFileAtomically } from '../../util/atomic.ts'
import type { InspectContext } from '../language.ts'
import { embeddedIn, hasContent } from './embedded.ts'
import type { Answers } from './go-context.ts'
import { guessGoEnv } from './go-env.ts'
import type { ListedPackage } from './listed-package.ts'
import { contentOf, identityOfGo, readSourceState, type SourceState } from './source-state.ts'

/**
 * What Go said of the project when it was last read. Compiling is left to Go each time, which knows by itself what is up to
 * date: an answer from here decides only which programs there are, and what they import.
 */
const recordSchema = v.object({
  /** Of this Go, the environment and the settings. */
  key: v.string(),
  /** Path, stamp and content of each file; the stamp is empty where the file was too young for it to tell. */
  files: v.array(v.tuple([v.string(), v.string(), v.string()])),
  /** Folders of modules that were there. */
  modules: v.array(v.string()),
  /** What go:embed found: a program lacks it where it is gone. */
  embedded: v.array(v.string()),
  answers: v.record(v.string(), v.string()),
})
type AnswerRecord = v.InferOutput<typeof recordSchema>

/** Milliseconds within which a file may change twice and have one time: some file systems count seconds, FAT two. */
const clockTick = 2000

/** The most that is kept, in characters. */
const mostText = 8 * 1024 * 1024

const nothing: Answers = { find: () => undefined, keep: () => {}, save: async () => {} }

/** Opens the answers of an earlier build of this folder, where they hold still: same Go, environment, settings and sources. */
export async function openAnswers(dir: string, context: InspectContext): Promise<Answers> {
  // Another machine's Go has an environment of its own.
  const answersFile = context.run ? undefined : context.answersFile
  const key = answersFile === undefined ? undefined : await keyOf(dir, context)
  if (answersFile === undefined || key === undefined) return nothing
  let state: SourceState | undefined
  try {
    state = readSourceState(dir)
  } catch {
    return nothing // Go says what is wrong
  }
  if (state === undefined) return nothing
  const before = readRecord(answersFile)
  const valid = before?.key === key && holds(before, state) ? before : undefined
  const noted: Record<string, string> = {}
  const nameOf = (args: readonly string[], env: object) => JSON.stringify([args, env])
  return {
    find: (args, env) => {
      const name = nameOf(args, env)
      return valid && Object.hasOwn(valid.answers, name) ? valid.answers[name] : undefined
    },
    keep: (args, env, stdout) => {
      noted[nameOf(args, env)] = stdout
    },
    save: async listed => {
      if (Object.keys(noted).length === 0 || !existsSync(dirname(answersFile))) return
      const modules = modulesOf(listed, state)
      const answers = { ...valid?.answers, ...noted }
      const files = modules && !pointsOutside(state) && freeze(state)
      if (!files || Object.values(answers).reduce((sum, text) => sum + text.length, 0) > mostText) return
      const record: AnswerRecord = {
        key,
        files,
        modules: [...new Set([...(valid?.modules ?? []), ...modules])],
        embedded: embeddedIn(state).filter(hasContent),
        answers,
      }
      await writeFileAtomically(answersFile, JSON.stringify(record)).catch(() => {})
    },
  }
}

/** Undefined where something else than the sources and this key decides what Go says. */
async function keyOf(
  dir: string,
  { options, toolchainArgs = [] }: InspectContext,
): Promise<string | undefined> {
  const env = { ...process.env, ...options.go.env }
  const go = identityOfGo(env['PATH'])
  if (go === undefined || env['GOROOT']) return undefined
  const { GOENV, GOWORK } = await guessGoEnv(dir, options.go.env)
  const written = GOENV !== '' && GOENV !== 'off' && existsSync(GOENV) ? readFileSync(GOENV, 'utf8') : ''
  if (GOWORK !== '' && GOWORK !== 'off' && dirname(GOWORK) !== dir) return undefined
  const elsewhere = /modfile|overlay|^GOROOT=/m
  if (elsewhere.test([written, env['GOFLAGS'], ...toolchainArgs].join('\n'))) return undefined
  const kept = Object.entries(env).filter(([name]) => decides.test(name))
  const all = [dir, process.getuid?.(), go, GOWORK, written, kept.sort(([a], [b]) => (a < b ? -1 : 1))]
  return createHash('sha256').update(JSON.stringify(all)).digest('base64')
}

/** Variables that Go's reading of a project may depend on (go help environment). */
const decides = /^(GO|CGO_|GCCGO|HOME$|XDG_|PATH$|CC$|CXX$|AR$|FC$|PKG_CONFIG)/

function readRecord(path: string): AnswerRecord | undefined {
  try {
    return v.parse(recordSchema, JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return undefined // not there, or damaged
  }
}

/** Whether the same files are there, and Go would read the same of each. */
function holds({ files, modules, embedded }: AnswerRecord, state: SourceState): boolean {
  if (files.length !== state.files.length) return false
  try {
    return (
      state.files.every(({ path, stamp }, at) => {
        const [knownPath, knownStamp, content] = files[at] ?? []
        return path === knownPath && (stamp === knownStamp || contentOf(path) === content)
      }) &&
      modules.every(folder => existsSync(folder)) &&
      embedded.every(hasContent)
    )
  } catch {
    return false
  }
}

/** The files with their content; undefined where one has changed since Go was asked. */
function freeze(state: SourceState): AnswerRecord['files'] | undefined {
  try {
    const files = state.files.map(({ path, stamp }): [string, string, string] => [
      path,
      stamp,
      contentOf(path),
    ])
    const now = readSourceState([...state.folders][0] ?? '')
    if (now?.files.length !== files.length) return undefined
    if (now.files.some(({ path, stamp }, at) => path !== files[at]?.[0] || stamp !== files[at]?.[1]))
      return undefined
    const young = (stamp: string) =>
      stamp
        .split(' ')
        .slice(1, 3)
        .some(time => Number(BigInt(time) / 1_000_000n) > state.takenAt - clockTick)
    return files.map(([path, stamp, content]) => [path, young(stamp) ? '' : stamp, content])
  } catch {
    return undefined
  }
}

/** Whether a go.mod or go.work names a folder that may lie outside: what is there was not looked at. */
function pointsOutside({ files }: SourceState): boolean {
  return files
    .filter(({ path }) => /\/go\.(mod|work)$/.test(path))
    .some(({ path }) =>
      /(^|[\s("`])(\.\.|\/)(\/|[^\s/*])*/m.test(withoutComments(readFileSync(path, 'utf8'))),
    )
}

const withoutComments = (text: string) => text.replaceAll(/\/\/.*$/gm, '')

/** The folders of the modules that are not the project's own; undefined where one may change (a replacement), or has an error. */
function modulesOf(listed: readonly ListedPackage[], { folders }: SourceState): string[] | undefined {
  const modules = new Set<string>()
  for (const { standard, dir, moduleDir, error } of listed) {
    if (error !== '') return undefined
    if (standard || folders.has(dir)) continue
    // The module cache names folders so, and makes them read-only.
    if (!/@v[^/]+$/.test(moduleDir)) return undefined
    modules.add(moduleDir)
  }
  return [...modules]
}
