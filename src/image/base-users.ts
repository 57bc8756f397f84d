import { createReadStream } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type KnownUsers, parseUsers } from '../base/users.ts'
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
import { createRootfs } from './verify/rootfs.ts'
import { unaskedSource } from './writer/cached-base.ts'
import { openSourceBase } from './writer/source-base.ts'

/** What reading a base's users needs. */
interface Reading {
  readonly platform: Platform
  readonly registries: RegistryClient
  /** Whether only the cache is asked. */
  readonly offline?: boolean | undefined
  /** A temporary folder. */
  readonly work: string
}

/** As layers name them. */
const wanted = new Set(['etc/passwd', 'etc/group'])

/**
 * The users that a base image names in its /etc/passwd and /etc/group, the same for both backends. Layers go to the cache,
 * from which the image may be built.
 * @throws {Failure} registry, when the base cannot be read; verification, when it is damaged.
 */
export async function readBaseUsers(
  { reference, digest }: BaseChoice,
  { platform, registries, offline, work }: Reading,
): Promise<KnownUsers> {
  const local = isLocalBase(reference)
  const parsed = local ? undefined : { ...parseReference(reference), ...(digest !== undefined && { digest }) }
  const source = parsed
    ? offline
      ? unaskedSource(parsed)
      : registrySource(registries, parsed)
    : await openImage(reference, registries)
  const cache = await openCache(cacheFolder(), () => {})
  const folder = await mkdtemp(join(work, 'users-'))
  try {
    const base = await openSourceBase(source, {
      cache,
      reference: parsed,
      unasked: offline,
      remark: () => {},
    })
    const { layers } = await base.image(platform)
    const scans = new Map<number, Promise<LayerScan>>()
    const read = async (number: number, paths: ReadonlySet<string> = wanted) => {
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
    const rootfs = createRootfs(layers.length, scan, extract)
    const textOf = async (path: string) => {
      const found = await rootfs.resolve(path)
      const isFile = found?.entry.type === 'file' || found?.entry.type === 'hardlink'
      return found && isFile ? readFile((await rootfs.read(found)).path, 'utf8') : ''
    }
    return parseUsers(await textOf('/etc/passwd'), await textOf('/etc/group'))
  } finally {
    await rm(folder, { recursive: true, force: true })
    await source.close()
    await cache.close()
  }
}
