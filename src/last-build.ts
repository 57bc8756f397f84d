import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Project } from './languages/language.ts'
import type { Platform } from './platforms.ts'

/**
 * What successful builds of this checkout were made with. It tells a build whether the toolchain's caches are
 * likely to hold its packages, which decides how many compilers run at once; a wrong guess costs some seconds, no more.
 */
interface LastBuild {
  readonly toolchain: string
  readonly platforms: readonly string[]
}

const fileName = '.last-build.json'

const describe = ({ toolchain }: Project) => `${toolchain.name} ${toolchain.version}`

/** Whether every platform was built here before by the same toolchain. */
export async function isWarm(
  dist: string,
  project: Project,
  platforms: readonly Platform[],
): Promise<boolean> {
  if (project.cacheFolder !== undefined && !existsSync(project.cacheFolder)) return false
  const built = await builtBefore(dist, project)
  return platforms.every(platform => built.includes(platform.id))
}

/** Records a successful build. */
export async function recordBuild(
  dist: string,
  project: Project,
  platforms: readonly Platform[],
): Promise<void> {
  const all = [...(await builtBefore(dist, project)), ...platforms.map(platform => platform.id)]
  const last: LastBuild = { toolchain: describe(project), platforms: [...new Set(all)].sort() }
  await mkdir(dist, { recursive: true })
  const temporary = join(dist, `${fileName}.${process.pid}`)
  await writeFile(temporary, JSON.stringify(last))
  await rename(temporary, join(dist, fileName))
}

/** The platforms that this toolchain has built here. */
async function builtBefore(dist: string, project: Project): Promise<readonly string[]> {
  try {
    const last = JSON.parse(await readFile(join(dist, fileName), 'utf8')) as LastBuild
    return last.toolchain === describe(project) ? last.platforms : []
  } catch {
    return []
  }
}
