import { type ImageFacts, readFinalImage } from '../../dockerfile/final-image.ts'
import type { Dockerfile, Instruction, Stage } from '../../dockerfile/model.ts'
import { parseDockerfile } from '../../dockerfile/parse.ts'
import { pairsOf } from '../../dockerfile/scope.ts'
import { automaticVariables } from '../../dockerfile/variables.ts'
import type { Setting } from '../settings.ts'
import { readMakefile } from '../sources/makefile-flags.ts'
import { makefileNames } from '../write/makefile.ts'
import { adoptBase, baseKind, needsShell } from './base.ts'
import { adoptBuilds } from './builds.ts'
import { adoptConfig } from './config.ts'
import { adoptFiles, isScript } from './files.ts'
import { adoptPrograms, type ImageProgram, startedPaths } from './image-programs.ts'
import { withoutInit } from './init-program.ts'
import { placeholderFor, withPlaceholders } from './known-names.ts'
import { createLedger, type Entry, type Ledger } from './ledger.ts'
import { onMergedUsr } from './merged-usr.ts'
import { nameOf, readStages, type StageFacts, usesVariable } from './programs.ts'
import type { ProjectFacts } from './project.ts'
import { adoptRuns, madeUsers } from './runs.ts'
import { userOf } from './user.ts'

/** What xbuild.toml takes over from a file, and what is said of each of its lines. */
export interface Adoption {
  readonly settings: readonly Setting[]
  readonly entries: readonly Entry[]
  /** Whether it says how the program is compiled. */
  readonly compiles: boolean
}

/**
 * Takes over from a Dockerfile what xbuild.toml can say, and says of every instruction what became of it. Pure.
 * @param file its name for people
 */
export function adoptDockerfile(text: string, file: string, project: ProjectFacts): Adoption {
  const dockerfile = parseDockerfile(text, file)
  const ledger = createLedger(dockerfile, file)
  const read = readFinalImage(dockerfile, withPlaceholders)
  if (!read) return { settings: [], entries: [], compiles: false }
  const facts = withoutInit(read, ledger)
  const stages = readStages(dockerfile, facts.stage, project)
  const commands = stages.flatMap(stage => stage.commands)
  const inImage = (one: StageFacts) => isInLineage(facts.stage, one.stage)

  const scripts = isScript(facts.copies, project)
  const keepsShell = needsShell(facts, scripts)
  const made = madeUsers(commands)
  const hasOwnUsers = keepsShell || baseKind(facts.base.value) === 'other'
  const copied = adoptFiles(facts.copies, stages, dockerfile.stages, project, ledger, name =>
    userOf(name, made, hasOwnUsers),
  )
  const last = stages.at(-1)
  // A Dockerfile of one stage compiles where the program is then run.
  const compiled = last?.builds.flatMap(({ run }) =>
    [...last.programs].map(path => ({ path, name: nameOf(path), by: run.by })),
  )
  const started = startedPaths(facts)
  const own = compiled?.find(({ path }) => started.includes(path)) ?? compiled?.[0]
  const main = adoptPrograms(copied.programs, facts, project, ledger) ?? own ?? namedProgram(facts, project)
  adoptBuilds(stages, main?.name, project, ledger)
  adoptBase(facts, keepsShell, copied, ledger)
  if (main) placeProgram(main.path, project, ledger, main.by)
  const makefile = makefileNames.map(project.read).find(text => text !== undefined)
  const makeCompiles = makefile !== undefined && readMakefile(makefile) !== undefined
  const compiling = new Set(stages.flatMap(({ builds }) => builds.map(({ run }) => run)))
  for (const one of stages) adoptRuns(one.commands, inImage(one), compiling, makeCompiles, ledger)
  const keeps = ledger.settings.some(({ key }) => key === 'base')
  adoptConfig(facts, ledger, {
    program: main?.path,
    keepsShell,
    isScript: scripts,
    user: name => userOf(name, made, keeps),
  })

  sayTheRest(dockerfile, stages, inImage, ledger)
  const compiles = stages.some(({ builds }) => builds.length > 0)
  return { settings: onMergedUsr(ledger.settings), entries: ledger.entries(), compiles }
}

/** The program that the entrypoint names, where it has the name of the project's and no line says how it gets there. */
function namedProgram(facts: ImageFacts, { main }: ProjectFacts): ImageProgram | undefined {
  const by = facts.entrypoint?.by ?? facts.cmd?.by
  const path = startedPaths(facts).find(one => main !== undefined && nameOf(one) === main.name)
  return path !== undefined && by && main ? { path, name: main.name, by } : undefined
}

function isInLineage(stage: Stage, wanted: Stage): boolean {
  for (let one: Stage | undefined = stage; one; one = one.base) if (one === wanted) return true
  return false
}

