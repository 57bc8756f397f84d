import { stat } from 'node:fs/promises'
import { isFailure } from '../../errors.ts'
import { formatReference, parseReference } from '../../oci/reference.ts'
import type { Platform } from '../../platforms.ts'
import type { ImageSpec } from '../../types.ts'
import { cacheFolder } from '../../util/cache-folder.ts'
import { isSpecialFile } from '../../util/destination-file.ts'
import { count } from '../../util/format.ts'
import { hashFile } from '../../util/hash-file.ts'
import { openCache } from '../cache.ts'
import { type Destination, withoutTag } from '../destination.ts'
import type { ImagePlan } from '../image-plan.ts'
import { isPerPlatform } from '../layers.ts'
import type { MadeImage, MakeContext, PackedLayer, ReportedImage } from '../make-context.ts'
import { patientSource } from '../read/patient-source.ts'
import { entryPath } from '../read/tar-read.ts'
import { packedScan } from './layer-scan.ts'
import { openReadBefore } from './read-before.ts'
import type { Expectation } from './report.ts'

/** The id of this task in the list that a run shows. */
export function readBackTaskId({ spec }: Pick<ImagePlan, 'spec'>): string {
  return `read:${spec.name}`
}

/** What reading an image back adds to its report. */
type ReadBack = Pick<ReportedImage, 'platforms' | 'verified' | 'notReadBack'>

/**
 * Reads an image back from where it went, and checks that its platforms are those asked for, that each config is for its
 * platform, and that the binary inside the layer is the one that was compiled. A layer that xbuild packed itself is not
 * unpacked for that: its digest says that it holds what was packed. One that a build of the last day read back from the same
 * repository is not fetched again, unless with --verify=strict: the registry is asked whether it has it still.
 * What a registry took and does not let be read back (its certificate, its login, not found yet) is a warning, unless
 * --verify=strict asks for more.
 * @throws {Failure} verification, when anything differs; registry, when it cannot be read and has to be.
 */
export async function readBack(
  image: ImagePlan,
  { reported: made, packed, uploaded }: MadeImage,
  context: MakeContext,
): Promise<ReadBack> {
  const { recorder, registries, artifacts } = context
  const { spec, destinations } = image
  return recorder.task(readBackTaskId(image), async task => {
    const readable = await filterSpecial(destinations)
    const place = readablePlace(readable, made, spec.tags)
    if (place === undefined) {
      task.skip('this kind of output cannot be read back')
      return { platforms: made.platforms }
    }
    const { openImage } = await import('../read/source.ts')
    const { verifyImage, verificationFailure } = await import('./verify.ts')
    const { text, isPushed } = place
    const opened = await openImage(text, registries)
    const source = isPushed ? patientSource(opened, context.signal) : opened
    const maySkip = isPushed && context.plan.verify !== 'strict'
    const cache = maySkip ? await openCache(cacheFolder(), () => {}).catch(() => undefined) : undefined
    try {
      const { expected, files } = await expectation(image, packed, artifacts)
      const before =
        cache &&
        source.repository &&
        (await openReadBefore(cache, source.repository, { files, except: uploaded }))
      const report = await verifyImage(source, {
        ...expected,
        ...(before && { readBefore: before.layers, onRead: before.note }),
      })
      if (!report.ok) throw verificationFailure(report)
      await before?.save()
      // Such as layers in zstd, which an older Node cannot open: then their digests are all that was compared.
      const remarks = [...new Set(report.platforms.flatMap(platform => platform.remarks))]
      const found = remarks.length > 0 ? remarks.join('; ') : 'every binary equal to the one compiled'
      const verified = `${count(report.platforms.length, 'platform')}, ${found}`
      task.detail(verified)
      return {
        platforms: report.platforms.map(({ platform, digest, size }) => ({
          platform,
          digest,
          ...(size !== undefined && { size }),
        })),
        verified,
      }
    } catch (error) {
      // The registry took the image: that xbuild cannot see it has other reasons than the image.
      if (!isPushed || context.plan.verify === 'strict' || !isFailure(error, 'registry')) throw error
      const notReadBack = [error.what, error.why].filter(Boolean).join(': ')
      task.skip(`pushed, not read back: ${notReadBack}`)
      const fix = error.fix ? `. To have it checked: ${error.fix.replaceAll('\n', ', ')}` : ''
      recorder.note(
        'warning',
        `${spec.name} was pushed and not read back (${error.where}): ${notReadBack}${fix}`,
      )
      return { platforms: made.platforms, notReadBack }
    } finally {
      await cache?.close()
      await source.close()
    }
  })
}

