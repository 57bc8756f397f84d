import { constants, existsSync } from 'node:fs'
import { copyFile, mkdir, readFile, rm } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import * as v from 'valibot'
import { languages } from '../languages/index.ts'
import type { Project } from '../languages/language.ts'
import type { Platform } from '../platforms.ts'
import type { Artifact } from '../types.ts'
import { writeFileAtomically } from '../util/atomic.ts'
import { hashFile } from '../util/hash-file.ts'
import { table } from '../util/string-table.ts'
import { artifactPath } from './artifacts.ts'
import type { Plan } from './plan.ts'

/**
 * What successful builds of this checkout were made with. It tells a build whether the toolchain's caches are
 * likely to hold its packages, which decides how many compilers run at once; a wrong guess costs some seconds, no more.
 */
const lastBuildSchema = v.object({
  toolchain: v.string(),
  platforms: v.array(v.string()),
  /** The sha256 in hex of the binaries that were kept, by their path below the folder of the outputs. */
  binaries: v.optional(table(v.string())),
})
type LastBuild = v.InferOutput<typeof lastBuildSchema>

/** The part of a plan that says where binaries are kept, and where they are compiled to. */
type PlannedBinaries = Pick<Plan, 'dist' | 'project' | 'compile'>

/** Its file in the folder of the outputs. */
export const lastBuildFile = '.last-build.json'

const describe = ({ toolchain }: Project) => `${toolchain.name} ${toolchain.version}`

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

/** Records a successful build. */
export async function recordBuild(
  dist: string,
  project: Project,
  artifacts: readonly Artifact[],
): Promise<void> {
  const before = await lastBuild(dist, project)
  const platforms = [...(before?.platforms ?? []), ...artifacts.map(({ platform }) => platform.id)]
  const kept = artifacts.map(({ path, sha256 }) => [relative(dist, path), sha256] as const)
  const last: LastBuild = {
    toolchain: describe(project),
    platforms: [...new Set(platforms)].sort(),
    binaries: { ...before?.binaries, ...Object.fromEntries(kept) },
  }
  await writeFileAtomically(join(dist, lastBuildFile), JSON.stringify(last))
}

/**
 * Copies the binaries that the last build kept to where this one's compiler will write them, for a linker that leaves
 * alone what is up to date; only those that are byte for byte as they were kept.
 */
export async function restoreLastBinaries(
  { dist, project, compile }: PlannedBinaries,
  work: string,
): Promise<void> {
  const { outputPath } = languages[project.language]
  const kept = outputPath && (await lastBuild(dist, project))?.binaries
  if (!kept) return
  await Promise.all(
    compile.steps
      .flatMap(step => step.produces)
      .map(async artifact => {
        const from = artifactPath(dist, artifact)
        const path = relative(dist, from)
        const sha256 = Object.hasOwn(kept, path) ? kept[path] : undefined
        if (sha256 === undefined) return
        const to = join(work, outputPath(artifact))
        try {
          await mkdir(dirname(to), { recursive: true })
          await copyFile(from, to, constants.COPYFILE_FICLONE)
          if ((await hashFile(to)) === sha256) return
        } catch {
          // It is linked anew then.
        }
        // Half a copy, or what is no longer the compiler's, could pass for what is up to date.
        await rm(to, { force: true })
      }),
  )
}

/** What this toolchain has built here; undefined where the file is not there or damaged. */
async function lastBuild(dist: string, project: Project): Promise<LastBuild | undefined> {
  try {
    const last = v.parse(lastBuildSchema, JSON.parse(await readFile(join(dist, lastBuildFile), 'utf8')))
    return last.toolchain === describe(project) ? last : undefined
  } catch {
    return undefined
  }
}