/** The path of the program, unless xbuild puts it there by itself. */
function placeProgram(path: string, project: ProjectFacts, ledger: Ledger, by: Instruction): void {
  const bins = ledger.settings.find(({ key }) => key === 'bins')?.value
  const [bin] = Array.isArray(bins) ? (bins as string[]) : []
  const chosen =
    bin === undefined
      ? project.main
      : project.executables.find(one => one.package === bin || one.name === bin)
  if (chosen && path === `/${chosen.name}`) return
  ledger.set(by, 'image', 'program', path)
}

/** What no part of the adoption has spoken of. */
function sayTheRest(
  dockerfile: Dockerfile,
  stages: readonly StageFacts[],
  inImage: (one: StageFacts) => boolean,
  ledger: Ledger,
): void {
  for (const by of dockerfile.globals) if (by.keyword === 'ARG') sayArgument(by, dockerfile, ledger)
  for (const stage of dockerfile.stages) {
    const facts = stages.find(one => one.stage === stage)
    if (!facts) {
      ledger.left(stage.from, sayUnused(stage, dockerfile.stages))
      continue
    }
    if (!ledger.has(stage.from))
      ledger.covered(
        stage.from,
        stage.base ? 'a stage of this file' : 'the toolchain of this machine compiles',
      )
    for (const by of stage.instructions) {
      if (ledger.has(by)) continue
      if (by.onbuild) ledger.left(by, 'an image of xbuild has no ONBUILD')
      else if (by.keyword === 'ARG') sayArgument(by, dockerfile, ledger)
      else if (inImage(facts)) sayOfImage(by, facts, ledger)
      else sayOfBuild(by, ledger)
    }
  }
}

/** A stage that the last one does not name, unless `FROM ${TARGETARCH}` means it for one of the platforms. */
function sayUnused({ name }: Stage, stages: readonly Stage[]): string {
  const chooser = stages.find(({ image }) => {
    const texts = image.split(/\$\{?TARGET\w+\}?/)
    return texts.length > 1 && name?.startsWith(texts[0] ?? '') && name.endsWith(texts.at(-1) ?? '')
  })
  return chooser
    ? `FROM ${chooser.image} means it for one platform: xbuild compiles for all, without the flags of this stage`
    : 'the last stage does not use this one: [images.NAME] makes another image'
}

function sayOfImage(by: Instruction, { builds }: StageFacts, ledger: Ledger): void {
  if (by.keyword === 'RUN') ledger.covered(by, 'it only prepares other lines')
  else if (by.keyword === 'SHELL') ledger.left(by, 'nothing runs in a shell')
  else if (builds.length > 0 && /^(?:COPY|ADD)$/.test(by.keyword))
    ledger.covered(by, 'the toolchain reads the project itself')
  else ledger.covered(by, 'a later line replaces it')
}

function sayOfBuild(by: Instruction, ledger: Ledger): void {
  const from = by.flags.find(({ name }) => name === 'from')?.value
  const isRemote = by.keyword === 'ADD' && /https?:|git@/.test(by.body.text)
  if (from !== undefined && !/^\d+$/.test(from) && /[/:.]/.test(from))
    ledger.left(by, `the compile had a file of ${from}: this machine needs it where the program does`)
  else if (isRemote) ledger.left(by, 'the compile had it: download it before xbuild')
  else if (/^(?:COPY|ADD)$/.test(by.keyword)) ledger.covered(by, 'the toolchain reads the project itself')
  else if (by.keyword === 'RUN') ledger.covered(by, 'it only prepares the compile')
  else if (by.keyword === 'ENV') {
    const isTaken = pairsOf(by).map(({ name }) => sayTaken(name, by, ledger))
    if (!isTaken.includes(true)) ledger.covered(by, 'a variable of the build stage')
  } else ledger.covered(by, 'it is of the build stage alone')
}

/** Says of the instruction that sets a variable that the compiler has it by `env` of its table. */
function sayTaken(name: string, by: Instruction, ledger: Ledger): boolean {
  for (const { table, key, value } of ledger.settings) {
    if (key !== 'env' || table === 'image') continue
    const text = (value as Readonly<Record<string, string>>)[name]
    if (text === undefined) continue
    ledger.set(by, table, 'env', { [name]: text })
    return true
  }
  return false
}

/** A build argument: filled in where it is used, known to xbuild, or of nobody. */
function sayArgument(by: Instruction, dockerfile: Dockerfile, ledger: Ledger): void {
  for (const { name, raw } of pairsOf(by)) {
    const placeholder = placeholderFor(name)
    const isUsed = usesVariable(dockerfile, name)
    if ((automaticVariables as readonly string[]).includes(name))
      ledger.covered(by, 'xbuild knows its platform')
    else if (!isUsed && sayTaken(name, by, ledger)) continue
    else if (placeholder !== undefined) ledger.covered(by, `${placeholder} says it`)
    else if (!isUsed) ledger.covered(by, `no line of this file uses ${name}`)
    else if (raw !== undefined && raw !== '') ledger.covered(by, 'its default is filled in where it is used')
    else if (!ledger.has(by)) ledger.covered(by, 'its lines are spoken of where they use it')
  }
}
