import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { setTimeout as sleep } from 'node:timers/promises'

/** Of one request, in milliseconds; a block has longer. */
const answerTime = 30_000
const blockTime = 10 * 60_000
/** Bytes of a block; the service takes 50,000 of them. */
const blockSize = 64 * 1024 * 1024
const blocksAtOnce = 4
const attempts = 4

/** GitHub's cache service v2: three calls that answer with signed addresses of Azure's blob storage. */
export interface CacheService {
  /** Whether entries can be read and written; a workflow may be given less. */
  readonly reads: boolean
  readonly writes: boolean
  /** Fetches the entry of the key, or the newest whose key begins with one of the others, into a file. */
  restore(
    key: string,
    restoreKeys: readonly string[],
    version: string,
    file: string,
  ): Promise<string | undefined>
  /** @returns false where another run was first to save the key. */
  save(key: string, version: string, file: string): Promise<boolean>
}

/**
 * The service of this job; a text says why there is none. Only steps of JavaScript actions have its variables.
 * @throws nothing; the methods throw an Error with what the service answered.
 */
export function findCacheService(env: NodeJS.ProcessEnv = process.env): CacheService | string {
  const token = env['ACTIONS_RUNTIME_TOKEN']
  const url = env['ACTIONS_RESULTS_URL']
  if (!token || !url) return 'this step has no ACTIONS_RUNTIME_TOKEN and ACTIONS_RESULTS_URL'
  if (!URL.canParse(url)) return 'ACTIONS_RESULTS_URL is no address'
  if (!env['ACTIONS_CACHE_SERVICE_V2']) return 'this runner offers no cache service v2'
  // As @actions/cache has it: what is not known is allowed.
  const mode = env['ACTIONS_CACHE_MODE']?.trim().toLowerCase() ?? ''
  const call = caller(url, token)
  return {
    reads: !['none', 'write-only'].includes(mode),
    writes: !['none', 'read'].includes(mode),
    restore: async (key, restoreKeys, version, file) => {
      const answer = await call('GetCacheEntryDownloadURL', { key, restore_keys: restoreKeys, version })
      const address = field(answer, 'signed_download_url')
      if (answer['ok'] !== true || !address) return undefined
      const limit = AbortSignal.timeout(blockTime)
      await retried(() => download(address, file, limit), limit)
      return field(answer, 'matched_key')
    },
    save: async (key, version, file) => {
      const created = await call('CreateCacheEntry', { key, version })
      const address = field(created, 'signed_upload_url')
      if (created['ok'] !== true || !address) {
        const why = field(created, 'message')
        if (why !== '') throw new Error(`the cache service took no entry: ${why}`)
        return false
      }
      const { size } = await stat(file)
      await upload(address, file, size)
      const end = await call('FinalizeCacheEntryUpload', { key, version, size_bytes: String(size) })
      if (end['ok'] !== true)
        throw new Error(field(end, 'message') || 'the cache service did not take the entry')
      return true
    },
  }
}

/** The version of an entry: only one of the same folders and form is found. */
export function entryVersion(folders: readonly string[], compression: string): string {
  return createHash('sha256')
    .update(JSON.stringify(['xbuild 1', compression, ...folders]))
    .digest('hex')
}

type Answer = Readonly<Record<string, unknown>>

/** Fields come in the spelling of protobuf or of JSON. */
function field(answer: Answer, name: string): string {
  const value = answer[name] ?? answer[name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())]
  return typeof value === 'string' ? value : ''
}

function caller(url: string, token: string) {
  return (method: string, body: object): Promise<Answer> =>
    retried(async () => {
      const path = `/twirp/github.actions.results.api.v1.CacheService/${method}`
      const response = await ask(new URL(path, url), {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(answerTime),
      })
      const text = await response.text()
      // The key is there already, which is no fault: another job of the same run saved it.
      if (response.status === 409) return {}
      if (!response.ok) throw refusal(response, `${method}: ${text.slice(0, 300)}`)
      return JSON.parse(text) as Answer
    })
}

/** An answer that a second try may change, or not. */
class Refusal extends Error {
  readonly isFinal: boolean
  constructor(message: string, isFinal: boolean) {
    super(message)
    this.isFinal = isFinal
  }
}

function refusal({ status, statusText }: Response, what: string): Refusal {
  return new Refusal(
    `the cache service answered ${status} ${statusText} to ${what}`,
    status < 500 && status !== 408,
  )
}

/** @param limit of all attempts together: a build does not wait for a transfer that hangs four times over */
async function retried<T>(work: () => Promise<T>, limit?: AbortSignal): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await work()
    } catch (error) {
      if (tried === attempts || limit?.aborted || (error instanceof Refusal && error.isFinal)) throw error
      await sleep(500 * 2 ** tried)
    }
  }
}

/** `fetch`, whose error says what happened, and not the address: a signed one is a secret. */
async function ask(address: string | URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(address, init)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    const { cause } = error
    const why =
      cause instanceof Error ? (cause as NodeJS.ErrnoException).code || cause.message : 'bad address'
    throw new Error(`the cache service cannot be reached: ${why}`)
  }
}

async function download(address: string, file: string, limit: AbortSignal): Promise<void> {
  const response = await ask(address, { signal: limit })
  if (!response.ok || !response.body) throw refusal(response, 'a download')
  await pipeline(Readable.fromWeb(response.body as ReadableStream), createWriteStream(file))
}

/** In blocks, of which each is tried again by itself, and a list of them at the end (Azure: Put Block, Put Block List). */
async function upload(address: string, file: string, size: number): Promise<void> {
  const count = Math.max(1, Math.ceil(size / blockSize))
  const ids = Array.from({ length: count }, (_, at) =>
    Buffer.from(String(at).padStart(8, '0')).toString('base64'),
  )
  let next = 0
  const lane = async () => {
    for (let at = next++; at < count; at = next++) {
      const start = at * blockSize
      const length = Math.min(blockSize, size - start)
      const block = `${address}&comp=block&blockid=${encodeURIComponent(ids[at] ?? '')}`
      const limit = AbortSignal.timeout(blockTime)
      await retried(() => put(block, file, start, length, limit), limit)
    }
  }
  await Promise.all(Array.from({ length: Math.min(blocksAtOnce, count) }, lane))
  const list = `<?xml version="1.0" encoding="utf-8"?><BlockList>${ids.map(id => `<Latest>${id}</Latest>`).join('')}</BlockList>`
  const limit = AbortSignal.timeout(answerTime * attempts)
  await retried(() => putBody(`${address}&comp=blocklist`, list, Buffer.byteLength(list), limit), limit)
}

function put(
  address: string,
  file: string,
  start: number,
  length: number,
  limit: AbortSignal,
): Promise<void> {
  if (length === 0) return putBody(address, '', 0, limit)
  const stream = createReadStream(file, { start, end: start + length - 1 })
  return putBody(address, Readable.toWeb(stream) as ReadableStream, length, limit)
}

async function putBody(
  address: string,
  body: string | ReadableStream,
  length: number,
  limit: AbortSignal,
): Promise<void> {
  const response = await ask(address, {
    method: 'PUT',
    headers: { 'x-ms-version': '2021-12-02', 'content-length': String(length) },
    body,
    signal: limit,
    ...(typeof body !== 'string' && { duplex: 'half' }),
  } as RequestInit)
  await response.arrayBuffer()
  if (!response.ok) throw refusal(response, 'an upload')
}
