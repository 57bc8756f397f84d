import { absolute, type CopyFacts, type ImageFacts, readImage } from '../../dockerfile/final-image.ts'
import type { Dockerfile, Stage } from '../../dockerfile/model.ts'
import { findStage, lineage } from '../../dockerfile/stages.ts'
import type { Build } from './build.ts'
import { commandsOfRuns, type RunCommand, readBuild } from './commands.ts'
import { withPlaceholders } from './known-names.ts'
import type { ProjectFacts } from './project.ts'

/** A compile of a stage, in the terms of the project. */
export interface StageBuild {
  readonly run: RunCommand
  readonly build: Build
  /** `build.bins` as seen from the project's folder. */
  readonly bins: readonly string[]
}

/** A stage that the image is made with: what it compiles, and where its programs are. */
export interface StageFacts {
  readonly stage: Stage
  readonly facts: ImageFacts
  /** Of its own RUN instructions. */
  readonly commands: readonly RunCommand[]
  readonly builds: readonly StageBuild[]
  /** Absolute paths of the programs of the project in it, in the order in which they got there. */
  readonly programs: ReadonlySet<string>
  /** Names that a program of the project has had: of executables, and of outputs. */
  readonly names: ReadonlySet<string>
}

/** The stages that a stage is made of, itself last. */
export function readStages(dockerfile: Dockerfile, last: Stage, project: ProjectFacts): StageFacts[] {
  const wanted = new Set<Stage>()
  const visit = (stage: Stage) => {
    for (const one of lineage(stage)) {
      if (wanted.has(one)) continue
      wanted.add(one)
      for (const { from } of readImage(dockerfile, one).copies) {
        const source = from === undefined ? undefined : stageOf(from, dockerfile.stages)
        if (source && source.index < one.index) visit(source)
      }
    }
  }
  visit(last)
  const read: StageFacts[] = []
  for (const stage of dockerfile.stages)
    if (wanted.has(stage)) read.push(readStage(dockerfile, stage, project, read))
  return read
}

/** Whether a line of the file takes the value of a variable. */
export function usesVariable({ text }: Dockerfile, name: string): boolean {
  return /^\w+$/.test(name) && new RegExp(`\\$\\{?${name}\\b`).test(text)
}

/** The stage that COPY --from names, by its name or its number. */
export function stageOf(from: string, stages: readonly Stage[]): Stage | undefined {
  return findStage(from, stages) ?? (/^\d+$/.test(from) ? stages[Number(from)] : undefined)
}

function readStage(
  dockerfile: Dockerfile,
  stage: Stage,
  project: ProjectFacts,
  earlier: readonly StageFacts[],
): StageFacts {
  const facts = readImage(dockerfile, stage, withPlaceholders)
  const own = facts.runs.filter(({ by }) => stage.instructions.includes(by))
  const commands = commandsOfRuns(own, name => usesVariable(dockerfile, name))
  const builds = commands.flatMap((run): StageBuild[] => {
    const build = readBuild(run)
    return build ? [{ run, build, bins: binsInProject(run, build, facts) }] : []
  })
  const base = earlier.find(one => one.stage === stage.base)
  const programs = new Set(base?.programs)
  const names = new Set([...(base?.names ?? []), ...project.executables.map(({ name }) => name)])
  const add = (path: string) => {
    programs.add(path)
    names.add(nameOf(path))
  }
  for (const copied of facts.copies) {
    const source = copied.from === undefined ? undefined : stageOf(copied.from, dockerfile.stages)
    const from = earlier.find(one => one.stage === source)
    for (const path of copied.sources) if (from && isProgram(from, path)) add(placeOf(copied, path))
  }
  for (const command of commands) {
    const built = builds.find(({ run }) => run === command)
    if (built) for (const path of outputsOf(built, project)) add(path)
    const { tool, words } = command.command
    if (!/^(?:cp|mv|install)$/.test(tool)) continue
    const paths = words
      .slice(1)
      .map(({ raw }) => command.resolve(raw).text)
      .filter(word => !word.startsWith('-'))
    const target = paths.pop() ?? ''
    const moved = paths
      .map(path => absolute(path, command.workdir))
      .find(path => programs.has(path) || names.has(nameOf(path)))
    if (moved)
      add(
        absolute(
          target.endsWith('/') || target === '.' ? `${target}/${nameOf(moved)}` : target,
          command.workdir,
        ),
      )
  }
  return { stage, facts, commands, builds, programs, names }
}

/** Whether a path of a stage is a program of the project: one that was compiled or moved there, or has the name of one. */
export function isProgram(
  { programs, names }: Pick<StageFacts, 'programs' | 'names'>,
  path: string,
): boolean {
  return programs.has(absolute(path, '/')) || (names.has(nameOf(path)) && !path.endsWith('/'))
}

/** Folders in which a COPY without a slash puts a file, because they are there. */
const folders = /^\/(?:(?:usr\/(?:local\/)?)?s?bin|opt|etc|usr|srv|home|root|tmp|var)?$/

/** Where a COPY puts a file. */
export function placeOf({ target }: Pick<CopyFacts, 'target'>, source: string): string {
  return target.endsWith('/') || folders.test(target) ? absolute(nameOf(source), target) : target
}

export const nameOf = (path: string): string => path.replace(/\/+$/, '').replace(/^.*\//, '')

function outputsOf({ run, build, bins }: StageBuild, project: ProjectFacts): string[] {
  const { workdir, command, env } = run
  const names = [
    ...bins.map(nameOf).filter(name => name !== '.' && name !== ''),
    ...project.executables.map(({ name }) => name),
  ]
  if (build.output !== undefined) {
    const path = absolute(build.output, workdir)
    const isFolder = build.output.endsWith('/') || bins.length > 1
    return isFolder ? names.map(name => absolute(name, path)) : [path]
  }
  if (command.tool === 'go') {
    const folder = command.words[1]?.value === 'install' ? (env['GOBIN'] ?? '/go/bin') : workdir
    return names.map(name => absolute(name, folder))
  }
  if (command.tool === 'zig') return names.map(name => absolute(`zig-out/bin/${name}`, workdir))
  if (command.words.some(({ value }) => value === 'install'))
    return names.map(name => `/usr/local/cargo/bin/${name}`)
  return names.map(name => absolute(`${env['CARGO_TARGET_DIR'] ?? 'target'}/release/${name}`, workdir))
}

/** The programs as --bin takes them: Go's packages as seen from the project, cargo's by name. */
function binsInProject({ workdir, command }: RunCommand, { bins }: Build, facts: ImageFacts): string[] {
  if (command.tool === 'cargo' || command.tool === 'zig') return [...bins]
  const root = projectFolder(facts, workdir)
  const inside = root === undefined ? '' : workdir.slice(root.length).replace(/^\//, '')
  const given = bins.length > 0 ? bins : ['.']
  return given
    .filter(bin => !bin.includes('...'))
    .map(bin => {
      if (!bin.startsWith('.')) return bin
      const path = absolute(bin, `/${inside}`)
      return path === '/' ? '.' : `.${path}`
    })
}

/** The folder of a stage that the whole project was copied to, above or at `path`. */
export function projectFolder({ copies }: ImageFacts, path: string): string | undefined {
  return copies
    .filter(({ from, sources }) => from === undefined && sources.some(source => /^\.?\/?\.?$/.test(source)))
    .map(({ target }) => target.replace(/(?<=.)\/$/, ''))
    .filter(folder => path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`))
    .sort((a, b) => b.length - a.length)[0]
}
