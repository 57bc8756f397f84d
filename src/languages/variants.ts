import { Failure } from '../errors.ts'
import type { Platform } from '../platforms.ts'
import type { LibcPrediction, Step } from '../types.ts'
import { closestMatch } from '../util/closest-match.ts'
import type { CCode, CompilePlan, CompileRequest, InspectContext, Language, Project } from './language.ts'
import { keyOf, optionsFor, type Variant, variantsOf, variantsOfAll } from './variant-options.ts'

/**
 * A language that heeds `[LANGUAGE.platform."…"]` and `[LANGUAGE.program.NAME]` of xbuild.toml: what has other options is
 * read and planned apart, as the language does it for all, and put together again.
 */
export function withVariants<P extends Project>(language: Language<P>): Language<P> {
  return {
    ...language,
    inspect: (dir, context) => inspectVariants(language, dir, context),
    compile: (project, request) => compileVariants(language, project, request),
    progress: (step, project) =>
      language.progress(step, partOf(project, step.produces[0]?.platform, step.program)),
  }
}

interface Reading<P extends Project> extends Variant {
  readonly project: P
}

async function inspectVariants<P extends Project>(
  language: Language<P>,
  dir: string,
  context: InspectContext,
): Promise<P> {
  const [first, ...others] = readingsOf(language, context) as [WantedVariant, ...WantedVariant[]]
  const inspect = async (variant: WantedVariant): Promise<Reading<P>> => ({
    ...variant,
    project: await language.inspect(dir, { ...context, ...variant }),
  })
  // Alone: it may install a toolchain, which two at once do to each other's harm.
  const read = [await inspect(first)]
  read.push(...(await Promise.all(others.map(inspect))))
  const [only] = read
  const project = only && read.length === 1 && only.program === undefined ? only.project : joinProjects(read)
  const strangers = programsOf(language, context).filter(name => !hasProgram(project, name))
  const idle = await Promise.all(
    strangers.map(async name => {
      // With its own build tags there may be such a program.
      const isRead = [first, ...others].some(({ program }) => program === name)
      const options = optionsFor(context.options, context.platforms[0] as Platform, name)
      const own = isRead ? project : await language.inspect(dir, { ...context, options, wanted: [name] })
      if (hasProgram(own, name)) return []
      checkProgram(project, name)
      return [`[${language.name}.program.${keyOf(name)}]: build.zig does not seem to have a program ${name}`]
    }),
  )
  return { ...project, remarks: [...project.remarks, ...idle.flat()] }
}

const hasProgram = ({ executables }: Project, name: string) => executables.some(item => item.name === name)

type WantedVariant = Variant & { readonly wanted?: readonly string[] }

const programsOf = <P extends Project>({ name }: Language<P>, { options }: InspectContext) =>
  Object.keys(options[name].program)

/** How often the project is read: once for what has no table of a program, and for each program that may be built. */
function readingsOf<P extends Project>(language: Language<P>, context: InspectContext): WantedVariant[] {
  const { options, platforms, wanted = [] } = context
  const spelled = (name: string) => wanted.filter(text => text.slice(text.lastIndexOf('/') + 1) === name)
  const own = programsOf(language, context).filter(name => wanted.length === 0 || spelled(name).length > 0)
  const taken = own.flatMap(spelled)
  const others = wanted.filter(text => !taken.includes(text))
  return [
    ...(wanted.length === 0 || others.length > 0
      ? variantsOf(options, platforms).map(variant => ({
          ...variant,
          // Absent means all of them, and none the one that is meant.
          ...(context.wanted && { wanted: others }),
        }))
      : []),
    ...own.flatMap(name =>
      variantsOf(options, platforms, name).map(variant => ({
        ...variant,
        wanted: wanted.length === 0 ? [name] : spelled(name),
      })),
    ),
  ]
}

/** @throws {Failure} usage, for a table of a program that the project has not; what zig builds only a compile tells. */
function checkProgram({ language, executables }: Project, name: string): void {
  if (executables.some(item => item.predicted)) return
  const names = executables.map(item => item.name)
  const suggestion = closestMatch(name, names)
  throw new Failure({
    kind: 'usage',
    what: `There is no executable ${JSON.stringify(name)}${suggestion ? `; did you mean ${suggestion}?` : ''}`,
    key: [language, 'program', name],
    why: names.length > 0 ? `the project has ${names.join(', ')}` : 'the project has none',
    fix: `[${language}.program.${keyOf(suggestion ?? names[0] ?? 'NAME')}] in xbuild.toml`,
  })
}

