import { tmpdir } from 'node:os'
import { findOutputFolder } from '../../build/output-folder.ts'
import { Failure, isFailure } from '../../errors.ts'
import { cacheFolder } from '../../util/cache-folder.ts'
import { readCacheUse } from '../../util/cache-use.ts'
import { describeBytes } from '../../util/format.ts'
import { quoteWord } from '../../util/quote-word.ts'
import type { Check } from '../check.ts'
import type { FileSystem } from '../machine.ts'
import { combine, type Outcome, ok, problem, warning } from '../outcome.ts'
import type { Surroundings } from '../surroundings.ts'

/** Bytes: below it the smallest cold build fails, or a middling one. */
const tooLittle = 200e6
const little = 2e9

export const disk: Check = {
  id: 'disk',
  title: 'Disk space',
  question: 'Is there room where dist, the caches and temporary files lie, and may this user write there?',
  findings:
    'A problem below 200 MB, without inodes, or where nothing may be written; a warning below 2 GB, and for xbuild’s cache, which builds go on without.',
  run: async around => {
    const { machine } = around
    const { places, remarks } = await placesOf(around)
    const found = await Promise.all(
      places.map(async place => judge(place, await machine.fileSystem(place.path))),
    )
    const free = Math.min(...found.map(one => one.free))
    return combine(
      [...remarks.map(why => warning({ why })), ...found.flatMap(({ outcome }) => outcome)],
      () => ok(`${describeBytes(free)} free for ${places.map(({ name }) => name).join(', ')}`),
    )
  },
}

/** A folder that builds write to, and whether they go on without it. */
interface Place {
  readonly name: string
  readonly path: string
  readonly optional?: boolean
}

/** @throws {Failure} usage, where dist is somebody else’s folder, as a build would. */
async function placesOf({
  options,
  dir,
  env,
  project,
}: Surroundings): Promise<{ places: Place[]; remarks: readonly string[] }> {
  const read = await project()
  const toolchain = read instanceof Failure ? undefined : read.project.cacheFolder
  // Of a project that is read-only, the outputs of a push go elsewhere.
  const output = options instanceof Failure ? undefined : await findOutputFolder({ ...options, push: true })
  const places = [
    { name: 'dist', path: output?.options.dist ?? dir },
    { name: 'xbuild’s cache', path: cacheFolder(env), optional: true },
    { name: 'temporary files', path: env['TMPDIR'] || tmpdir() },
    ...(toolchain ? [{ name: 'the toolchain’s cache', path: toolchain }] : []),
  ]
  return { places, remarks: output?.remarks ?? [] }
}

function judge(
  { name, path, optional = false }: Place,
  { folder, free, takesFiles, writable }: FileSystem,
): { free: number; outcome: Outcome[] } {
  const place = `${name} (${path})`
  const word = quoteWord(folder)
  const bad = optional ? warning : problem
  const say = (why: string, fix: string, how = bad) => ({
    free,
    outcome: [how({ why: `${place}: ${why}`, fix })],
  })
  if (!writable) return say(`this user may not write to ${folder}`, `ls -ld ${word}`)
  if (!takesFiles) return say('no inode is free', `df -i ${word}`)
  if (free >= little) return { free, outcome: [] }
  return say(`${describeBytes(free)} free`, freeing, free < tooLittle ? problem : warning)
}

const freeing =
  'xbuild cache --prune; docker buildx prune; go clean -cache; cargo clean: what of these is yours'

/** Bytes after which a cache is worth a word. */
const large = 10e9

export const cache: Check = {
  id: 'cache',
  title: 'Cache of xbuild',
  question: 'Where is xbuild’s own cache, and is it of a sensible size?',
  findings: 'A warning above 10 GB, or where it cannot be read; builds go on without it.',
  run: async ({ env }) => {
    const path = cacheFolder(env)
    const use = await readCacheUse(path).catch(error => {
      if (isFailure(error)) return undefined
      throw error
    })
    if (!use)
      return warning({
        why: `${path} cannot be read: builds go on without it`,
        fix: `ls -ld ${quoteWord(path)}`,
      })
    const { folder, size, parts } = use
    const why = `${folder}: ${parts.length === 0 ? 'empty' : describeBytes(size)}`
    return size > large ? warning({ why, fix: 'xbuild cache --prune' }) : ok(why)
  },
}
