import { createReadStream } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { type BaseDocuments, type BaseLookup, createBaseLookup, type WithDocuments } from '../base/lookup.ts'
import { type Descriptor, maximumManifest } from '../oci/manifest.ts'
import { formatReference } from '../oci/reference.ts'
import type { RegistryClient } from '../registry/client.ts'
import { cacheFolder } from '../util/cache-folder.ts'
import { type BlobCache, openCache } from './cache.ts'

/** Looks bases up, and keeps what it learns in the user's cache, from which xbuild's own writer reads a base too. */
export function createCachedBaseLookup(client: RegistryClient): BaseLookup {
  return createBaseLookup(client, withDocuments)
}

/** The manifests and configs of bases in the cache. @throws {Failure} image, when one cannot be written. */
export function baseDocuments(cache: BlobCache): BaseDocuments {
  const recall: BaseDocuments['recall'] = async reference =>
    (await cache.recall('bases', formatReference(reference))) as Descriptor | undefined
  return {
    recall,
    async remember(reference, descriptor) {
      if ((await recall(reference))?.digest === descriptor.digest) return
      await cache.remember('bases', formatReference(reference), descriptor)
    },
    async find({ digest, size }) {
      const path = size > maximumManifest ? undefined : await cache.find(digest, size)
      return path === undefined ? undefined : buffer(createReadStream(path))
    },
    async keep(bytes) {
      await cache.store(single(bytes))
    },
  }
}

/** A look-up goes on without a cache, where there is none or it is full. */
const withDocuments: WithDocuments = async use => {
  const cache = await openCache(cacheFolder(), () => {}).catch(() => undefined)
  if (!cache) return use(nothing)
  const documents = baseDocuments(cache)
  try {
    return await use({ ...documents, keep: bytes => documents.keep(bytes).catch(() => {}) })
  } finally {
    await cache.close()
  }
}

const nothing: BaseDocuments = {
  recall: async () => undefined,
  remember: async () => {},
  find: async () => undefined,
  keep: async () => {},
}

async function* single(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}
