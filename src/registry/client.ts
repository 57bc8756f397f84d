import { isFailure } from '../errors.ts'
import { digestOf } from '../oci/digest.ts'
import { type Descriptor, manifestTypes } from '../oci/manifest.ts'
import { formatReference, formatRepository, isDigest, type Reference } from '../oci/reference.ts'
import { type CallerOptions, createCaller, type Repository } from './call.ts'
import { mayNotPush, registryFailure } from './failures.ts'
import { type FetchedManifest, mediaTypeOf, readManifest } from './fetched-manifest.ts'
import { allowsPush, type PushRights } from './push-rights.ts'
import { type BlobDescriptor, downloadBlob } from './transfer.ts'
import { describeUrl } from './transport.ts'
import { uploadBlob } from './upload.ts'

export type { CallerOptions as RegistryClientOptions, Repository } from './call.ts'

/**
 * The registry side of images (OCI distribution-spec 1.1). Every operation tries again what may pass (408, 429, 5xx, a
 * broken connection), logs in when it is asked to, and throws a Failure: `registry` when the registry refuses or fails,
 * `verification` when it serves bytes that are not what their digest says, or manifests that are malformed.
 */
export interface RegistryClient {
  /**
   * What a reference stands for, without its content; undefined where there is none. One who asks in order to push gets
   * undefined, too, where the registry does not let them see it: whether they may push, the push itself finds out.
   */
  headManifest(reference: Reference, options?: { readonly push?: boolean }): Promise<Descriptor | undefined>
  /** An index or manifest; undefined where there is none. */
  findManifest(reference: Reference): Promise<FetchedManifest | undefined>
  /** An index or manifest. @throws {Failure} registry, where there is none. */
  getManifest(reference: Reference): Promise<FetchedManifest>
  /** A blob's bytes, checked while they pass. */
  getBlob(repository: Repository, blob: BlobDescriptor): AsyncIterable<Uint8Array>
  /** Whether the repository holds a blob, asked in order to push it; false, too, where it does not let that be seen. */
  headBlob(repository: Repository, digest: string): Promise<boolean>
  /** Takes a blob over from another repository of the registry; false where the registry requires an upload. */
  mountBlob(repository: Repository, digest: string, from: string): Promise<boolean>
  /**
   * Uploads a blob; a later connection continues where one broke, if the registry kept what came (upload.ts).
   * @param open opens its bytes, anew for each attempt
   * @param onProgress the bytes that were sent; an attempt that begins anew starts again at 0
   */
  uploadBlob(
    repository: Repository,
    blob: BlobDescriptor,
    open: () => AsyncIterable<Uint8Array>,
    onProgress?: (sent: number) => void,
  ): Promise<void>
  /**
   * Puts an index or manifest under the reference's tag, or under its own digest where the reference has no tag.
   * @returns its digest
   */
  putManifest(reference: Reference, manifest: Pick<FetchedManifest, 'mediaType' | 'bytes'>): Promise<string>
  /**
   * Whether a push to the reference's repository would be allowed: logs in for it and asks for a token with that right,
   * which the push then uses. Writes nothing.
   */
  checkPush(reference: Reference): Promise<PushRights>
  /** Ends every connection; the client cannot be used any more. */
  close(): Promise<void>
}

