import { createHash } from 'node:crypto'
import { access, constants, mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { Options } from '../config/options.ts'
import { Failure } from '../errors.ts'
import { cacheFolder } from '../util/cache-folder.ts'
import { shortPath } from '../util/paths.ts'
import { readText } from '../util/read-file.ts'
import { lastBuildFile } from './kept-binary.ts'

/** The first line of the .gitignore by which a folder is known as xbuild's own. */
const marker = '# Outputs of xbuild: this folder can be deleted.'

/** What bundlers of front ends write at the top of their dist, and xbuild never does. */
const frontEnd = /^(assets|static|_next|_app)$|\.(html|js|mjs|css|js\.map)$/

/** Where the outputs of a build go. */
export interface OutputFolder {
  /** The options with the folder that is used. */
  readonly options: Options
  /** What a person should know of it. */
  readonly remarks: readonly string[]
  /** For what the toolchain would keep in the project's folder, where nobody may write to that one. */
  readonly caches?: string
}

/**
 * Decides where outputs go; writes nothing. A folder that was there before and is not xbuild's is never written into: a
 * program may embed it (a front end's dist), and git would call the sources modified. Where the project's folder is
 * read-only and the image goes elsewhere, the outputs go to the user's cache folder.
 * @throws {Failure} usage, when the folder is somebody else's.
 */
export async function findOutputFolder(options: Options): Promise<OutputFolder> {
  const { dist, dir } = options
  await checkOwnFolder(dist)
  const isReadOnly = !(await isWritable(dir))
  const caches = (folder: string) => (isReadOnly ? { caches: join(folder, 'caches') } : {})
  if (await isWritable(dist)) return { options, remarks: [], ...caches(dist) }
  const hasPlace = options.push || options.load || options.outputs.length > 0
  const other = hasPlace ? await firstWritable(otherFolders(dir)) : undefined
  if (other === undefined) return { options, remarks: [] }
  return {
    options: { ...options, dist: other },
    remarks: [
      `${shortPath(dist)} cannot be written: binaries and logs go to ${other}; --dist DIR names another folder`,
    ],
    ...caches(other),
  }
}

/** Makes the folder of the outputs, and hides it from git: a build would otherwise make the sources "modified". */
export async function makeOutputFolder(dist: string): Promise<void> {
  try {
    await checkOwnFolder(dist)
    const names = await readdir(dist).catch(() => [])
    if (names.length > 0) return
    await mkdir(dist, { recursive: true })
    await writeFile(join(dist, '.gitignore'), `${marker}\n*\n`)
  } catch (error) {
    throw error instanceof Failure ? error : notWritable(dist, error)
  }
}

/** @throws {Failure} usage, for a folder with something in it that xbuild did not make. */
async function checkOwnFolder(dist: string): Promise<void> {
  const found = await stat(dist).catch(() => undefined)
  if (!found) return
  if (!found.isDirectory()) {
    throw new Failure({
      kind: 'usage',
      what: `${shortPath(dist)} is a file, and outputs go to a folder`,
      where: dist,
      fix: anotherFolder(dist),
    })
  }
  const names = await readdir(dist).catch((error: unknown) => {
    throw notWritable(dist, error)
  })
  const ofFrontEnd = names.find(name => frontEnd.test(name))
  const isOwn =
    names.includes(lastBuildFile) ||
    (await readText(join(dist, '.gitignore')).catch(() => '')).startsWith(marker)
  if (names.length === 0 || (isOwn && ofFrontEnd === undefined)) return
  const shown = names.sort().slice(0, 3)
  throw new Failure({
    kind: 'usage',
    what: isOwn
      ? `The folder ${shortPath(dist)} is xbuild's, and a front end writes into it too: ${ofFrontEnd}`
      : `The folder ${shortPath(dist)} is not xbuild's: it was there before`,
    where: dist,
    why:
      `it holds ${shown.join(', ')}${names.length > shown.length ? ` and ${names.length - shown.length} more` : ''}; ` +
      'outputs in it could end up in the program, or make the sources modified for git',
    fix: anotherFolder(dist),
  })
}

function anotherFolder(dist: string): string {
  const other = basename(dist) === 'dist' ? '.xbuild/dist' : join(dirname(shortPath(dist)), 'xbuild-dist')
  return `--dist ${other}, or dist = "${other}" in xbuild.toml`
}

/** Whether files can be made in a folder, or in the nearest one above it that is there. */
async function isWritable(folder: string): Promise<boolean> {
  for (let path = folder; ; path = dirname(path)) {
    const found = await stat(path).catch(() => undefined)
    if (!found && path !== dirname(path)) continue
    if (!found?.isDirectory()) return false
    return access(path, constants.W_OK | constants.X_OK).then(
      () => true,
      () => false,
    )
  }
}

/** One folder for each project, the same in every build, so that what is kept there serves the next. */
function otherFolders(dir: string): string[] {
  const id = `${basename(dir)}-${createHash('sha256').update(dir).digest('hex').slice(0, 12)}`
  return [
    join(cacheFolder(), 'outputs', id),
    join(tmpdir(), `xbuild-${process.getuid?.() ?? userInfo().username}`, id),
  ]
}

async function firstWritable(folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) if (await isWritable(folder)) return folder
  return undefined
}

/** The failure of a folder of outputs that cannot be written. */
export function notWritable(dist: string, error: unknown): Failure {
  return new Failure({
    kind: 'usage',
    what: `${dist} cannot be written`,
    why: (error as Error).message,
    fix: `--dist DIR, or dist = "DIR" in xbuild.toml, with a folder that can be written`,
    cause: error,
  })
}