/** The destinations without files that cannot be read again, such as a FIFO. */
async function filterSpecial(destinations: readonly Destination[]): Promise<Destination[]> {
  const special = await Promise.all(
    destinations.map(destination => 'path' in destination && isSpecialFile(destination.path)),
  )
  return destinations.filter((_, index) => !special[index])
}

/** Where an image is read back from. */
interface Place {
  readonly text: string
  readonly isPushed: boolean
}

/** Where the image can be read: by its digest where that is known, for a tag may have moved since. */
function readablePlace(
  destinations: readonly Destination[],
  { digest }: ReportedImage,
  [tag]: readonly string[],
): Place | undefined {
  for (const destination of destinations) {
    if (destination.type === 'push') {
      const [reference = ''] = destination.references
      const text = digest === undefined ? reference : `${withoutTag(reference)}@${digest}`
      return { text, isPushed: true }
    }
    // A layout may hold other images too.
    const name = digest ?? (tag && formatReference(parseReference(tag)))
    if (destination.type === 'layout' && name)
      return { text: `oci:${destination.path}:${name}`, isPushed: false }
    if ('path' in destination) return { text: destination.path, isPushed: false }
  }
  return undefined
}

/** What the image has to be, and the files that it has to hold, on this machine, by their SHA-256. */
async function expectation(
  { spec }: ImagePlan,
  packed: readonly PackedLayer[],
  artifacts: MakeContext['artifacts'],
): Promise<{ readonly expected: Expectation; readonly files: ReadonlyMap<string, string> }> {
  const binaries = await Promise.all(spec.platforms.map(platform => ownFiles(spec, platform, artifacts)))
  const byPlatform = spec.platforms.map((platform, index) => {
    const own = (binaries[index] ?? []).map(({ target, sha256 }) => [target, sha256] as const)
    return [platform.id, Object.fromEntries(own)] as const
  })
  const layers = packed.map(({ platform, digest, diffId }) => {
    const own = binaries[spec.platforms.indexOf(platform)] ?? []
    const entries = own.map(({ target, mode, path, sha256, size }) => {
      const entry = { type: 'file', size, mode, link: '', captured: { path, sha256 } } as const
      return [entryPath(target) ?? target, entry] as const
    })
    return [digest, packedScan(diffId, new Map(entries))] as const
  })
  return {
    expected: {
      platforms: spec.platforms,
      files: Object.fromEntries(byPlatform),
      layers: new Map(layers),
    },
    files: new Map(binaries.flat().map(({ sha256, path }) => [sha256, path])),
  }
}

/** The files in the layer of a platform's programs. */
function ownFiles(spec: ImageSpec, platform: Platform, artifacts: MakeContext['artifacts']) {
  const found = spec.files.filter(isPerPlatform).map(async ({ target, mode, source }) => {
    const artifact = artifacts.find(
      item => 'artifact' in source && item.name === source.artifact && item.platform === platform,
    )
    const path = 'paths' in source ? source.paths[platform.id] : undefined
    if (path === undefined && !artifact) return []
    const { sha256, size } = artifact ?? {
      sha256: await hashFile(path ?? ''),
      size: (await stat(path ?? '')).size,
    }
    return [{ target, mode, path: artifact?.path ?? path ?? '', sha256, size }]
  })
  return Promise.all(found).then(lists => lists.flat())
}
