import { basesToLock, lockKey } from '../build/locked-bases.ts'
import { prepareBuild } from '../build/prepare.ts'
import { withRegistries } from '../build/registries.ts'
import { buildFlags } from '../config/flags.ts'
import { formatLock, lockFile, readLock } from '../config/lock-file.ts'
import { resolveOptions } from '../config/options.ts'
import { isFailure } from '../errors.ts'
import { createCachedBaseLookup } from '../image/base-documents.ts'
import { interruptSignal } from '../interrupt.ts'
import { mapLimit } from '../util/map-limit.ts'
import { cleanText } from '../util/printable.ts'
import { writeUserFile } from '../util/write-user-file.ts'
import { defineCommand, dirPositional } from './command.ts'

/** `xbuild update [dir]`: the digests that the bases have today, into xbuild.lock. */
export const updateCommand = defineCommand({
  usage: 'update [dir]',
  describe: 'Write the digests of the base images into xbuild.lock',
  positionals: dirPositional,
  flags: buildFlags,
  run: async argv => {
    // What the lock file says does not matter here, and a damaged one is written anew.
    const options = await resolveOptions({ ...argv, locked: false, pin: false }, process.env, false)
    const { path } = options.lock
    const before = await oldDigests(options.dir)
    const digests = await withRegistries(options, interruptSignal, async registries => {
      const lookUpBase = createCachedBaseLookup(registries)
      const { plan } = await prepareBuild(options, { lookUpBase, signal: interruptSignal })
      const found = await mapLimit(
        basesToLock(
          plan.images,
          plan.compile.prediction.libc,
          plan.compile.steps.flatMap(({ stage }) => stage?.image ?? []),
        ),
        4,
        async reference => {
          const { digest } = await lookUpBase(reference)
          return [lockKey(reference), digest] as const
        },
      )
      return new Map(found)
    })
    if (digests.size > 0 || before.size > 0) await writeUserFile(path, formatLock(digests), lockFile)
    process.stdout.write(cleanText(`${describeChanges(before, digests).join('\n')}\n`))
  },
})

async function oldDigests(dir: string): Promise<ReadonlyMap<string, string>> {
  try {
    return (await readLock(dir, false)).digests ?? new Map()
  } catch (error) {
    if (isFailure(error, 'usage')) return new Map()
    throw error
  }
}

function describeChanges(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const lines = [...after].map(([reference, digest]) => {
    const old = before.get(reference)
    if (old === digest) return `${reference} is unchanged, ${digest}`
    return old
      ? `${reference} was ${old}\n${' '.repeat(reference.length)} is  ${digest}`
      : `${reference} is new, ${digest}`
  })
  const gone = [...before.keys()].filter(reference => !after.has(reference))
  return [
    ...lines,
    ...gone.map(reference => `${reference} is needed no more`),
    ...(after.size === 0 ? ['No image is built on a base of a registry, so there is nothing to lock'] : []),
  ]
}
