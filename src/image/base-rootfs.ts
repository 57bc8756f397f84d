import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../errors.ts'
import { isLocalBase } from '../oci/local-base.ts'
import { parseReference } from '../oci/reference.ts'
import type { Platform } from '../platforms.ts'
import type { RegistryClient } from '../registry/client.ts'
import type { BaseChoice } from '../types.ts'
import { cacheFolder } from '../util/cache-folder.ts'
import { openCache } from './cache.ts'
import { registrySource } from './read/registry-source.ts'
import { openImage } from './read/source.ts'
import { type LayerScan, scanLayer } from './verify/layer-scan.ts'
import { createRootfs, type Rootfs } from './verify/rootfs.ts'
import { unaskedSource } from './writer/cached-base.ts'
import { openSourceBase } from './writer/source-base.ts'

/** What reading a base's files needs. */
export interface BaseReading {
  readonly platform: Platform
  readonly registries: RegistryClient
  /** Whether only the cache is asked. */
  readonly offline?: boolean | undefined
  /** A temporary folder. */
  readonly work: string
}

/**
 * Gives `use` the file system of a base image, the same for both backends. Layers go to the cache, from which the image may
 * be built.
 * @param wanted the files whose content `use` will ask for, as layers name them
 * @throws {Failure} registry, when the base cannot be read; verification, when it is damaged.
 */
export async function withBaseRootfs<T>(
  { reference, digest }: BaseChoice,
  { platform, registries, offline, work }: BaseReading,
  wanted: ReadonlySet<string>,
  use: (rootfs: Rootfs) => Promise<T>,
): Promise<T> {
  const local = isLocalBase(reference)
  const parsed = local ? undefined : { ...parseReference(reference), ...(digest !== undefined && { digest }) }
  const source = parsed
    ? offline
      ? unaskedSource(parsed)
      : registrySource(registries, parsed)
    : await openImage(reference, registries)
  const cache = await openCache(cacheFolder(), () => {})
  const folder = await mkdtemp(join(work, 'base-'))
  try {
    const base = await openSourceBase(source, {
      cache,
      reference: parsed,
      unasked: offline,
      remark: () => {},
    })
    const { layers } = await base.image(platform)
    const scans = new Map<number, Promise<LayerScan>>()
    const read = async (number: number, paths = wanted) => {
      const layer = layers[number]
      if (!layer) throw new Error(`no layer ${number}`)
      return scanLayer(createReadStream(await layer.file()), paths, folder, reference)
    }
    const scan = (number: number) => {
      const known = scans.get(number) ?? read(number)
      scans.set(number, known)
      return known
    }
    const extract = async (number: number, path: string) => {
      const captured = (await read(number, new Set([path]))).entries.get(path)?.captured
      if (captured) return captured
      throw new Failure({
        kind: 'verification',
        what: 'The users of the base image cannot be read',
        where: `${reference}: ${path}`,
        fix: '--user UID:GID',
      })
    }
    return await use(createRootfs(layers.length, scan, extract))
  } finally {
    await rm(folder, { recursive: true, force: true })
    await source.close()
    await cache.close()
  }
}
