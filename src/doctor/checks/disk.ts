import { tmpdir } from 'node:os'
import { Failure } from '../../errors.ts'
import { cacheFolder } from '../../util/cache-folder.ts'
import { readCacheUse } from '../../util/cache-use.ts'
import { describeBytes } from '../../util/format.ts'
import { quoteWord } from '../../util/quote-word.ts'
import type { Check } from '../check.ts'
import type { FileSystem } from '../machine.ts'
import { combine, type Outcome, ok, problem, warning } from '../outcome.ts'

/** Bytes: below it the smallest cold build fails, or a middling one. */
const tooLittle = 200e6
const little = 2e9

export const disk: Check = {
  id: 'disk',
  title: 'Disk space',
  question: 'Is there room where dist, the caches and temporary files lie, and may this user write there?',
  findings: 'A problem below 200 MB, without inodes, or where nothing may be written; a warning below 2 GB.',
  run: async ({ machine, options, dir, env, project }) => {
    const read = await project()
    const toolchain = read instanceof Failure ? undefined : read.project.cacheFolder
    const folders = {
      dist: options instanceof Failure ? dir : options.dist,
      'xbuild’s cache': cacheFolder(env),
      'temporary files': env['TMPDIR'] || tmpdir(),
      ...(toolchain && { 'the toolchain’s cache': toolchain }),
    }
    const found = await Promise.all(
      Object.entries(folders).map(async ([name, path]) =>
        judge(`${name} (${path})`, await machine.fileSystem(path)),
      ),
    )
    const free = Math.min(...found.map(one => one.free))
    const names = Object.keys(folders).join(', ')
    return combine(
      found.flatMap(({ outcome }) => outcome),
      () => ok(`${describeBytes(free)} free for ${names}`),
    )
  },
}

function judge(
  place: string,
  { folder, free, takesFiles, writable }: FileSystem,
): { free: number; outcome: Outcome[] } {
  const path = quoteWord(folder)
  if (!writable)
    return {
      free,
      outcome: [problem({ why: `${place}: this user may not write to ${folder}`, fix: `ls -ld ${path}` })],
    }
  if (!takesFiles)
    return { free, outcome: [problem({ why: `${place}: no inode is free`, fix: `df -i ${path}` })] }
  if (free >= little) return { free, outcome: [] }
  const low = { why: `${place}: ${describeBytes(free)} free`, fix: freeing }
  return { free, outcome: [free < tooLittle ? problem(low) : warning(low)] }
}

const freeing =
  'xbuild cache --prune; docker buildx prune; go clean -cache; cargo clean: what of these is yours'

/** Bytes after which a cache is worth a word. */
const large = 10e9

export const cache: Check = {
  id: 'cache',
  title: 'Cache of xbuild',
  question: 'Where is xbuild’s own cache, and is it of a sensible size?',
  findings: 'A warning above 10 GB.',
  run: async ({ env }) => {
    const { folder, size, parts } = await readCacheUse(cacheFolder(env))
    const why = `${folder}: ${parts.length === 0 ? 'empty' : describeBytes(size)}`
    return size > large ? warning({ why, fix: 'xbuild cache --prune' }) : ok(why)
  },
}
