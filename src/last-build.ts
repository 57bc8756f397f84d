import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Project } from './languages/language.ts'
import type { Platform } from './platforms.ts'

/**
 * What the last successful build of this checkout was made with. It tells a build whether the toolchain's caches are
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
  try {
    if (project.cacheFolder !== undefined) await stat(project.cacheFolder)
    const last = JSON.parse(await readFile(join(dist, fileName), 'utf8')) as LastBuild
    return (
      last.toolchain === describe(project) &&
      platforms.every(platform => last.platforms.includes(platform.id))
    )
  } catch {
    return false
  }
}

/** Records a successful build. */
export async function recordBuild(
  dist: string,
  project: Project,
  platforms: readonly Platform[],
): Promise<void> {
  const last: LastBuild = { toolchain: describe(project), platforms: platforms.map(platform => platform.id) }
  await mkdir(dist, { recursive: true })
  const temporary = join(dist, `${fileName}.${process.pid}`)
  await writeFile(temporary, JSON.stringify(last))
  await rename(temporary, join(dist, fileName))
}
