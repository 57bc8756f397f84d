import type { Instruction, Stage, StagePlatform } from './model.ts'
import { declaredBy } from './variables.ts'

/** The stages of the instructions from the first FROM on. */
export function collectStages(
  instructions: readonly Instruction[],
  globals: readonly Instruction[],
): Stage[] {
  const defaults = new Map(globals.flatMap(declaredBy).map(({ name, value }) => [name, value]))
  const stages: Stage[] = []
  let own: Instruction[] = []
  for (const instruction of instructions) {
    if (instruction.keyword !== 'FROM' || instruction.onbuild) {
      own.push(instruction)
      continue
    }
    own = []
    stages.push({ ...readFrom(instruction, stages, defaults), instructions: own })
  }
  return stages
}

type Defaults = ReadonlyMap<string, string | undefined>

function readFrom(
  from: Instruction,
  earlier: readonly Stage[],
  defaults: Defaults,
): Omit<Stage, 'instructions'> {
  const [imageWord, as, name] = from.words
  const image = fillIn(imageWord?.value ?? '', defaults)
  const flag = from.flags.find(({ name }) => name === 'platform')
  const platformText = flag && fillIn(flag.value, defaults)
  const base = findStage(image, earlier)
  return {
    index: earlier.length,
    name: as?.value.toUpperCase() === 'AS' ? name?.value.toLowerCase() : undefined,
    from,
    image,
    imageWord,
    base,
    platformText,
    platform: platformText === undefined ? (base?.platform ?? 'target') : platformOf(platformText),
  }
}

/** The last of the stages with this name, as BuildKit looks a base up; case does not matter. */
export function findStage(name: string, stages: readonly Stage[]): Stage | undefined {
  const wanted = name.toLowerCase()
  return wanted === '' ? undefined : stages.findLast(stage => stage.name === wanted)
}

/** A stage and those that it is based on, from the newest. */
export function lineage(stage: Stage): Stage[] {
  const stages: Stage[] = []
  for (let current: Stage | undefined = stage; current; current = current.base) stages.push(current)
  return stages
}

/** The stages that a stage takes files from: COPY --from and RUN --mount=from, by name or by number. */
export function sourcesOf(stage: Stage, stages: readonly Stage[]): Stage[] {
  return stage.instructions
    .flatMap(sourceNames)
    .map(name => findStage(name, stages) ?? (/^\d+$/.test(name) ? stages[Number(name)] : undefined))
    .filter(found => found !== undefined)
}

/** The stages whose files become part of a stage. */
export function copiedInto(stage: Stage, stages: readonly Stage[]): Stage[] {
  const copies = stage.instructions.filter(({ keyword }) => keyword === 'COPY')
  return sourcesOf({ ...stage, instructions: copies }, stages)
}

/** The paths that `stages` copy from one stage, as they are written. */
export function pathsCopiedFrom(source: Stage, stages: readonly Stage[], all: readonly Stage[]): string[] {
  return stages
    .flatMap(stage => stage.instructions.map(instruction => ({ ...stage, instructions: [instruction] })))
    .filter(one => copiedInto(one, all).includes(source))
    .flatMap(({ instructions }) => instructions.flatMap(({ words }) => words.slice(0, -1)))
    .map(({ value }) => value)
}

/** The stages of the target platform that end up in an image: those that no other uses, and those that they copy from. */
export function stagesOfImages(stages: readonly Stage[]): Set<Stage> {
  const bases = stages.map(stage => dynamicBase(stage) ?? stage.base)
  const used = new Set(stages.flatMap(stage => [...sourcesOf(stage, stages)]))
  const isBase = (stage: Stage) =>
    bases.some(base => (typeof base === 'string' ? stage.name?.startsWith(base) : base === stage))
  const found = new Set<Stage>()
  const visit = (stage: Stage) => {
    for (const one of lineage(stage)) {
      if (found.has(one)) continue
      found.add(one)
      for (const source of copiedInto(one, stages)) if (source.platform === 'target') visit(source)
    }
  }
  for (const stage of stages) {
    const isLast = stage === stages.at(-1) || !(used.has(stage) || isBase(stage))
    if (isLast && stage.platform === 'target') visit(stage)
  }
  return found
}

/** The beginning of the names that `FROM build-$TARGETARCH` picks from. */
function dynamicBase({ imageWord }: Stage): string | undefined {
  const [, prefix] = /^([^$]+)\$/.exec(imageWord?.value.toLowerCase() ?? '') ?? []
  return prefix
}

/** What the instruction takes files from: stages or images. */
export function sourceNames({ keyword, flags }: Instruction): string[] {
  if (keyword === 'COPY') return flags.filter(({ name }) => name === 'from').map(({ value }) => value)
  if (keyword !== 'RUN') return []
  return flags
    .filter(({ name }) => name === 'mount')
    .flatMap(({ value }) => value.split(','))
    .flatMap(part => (part.startsWith('from=') ? [part.slice('from='.length)] : []))
}

const architectures =
  'x86[_-]64|amd64|x64|i?[36]86|aarch64|arm64(?:v8)?|arm(?:v\\d\\w*|hf|el|\\d+)?|riscv64|ppc64le|s390x|loong64|mips64(?:le|el)?'

const word = `(?<![a-z0-9])(?:${architectures})(?![a-z0-9])`
const architectureWord = new RegExp(word, 'i')

/** The names of architectures in a text. */
export function architectureWords(text: string): string[] {
  return text.match(new RegExp(word, 'gi')) ?? []
}

/**
 * Whether the stage serves one architecture by its name (`build-amd64`), to be picked by FROM build-$TARGETARCH, or by its
 * base image's (`arm64v8/alpine`).
 */
export function servesOneArchitecture(stage: Stage): boolean {
  return lineage(stage).some(
    ({ name = '', image }) => architectureWord.test(name) || architectureWord.test(image),
  )
}

/** Whether a file serves one architecture by its name: Dockerfile.arm64. */
export function namesArchitecture(path: string): boolean {
  return architectureWord.test(path.replace(/^.*\//, ''))
}

function platformOf(text: string): StagePlatform {
  if (/\$\{?BUILD(?:PLATFORM|ARCH|OS)\b/.test(text)) return 'build'
  if (/\$\{?TARGET(?:PLATFORM|ARCH|OS)\b/.test(text)) return 'target'
  return text.includes('$') ? 'unknown' : text === '' ? 'target' : 'constant'
}

/** The text with variables replaced by their defaults; what has none stays. */
function fillIn(text: string, defaults: Defaults): string {
  let filled = text
  for (let round = 0; round < 5 && filled.includes('$'); round++) {
    const next = filled.replace(
      /\$(?:(\w+)|\{(\w+)(?::?-([^${}]*))?\})/g,
      (whole, bare, braced, fallback) => {
        const name = bare ?? braced
        // What BuildKit sets stays a variable: a default of it is a mistake of its own.
        if (/^(?:BUILD|TARGET)(?:PLATFORM|ARCH|OS|VARIANT)$/.test(name)) return whole
        const value = defaults.get(name)
        return value === undefined || value.length > 1000 ? fallback || whole : value
      },
    )
    if (next === filled || next.length > 10_000) break
    filled = next
  }
  return filled
}
