import { existsSync } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import * as v from 'valibot'
import type { ReportedImage } from '../image/make-context.ts'
import { languages } from '../languages/index.ts'
import type { Project } from '../languages/language.ts'
import type { Platform } from '../platforms.ts'
import type { Artifact, CompiledBinary, Step } from '../types.ts'
import { writeFileAtomically } from '../util/atomic.ts'
import { readText } from '../util/read-file.ts'
import { table } from '../util/string-table.ts'
import { artifactPath } from './artifacts.ts'
import { type KeptBinary, lastBuildFile, restore, stampOf } from './kept-binary.ts'

/**
 * What successful builds of this checkout were made with. It tells a build whether the toolchain's caches are
 * likely to hold its packages, which decides how many compilers run at once; a wrong guess costs some seconds, no more.
 */
const lastBuildSchema = v.object({
  toolchain: v.string(),
  platforms: v.array(v.string()),
  /** The binaries that were kept, by their path below the folder of the outputs. */
  binaries: v.optional(table(v.object({ sha256: v.string(), stamp: v.string() }))),
  /** The sizes of the images' platforms, by the place that each image went to. */
  sizes: v.optional(table(table(v.number()))),
})
export type LastBuild = v.InferOutput<typeof lastBuildSchema>

/** The part of a plan that says where binaries are kept, and where they are compiled to. */
export interface PlannedBinaries {
  readonly dist: string
  readonly project: Pick<Project, 'language' | 'toolchain'>
  readonly compile: { readonly steps: readonly Pick<Step, 'stage' | 'produces'>[] }
}

type WithToolchain = Pick<Project, 'toolchain'>

const describe = ({ toolchain }: WithToolchain) => `${toolchain.name} ${toolchain.version}`

/** Whether every platform was built here before by the same toolchain. */
export async function isWarm(
  dist: string,
  project: Project,
  platforms: readonly Platform[],
): Promise<boolean> {
  if (project.cacheFolder !== undefined && !existsSync(project.cacheFolder)) return false
  const built = (await lastBuild(dist, project))?.platforms ?? []
  return platforms.every(platform => built.includes(platform.id))
}

/** Records a successful build. @returns what it wrote. */
export async function recordBuild(
  dist: string,
  project: Project,
  artifacts: readonly Artifact[],
  images: readonly ReportedImage[],
): Promise<LastBuild> {
  const any = await readLastBuild(dist)
  const before = sameToolchain(any, project)
  const platforms = [...(before?.platforms ?? []), ...artifacts.map(({ platform }) => platform.id)]
  const kept = await Promise.all(
    artifacts.map(
      async ({ path, sha256 }) => [relative(dist, path), { sha256, stamp: await stampOf(path) }] as const,
    ),
  )
  const last: LastBuild = {
    toolchain: describe(project),
    platforms: [...new Set(platforms)].sort(),
    binaries: { ...before?.binaries, ...Object.fromEntries(kept) },
    sizes: { ...any?.sizes, ...Object.fromEntries(images.map(image => [placeOf(image), sizesOf(image)])) },
  }
  await writeFileAtomically(join(dist, lastBuildFile), JSON.stringify(last))
  return last
}

/** The image with the sizes that it had when it last went to the same place from here. */
export function withPreviousSizes(last: LastBuild | undefined, image: ReportedImage): ReportedImage {
  const before = last?.sizes?.[placeOf(image)] ?? {}
  const platforms = image.platforms.map(item => {
    const previousSize = before[item.platform]
    return item.size === undefined || previousSize === undefined ? item : { ...item, previousSize }
  })
  return { ...image, platforms }
}

/** The repository or path that an image went to first: a tag may be another one each time. */
function placeOf({ name, tags, destinations: [first = ''] }: ReportedImage): string {
  return `${name} ${tags.includes(first) ? first.replace(/:[\w.-]+$/, '') : first}`
}

function sizesOf({ platforms }: ReportedImage): Record<string, number> {
  return Object.fromEntries(
    platforms.flatMap(({ platform, size }) => (size === undefined ? [] : [[platform, size]])),
  )
}

/** The binaries that a build kept, of those that a plan's compilers leave alone where they are up to date. */
export function keptBinaries(
  last: LastBuild | undefined,
  { dist, project, compile }: PlannedBinaries,
): KeptBinary[] {
  const { outputPath } = languages[project.language]
  const kept = outputPath && sameToolchain(last, project)?.binaries
  if (!kept) return []
  return compile.steps
    .filter(({ stage }) => stage === undefined)
    .flatMap(step => step.produces)
    .flatMap(artifact => {
      const path = artifactPath(dist, artifact)
      const name = relative(dist, path)
      const known = Object.hasOwn(kept, name) ? kept[name] : undefined
      return known === undefined ? [] : [{ path, ...known, output: outputPath(artifact) }]
    })
}

/** Puts the binaries that the last build kept where this one's compiler will write them. */
export async function restoreLastBinaries(plan: PlannedBinaries, work: string): Promise<void> {
  const kept = keptBinaries(await readLastBuild(plan.dist), plan)
  await Promise.all(kept.map(binary => restore(binary, work)))
}

/**
 * The SHA-256 of a binary that is the very file that the last build kept: `restoreLastBinaries` linked it after a look at its
 * content, and the linker left it alone, but for its time (cmd/go sets it anew). Undefined for any other.
 */
export async function hashOfKept(
  last: LastBuild | undefined,
  dist: string,
  binary: CompiledBinary,
): Promise<string | undefined> {
  const kept = artifactPath(dist, binary)
  const path = relative(dist, kept)
  const known = last?.binaries && Object.hasOwn(last.binaries, path) ? last.binaries[path] : undefined
  if (!known) return undefined
  const files = await Promise.all([kept, binary.path].map(file => lstat(file, { bigint: true }))).catch(
    () => [],
  )
  const [one, other] = files
  const isOne = one && other && one.dev === other.dev && one.ino === other.ino && kept !== binary.path
  return isOne && known.stamp.startsWith(`${one.size} `) && known.stamp.endsWith(` ${one.ino}`)
    ? known.sha256
    : undefined
}

/** What this toolchain has built here. */
async function lastBuild(dist: string, project: WithToolchain): Promise<LastBuild | undefined> {
  return sameToolchain(await readLastBuild(dist), project)
}

function sameToolchain(last: LastBuild | undefined, project: WithToolchain): LastBuild | undefined {
  return last?.toolchain === describe(project) ? last : undefined
}

/** The record as it is; undefined where the file is not there or damaged. */
export async function readLastBuild(dist: string): Promise<LastBuild | undefined> {
  try {
    return v.parse(lastBuildSchema, JSON.parse(await readText(join(dist, lastBuildFile))))
  } catch {
    return undefined
  }
}
