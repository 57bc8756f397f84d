import { type Platform, parsePlatform } from '../platforms.ts'
import type { LibcPrediction, Step } from '../types.ts'
import type { CompilePlan, CompileRequest, InspectContext, Language, Project } from './language.ts'
import { type LanguageOptions, languageNames } from './options.ts'

/** Platforms that are compiled with the same options. */
interface Variant {
  readonly platforms: readonly Platform[]
  readonly options: LanguageOptions
}

/**
 * A language that heeds `[LANGUAGE.platform."…"]` of xbuild.toml: platforms whose options differ are read and planned apart, as
 * the language does it for all, and put together again.
 */
export function withVariants<P extends Project>(language: Language<P>): Language<P> {
  return {
    ...language,
    inspect: (dir, context) => inspectVariants(language, dir, context),
    compile: (project, request) => compileVariants(language, project, request),
    progress: (step, project) => language.progress(step, partOf(project, step.produces[0]?.platform)),
  }
}

/** The tables of xbuild.toml as one platform has them: each key of its own, and tables of variables joined. */
export function optionsFor(options: LanguageOptions, platform: Platform): LanguageOptions {
  const tables = languageNames.map(name => {
    const { platform: variants, ...shared } = options[name]
    const [, own = {}] =
      Object.entries(variants as Readonly<Record<string, Keys>>).find(
        ([id]) => parsePlatform(id) === platform,
      ) ?? []
    return [name, { ...overlaid(shared, own), platform: {} }]
  })
  return { ...options, ...(Object.fromEntries(tables) as Partial<LanguageOptions>) }
}

/** `[go.platform."linux/arm/v7"]` of each table that is for none of the platforms. */
export function idleTables(options: LanguageOptions, platforms: readonly Platform[]): string[] {
  return languageNames.flatMap(name =>
    Object.keys(options[name].platform)
      .filter(id => !platforms.includes(parsePlatform(id)))
      .map(id => `[${name}.platform.${JSON.stringify(id)}]`),
  )
}

type Keys = Readonly<Record<string, unknown>>

function overlaid(shared: Keys, own: Keys): Keys {
  const entries = Object.entries(own).map(([key, value]) => {
    const before = shared[key]
    return [key, isTable(value) && isTable(before) ? { ...before, ...value } : value]
  })
  return { ...shared, ...Object.fromEntries(entries) }
}

const isTable = (value: unknown): value is Keys =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function variantsOf(options: LanguageOptions, platforms: readonly Platform[]): Variant[] {
  const found = new Map<string, { platforms: Platform[]; options: LanguageOptions }>()
  for (const platform of platforms) {
    const own = optionsFor(options, platform)
    const key = JSON.stringify(own)
    const variant = found.get(key) ?? { platforms: [], options: own }
    variant.platforms.push(platform)
    found.set(key, variant)
  }
  return [...found.values()]
}

async function inspectVariants<P extends Project>(
  language: Language<P>,
  dir: string,
  context: InspectContext,
): Promise<P> {
  const [first, ...others] = variantsOf(context.options, context.platforms) as [Variant, ...Variant[]]
  const inspect = (variant: Variant) => language.inspect(dir, { ...context, ...variant })
  // Alone: it may install a toolchain, which two at once do to each other's harm.
  const read = [await inspect(first)]
  if (others.length === 0) return read[0] as P
  read.push(...(await Promise.all(others.map(inspect))))
  return joinProjects(read, [first, ...others])
}

function joinProjects<P extends Project>(read: readonly P[], variants: readonly Variant[]): P {
  const each = variants.map(({ platforms }, at) => ({ platforms, project: read[at] as P }))
  const executables = new Map(
    read.flatMap(({ executables }) => executables).map(item => [`${item.package} ${item.name}`, item]),
  )
  return {
    ...(read[0] as P),
    executables: [...executables.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
    cCode: each.flatMap(({ platforms, project }) =>
      project.cCode.map(code => ({ ...code, platforms: code.platforms ?? platforms.map(({ id }) => id) })),
    ),
    keptFiles: [...new Set(read.flatMap(({ keptFiles = [] }) => keptFiles))],
    remarks: said(each.map(({ platforms, project }) => ({ platforms, texts: project.remarks }))),
    variants: new Map(each.flatMap(({ platforms, project }) => platforms.map(({ id }) => [id, project]))),
  }
}

/** The project as it is read for a platform. */
export function partOf<P extends Project>(project: P, platform: Platform | undefined): P {
  return (platform && (project.variants?.get(platform.id) as P | undefined)) ?? project
}

function compileVariants<P extends Project>(
  language: Language<P>,
  project: P,
  request: CompileRequest,
): CompilePlan {
  const builds = request.builds ?? request.platforms.length
  const each = variantsOf(request.options, request.platforms).map(variant => ({
    platforms: variant.platforms,
    plan: language.compile(partOf(project, variant.platforms[0]), { ...request, ...variant, builds }),
  }))
  const [first] = each
  if (first && each.length === 1) return first.plan
  const plans = each.map(({ plan }) => plan)
  const texts = (key: 'hints' | 'remarks' | 'warnings') =>
    said(each.map(({ platforms, plan }) => ({ platforms, texts: plan[key] ?? [] })))
  return {
    files: distinct(plans.flatMap(({ files }) => files)),
    prepare: distinct(plans.flatMap(({ prepare }) => prepare)),
    steps: inOrder(
      plans.flatMap(({ steps }) => steps),
      request.platforms,
    ),
    concurrency: Math.max(...plans.map(({ concurrency }) => concurrency)),
    prediction: mostNeeding(plans.map(({ prediction }) => prediction)),
    oldestGlibc: plans.find(({ oldestGlibc }) => oldestGlibc !== undefined)?.oldestGlibc,
    hints: texts('hints'),
    remarks: texts('remarks'),
    warnings: texts('warnings'),
  }
}

/** As the platforms were asked for. */
function inOrder(steps: readonly Step[], platforms: readonly Platform[]): Step[] {
  const place = ({ produces: [first] }: Step) => (first ? platforms.indexOf(first.platform) : -1)
  return [...steps].sort((a, b) => place(a) - place(b))
}

/** What an image for all of them must have. */
function mostNeeding(predictions: readonly LibcPrediction[]): LibcPrediction {
  const order = ['none', 'musl', 'unknown', 'gnu'] as const
  const need = ({ libc, cxx }: LibcPrediction) => order.indexOf(libc) * 2 + (cxx ? 1 : 0)
  return predictions.reduce((most, one) => (need(one) > need(most) ? one : most))
}

/** Each text once; where only some of the platforms have it, with their names. */
function said(parts: readonly { platforms: readonly Platform[]; texts: readonly string[] }[]): string[] {
  const all = new Set(parts.flatMap(({ texts }) => texts))
  return [...all].map(text => {
    const having = parts.filter(({ texts }) => texts.includes(text))
    if (having.length === parts.length) return text
    return `${text} (${having.flatMap(({ platforms }) => platforms.map(({ id }) => id)).join(', ')})`
  })
}

function distinct<T>(items: readonly T[]): T[] {
  return [...new Map(items.map(item => [JSON.stringify(item), item])).values()]
}
