import { join } from 'node:path'
import { configFile } from '../config/load.ts'
import type { Options } from '../config/options.ts'
import { readTextIfThere } from '../util/read-file.ts'
import type { Entry } from './adopt/ledger.ts'
import { collectSettings } from './collect-settings.ts'
import { missingSettings } from './differences.ts'
import type { FoundProject } from './read-project.ts'
import type { Setting } from './settings.ts'
import { addGitlabJob, type CiFacts, type CiKind, ciFile, githubWorkflow } from './write/ci.ts'
import type { FileChange } from './write/diff.ts'
import { addTargets, includedText, makefileNames } from './write/makefile.ts'
import { schemaFile, tomlText } from './write/toml.ts'

/** What init is going to write. Paths are relative to the repository. */
export interface InitPlan {
  readonly changes: readonly (FileChange & { readonly what: string })[]
  /** Files that stay as they are, with the reason. */
  readonly kept: readonly { readonly path: string; readonly why: string }[]
  readonly entries: readonly Entry[]
  /** What the files say and the xbuild.toml that is there does not. */
  readonly missing: readonly Setting[]
  /** Relative to the project. */
  readonly dockerfile: string | undefined
}

/** What a person chose. */
export interface InitChoices {
  readonly ci: CiKind
  /** Relative to the project. */
  readonly dockerfile: string | undefined
}

/** Plans the files of `xbuild init`; writes nothing. A file that is there is added to, or left as it is. */
export async function planInit(
  found: FoundProject,
  options: Options,
  { ci, dockerfile: chosen }: InitChoices,
): Promise<InitPlan> {
  const { facts, folder } = found
  const inRoot = (path: string) => (folder === '.' ? path : `${folder}/${path}`)
  const changes: InitPlan['changes'][number][] = []
  const kept: { path: string; why: string }[] = []
  const change = (path: string, what: string, before: string | undefined, after: string) => {
    if (before === after) kept.push({ path, why: 'it is as init would write it' })
    // Written again, its other bytes would not be what they were.
    else if (before?.includes('\uFFFD')) kept.push({ path, why: `it is not UTF-8: add ${what} yourself` })
    else changes.push({ path, what, before, after })
  }

  const collected = await collectSettings(found, options, chosen)
  const toml = facts.read(configFile)
  if (toml === undefined)
    change(inRoot(configFile), 'the configuration', undefined, tomlText(collected.settings))
  else kept.push({ path: inRoot(configFile), why: 'it is there already' })
  if (toml === undefined || toml.includes(`#:schema ./${schemaFile}`))
    change(inRoot(schemaFile), 'its JSON Schema, for editors', facts.read(schemaFile), await schemaText())

  const makefile = makefileNames.find(name => facts.read(name) !== undefined)
  const before = makefile === undefined ? undefined : facts.read(makefile)
  const targets = addTargets(before, found.image, includedText(before ?? '', facts))
  const path = inRoot(makefile ?? 'Makefile')
  if ('kept' in targets) kept.push({ path, why: targets.kept })
  else change(path, 'make image and make image-push', before, targets.text)

  if (ci !== 'none') {
    const file = ciFile[ci]
    const there = await readTextIfThere(join(found.root, file))
    const next = ci === 'gitlab' ? addGitlabJob(there, ciFacts(found)) : githubFile(there, found)
    if ('kept' in next) kept.push({ path: file, why: next.kept })
    else change(file, 'the CI job', there, next.text)
  }
  // What is written once is not said again.
  return {
    changes,
    kept,
    entries: toml === undefined ? collected.entries : [],
    missing: toml === undefined ? [] : await missingSettings(collected.settings, toml),
    dockerfile: collected.dockerfile,
  }
}

function githubFile(there: string | undefined, found: FoundProject): { text: string } | { kept: string } {
  return there === undefined ? { text: githubWorkflow(ciFacts(found)) } : { kept: 'it is there already' }
}

function ciFacts({ facts, image, branch, folder }: FoundProject): CiFacts {
  const [, zig] = /\.minimum_zig_version\s*=\s*"([\d.]+)"/.exec(facts.read('build.zig.zon') ?? '') ?? []
  return {
    language: facts.language,
    image,
    branch,
    folder,
    goFile: facts.read('go.work') === undefined ? 'go.mod' : 'go.work',
    zig,
  }
}

/** The JSON Schema that this xbuild was made with. */
async function schemaText(): Promise<string> {
  const { default: schema } = await import('../../schema/xbuild.schema.json', { with: { type: 'json' } })
  return `${JSON.stringify(schema)}\n`
}