function joinProjects<P extends Project>(read: readonly Reading<P>[]): P {
  const executables = new Map(
    // What a program's own reading says of it counts.
    [...read.flatMap(others), ...read.flatMap(own)].map(item => [`${item.package} ${item.name}`, item]),
  )
  const first = (read[0] as Reading<P>).project
  const apart = new Set(read.flatMap(own).map(item => item.package))
  return {
    ...first,
    executables: [...executables.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
    cCode: read.flatMap(reading => cCodeOf(reading, apart)),
    keptFiles: [...new Set(read.flatMap(({ project: { keptFiles = [] } }) => keptFiles))],
    remarks: said(read.map(reading => ({ ...reading, texts: reading.project.remarks }))),
    variants: new Map(
      read.flatMap(({ platforms, program, project }) =>
        platforms.map(platform => [variantKey(platform, program), project]),
      ),
    ),
  }
}

const own = ({ program, project }: Reading<Project>) =>
  project.executables.filter(item => item.name === program)
const others = ({ program, project }: Reading<Project>) =>
  project.executables.filter(item => item.name !== program)

/** The C code of a reading's own platforms and programs; `apart` are those with readings of their own. */
function cCodeOf(reading: Reading<Project>, apart: ReadonlySet<string>): CCode[] {
  const { platforms, program, project } = reading
  const mine = (program === undefined ? others(reading) : own(reading)).map(item => item.package)
  return project.cCode.flatMap(code => {
    const executables = (code.executables ?? mine).filter(
      item => mine.includes(item) && (program !== undefined || !apart.has(item)),
    )
    if (apart.size > 0 && executables.length === 0) return []
    return [
      {
        ...code,
        platforms: code.platforms ?? platforms.map(({ id }) => id),
        ...(apart.size > 0 && { executables }),
      },
    ]
  })
}

const variantKey = ({ id }: Platform, program: string | undefined) =>
  program === undefined ? id : `${id} ${program}`

/** The project as it is read for a platform, and for a program that has a table of its own. */
export function partOf<P extends Project>(project: P, platform: Platform | undefined, program?: string): P {
  if (!platform) return project
  const { variants } = project
  const part = variants?.get(variantKey(platform, program)) ?? variants?.get(platform.id)
  return (part as P | undefined) ?? project
}

function compileVariants<P extends Project>(
  language: Language<P>,
  project: P,
  request: CompileRequest,
): CompilePlan {
  const { options, platforms, executables } = request
  const variants = variantsOfAll(language.name, options, platforms, executables)
  const builds = request.builds ?? variants.reduce((sum, variant) => sum + variant.platforms.length, 0)
  const each = variants.map(variant => ({
    ...variant,
    plan: language.compile(partOf(project, variant.platforms[0], variant.program), {
      ...request,
      ...variant,
      builds,
    }),
  }))
  const [first] = each
  if (first && each.length === 1 && first.program === undefined) return first.plan
  const plans = each.map(({ plan }) => plan)
  const texts = (key: 'hints' | 'remarks' | 'warnings') =>
    said(each.map(variant => ({ ...variant, texts: variant.plan[key] ?? [] })))
  return {
    files: distinct(plans.flatMap(({ files }) => files)),
    prepare: distinct(plans.flatMap(({ prepare }) => prepare)),
    steps: inOrder(
      each.flatMap(({ program, plan }) => plan.steps.map(step => ofProgram(step, program))),
      platforms,
      executables.map(({ name }) => name),
    ),
    concurrency: Math.max(...plans.map(({ concurrency }) => concurrency)),
    prediction: mostNeeding(plans.map(({ prediction }) => prediction)),
    hints: texts('hints'),
    remarks: texts('remarks'),
    warnings: texts('warnings'),
  }
}

/** A step of a program with settings of its own, which has a log and a line of its own. */
export function ofProgram(step: Step, program: string | undefined): Step {
  if (program === undefined) return step
  return { ...step, program, title: step.title.replace(/^Compile /, `Compile ${program} for `) }
}

/** The programs one after another, each for the platforms as they were asked for: what two platforms compile differs most. */
function inOrder(steps: readonly Step[], platforms: readonly Platform[], names: readonly string[]): Step[] {
  const place = ({ program, produces: [first] }: Step) =>
    (program === undefined ? 0 : 1 + names.indexOf(program)) * platforms.length +
    (first ? platforms.indexOf(first.platform) : -1)
  return [...steps].sort((a, b) => place(a) - place(b))
}

/** What an image for all of them must have. */
function mostNeeding(predictions: readonly LibcPrediction[]): LibcPrediction {
  const order = ['none', 'musl', 'unknown', 'gnu'] as const
  const need = ({ libc, cxx }: LibcPrediction) => order.indexOf(libc) * 2 + (cxx ? 1 : 0)
  return predictions.reduce((most, one) => (need(one) > need(most) ? one : most))
}

/** Each text once; where only some of the programs or platforms have it, with their names. */
function said(parts: readonly (Variant & { readonly texts: readonly string[] })[]): string[] {
  const all = new Set(parts.flatMap(({ texts }) => texts))
  return [...all].map(text => {
    const having = parts.filter(({ texts }) => texts.includes(text))
    if (having.length === parts.length) return text
    const names = having.map(variant => variantName(variant, parts)).filter(name => name !== '')
    return names.length > 0 ? `${text} (${names.join(', ')})` : text
  })
}

/** "linux/arm/v7", "worker", "worker on linux/arm/v7"; empty for what no table is for. */
function variantName({ platforms, program }: Variant, all: readonly Variant[]): string {
  const isSplit = all.filter(other => other.program === program).length > 1
  const ids = isSplit ? platforms.map(({ id }) => id).join(', ') : ''
  return program === undefined ? ids : `${program}${ids && ` on ${ids}`}`
}

function distinct<T>(items: readonly T[]): T[] {
  return [...new Map(items.map(item => [JSON.stringify(item), item])).values()]
}
