import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { Failure, isFailure } from '../errors.ts'
import { type FileKind, findFiles, kindOf, repositoryRoot } from '../lint/find-files.ts'
import { readSource } from '../lint/source-file.ts'

/** A file that lint knows. */
export interface LintableFile {
  /** Relative to the project. */
  readonly path: string
  readonly absolute: string
  /** The top of the repository, or the project’s folder. */
  readonly root: string
  readonly text: string
}

/**
 * The Dockerfiles of a project that git tracks, or the CI files of the repository around it. Without git, those in their usual
 * places.
 */
export async function readLintable(
  dir: string,
  kind: FileKind,
  signal: AbortSignal,
): Promise<LintableFile[]> {
  const root = (await repositoryRoot(dir, signal)) ?? dir
  const from = kind === 'dockerfile' ? dir : root
  const tracked = await findFiles(from, [], signal).catch(error => {
    if (isFailure(error, 'usage')) return usualFiles(from)
    throw error
  })
  const files: LintableFile[] = []
  for (const path of tracked.filter(path => kindOf(path) === kind)) {
    const absolute = join(from, path)
    const source = await readSource(absolute).catch(error => {
      // One that git tracks and that is not there any more.
      if (error instanceof Failure) return undefined
      throw error
    })
    if (source) files.push({ path: relative(dir, absolute), absolute, root, text: source.text })
  }
  return files
}

async function usualFiles(dir: string): Promise<string[]> {
  const workflows = '.github/workflows'
  const [own, ci] = await Promise.all(
    [dir, join(dir, workflows)].map(folder => readdir(folder).catch((): string[] => [])),
  )
  return [...(own ?? []), ...(ci ?? []).map(name => `${workflows}/${name}`)].sort()
}
