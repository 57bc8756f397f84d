import { constants, existsSync, lstatSync } from 'node:fs'
import { cp, mkdir } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { Failure } from '../../errors.ts'
import { makeTemporaryFolder } from '../../util/temporary-folder.ts'
import type { BenchLanguage, StagedProject } from '../languages/bench-language.ts'

/** What is no source: outputs and caches, which would make a copy warm, and what would only be sent along. */
const leftOut = new Set([
  '.git',
  '.xbuild',
  'zig-out',
  '.zig-cache',
  'zig-cache',
  'node_modules',
  '.dockerignore',
])

/**
 * Gives `use` a copy of the project with its dependencies in it, in a temporary folder outside of the project: no
 * repository, workspace or configuration above it has a say. The copy and everything else in the folder is removed
 * afterwards.
 * @throws {Failure} usage, when there is no room for it; compile, when the dependencies cannot be downloaded.
 */
export async function withStagedProject<T>(
  project: { readonly dir: string; readonly dist: string; readonly language: BenchLanguage },
  signal: AbortSignal,
  use: (staged: StagedProject, folder: string) => Promise<T>,
): Promise<T> {
  const { path: folder, remove } = await makeTemporaryFolder('xbuild-bench-')
  const source = (await project.language.sourceRoot?.(project.dir, signal)) ?? project.dir
  // The folder's name is what some toolchains call the program.
  const top = join(folder, 'source', basename(source) || 'project')
  const staged = {
    original: project.dir,
    top,
    root: join(top, relative(source, project.dir)),
    seed: join(folder, 'seed'),
    signal,
  }
  try {
    await mkdir(staged.seed)
    await copySources(source, top, project.dist).catch(error => {
      throw noRoom(folder, error)
    })
    await project.language.stageDependencies(staged)
    return await use(staged, folder)
  } finally {
    await remove()
  }
}

async function copySources(from: string, to: string, dist: string): Promise<void> {
  await cp(from, to, {
    recursive: true,
    verbatimSymlinks: true,
    preserveTimestamps: true,
    mode: constants.COPYFILE_FICLONE,
    filter: path =>
      !leftOut.has(basename(path)) && resolve(path) !== dist && !isCargoTarget(path) && isCopied(path),
  })
}

/** No copy has a use for a socket or a FIFO, which programs leave among the sources. */
function isCopied(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false })
  return found !== undefined && (found.isFile() || found.isDirectory() || found.isSymbolicLink())
}

/** cargo's output; a folder of that name may be a package elsewhere. */
function isCargoTarget(path: string): boolean {
  return basename(path) === 'target' && existsSync(join(dirname(path), 'Cargo.toml'))
}

function noRoom(folder: string, error: unknown): Failure {
  return new Failure({
    kind: 'usage',
    what: 'The project cannot be copied for measuring',
    where: folder,
    why: (error as Error).message,
    fix: 'export TMPDIR=… with a folder that has room for the sources and their dependencies',
    cause: error,
  })
}