/** A client for any number of registries. Unless it is closed, its connections keep the process alive for seconds. */
export function createRegistryClient(options: CallerOptions = {}): RegistryClient {
  const caller = createCaller(options)

  const findManifest = (reference: Reference, push = false) =>
    caller.retrying(async () => {
      const response = await caller.once({
        ...manifestCall(reference, push),
        method: 'GET',
        expect: seen(push),
      })
      if (response.status === 200) return readManifest(response, reference)
      await response.discard()
      return undefined
    })

  /** A call of whose answer only status and headers matter. */
  const brief = (call: Parameters<typeof caller.once>[0]) =>
    caller.retrying(async () => {
      const response = await caller.once(call)
      await response.discard()
      return response
    })

  const headBlob: RegistryClient['headBlob'] = async (repository, digest) => {
    const target = `blobs/${digest}`
    const call = { repository, target, ...lookup(true) } as const
    const { status } = await brief({ ...call, method: 'HEAD' })
    if (status !== 405) return status === 200
    // One that knows no HEAD is asked for the first byte.
    const range = { ...call, headers: { range: 'bytes=0-0' }, expect: [...call.expect, 206, 416] }
    return [200, 206].includes((await brief({ ...range, method: 'GET' })).status)
  }

  return {
    findManifest: reference => findManifest(reference),
    headBlob,
    close: () => caller.close(),
    getBlob: (repository, blob) => downloadBlob(caller, repository, blob),

    async headManifest(reference, { push = false } = {}) {
      const response = await brief({ ...manifestCall(reference, push), method: 'HEAD' })
      if (response.status !== 200 && response.status !== 405) return undefined
      const stated = response.headers['docker-content-digest']
      // What was asked for by a digest is that, whatever the registry says of it.
      const digest = reference.digest ?? stated
      const size = Number(response.headers['content-length'])
      const mediaType = mediaTypeOf(response)
      if (
        response.status === 200 &&
        // The length of what is compressed says nothing.
        response.headers['content-encoding'] === undefined &&
        (stated === undefined || stated === digest) &&
        digest !== undefined &&
        isDigest(digest) &&
        mediaType !== undefined &&
        size > 0
      ) {
        return { mediaType, digest, size }
      }
      // The specification does not oblige registries to say it all in headers, and some answer no HEAD.
      const found = await findManifest(reference, push)
      return found && { mediaType: found.mediaType, digest: found.digest, size: found.bytes.length }
    },

    async checkPush(reference) {
      const { status } = await brief({ ...manifestCall(reference, true), method: 'HEAD' })
      const header = await caller.writeHeader(reference)
      const allowed = allowsPush(header, reference)
      const where = formatRepository(reference)
      if (allowed === false)
        throw mayNotPush(where, 'the token that it gave does not allow it', reference.registry)
      // Of one that gives tokens, 401 and 403 may as well mean that there is no such repository yet.
      if (status === 401 && header?.startsWith('Basic '))
        throw mayNotPush(where, '401: it does not accept the user and the password', reference.registry)
      return allowed ? 'granted' : 'unknown'
    },

    async getManifest(reference) {
      const found = await findManifest(reference)
      if (found) return found
      throw registryFailure(
        'There is no such image',
        formatReference(reference),
        'the registry has no manifest of this name',
        'check the name and the tag, and that it was pushed',
      )
    },

    async mountBlob(repository, digest, from) {
      const mounting = brief({
        method: 'POST',
        repository,
        target: `blobs/uploads/?${new URLSearchParams({ mount: digest, from })}`,
        push: true,
        from,
        // One that cannot mount it opens an upload, or says that it does not know it, or that nobody may read it.
        expect: [201, 202, 401, 403, 404, 405],
      })
      try {
        return (await mounting).status === 201
      } catch (error) {
        // A token server may refuse a login for two repositories at once. Mounting only saves an upload.
        if (isFailure(error, 'registry')) return false
        throw error
      }
    },

    uploadBlob: (repository, blob, open, onProgress = () => {}) =>
      uploadBlob({ caller, repository, blob, open, onProgress }, () => headBlob(repository, blob.digest)),

    async putManifest(reference, { mediaType, bytes }) {
      const digest = digestOf(bytes)
      const { headers, url } = await brief({
        method: 'PUT',
        repository: reference,
        target: `manifests/${reference.tag ?? digest}`,
        headers: { 'content-type': mediaType },
        body: bytes,
        push: true,
        expect: [200, 201, 202],
      })
      const stored = headers['docker-content-digest']
      if (stored === undefined || stored === digest) return digest
      throw registryFailure(
        'The registry stored another manifest than it was given',
        describeUrl(url),
        `it says ${JSON.stringify(stored)}, and ${digest} was sent`,
      )
    },
  }
}

function manifestCall(reference: Reference, push: boolean) {
  return {
    repository: reference,
    target: `manifests/${reference.digest ?? reference.tag}`,
    headers: { accept: manifestTypes.join(', ') },
    ...lookup(push),
  }
}

/**
 * How a call asks whether something is there. In a repository that does not exist yet some token servers grant nothing to
 * one who only asks to pull, and some registries answer 401 or 403 for what they do not have.
 */
function lookup(push: boolean) {
  return { push, expect: [...seen(push), 405] }
}

/** Statuses that tell whether something is there. */
function seen(push: boolean): number[] {
  return push ? [200, 401, 403, 404] : [200, 404]
}
