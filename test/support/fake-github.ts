import { spawn } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { temporaryFolder } from './projects.ts'

/** What a step of a JavaScript action left. */
export interface StepResult {
  readonly code: number | null
  /** What the runner shows and obeys. */
  readonly log: string
  readonly outputs: Readonly<Record<string, string>>
  readonly summary: string
  /** What the step added to PATH. */
  readonly paths: readonly string[]
}

/**
 * Runs a step as GitHub's runner does: inputs as INPUT_ variables, files for what it sets, and only what `env` adds.
 * @param program its `main` in action.yml
 */
export async function runStep(
  program: string,
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Promise<StepResult> {
  const folder = await temporaryFolder()
  const files = {
    GITHUB_OUTPUT: 'output',
    GITHUB_STEP_SUMMARY: 'summary',
    GITHUB_PATH: 'path',
    GITHUB_ENV: 'env',
  }
  const paths = Object.fromEntries(Object.entries(files).map(([name, file]) => [name, join(folder, file)]))
  await Promise.all(Object.values(paths).map(path => writeFile(path, '')))
  await mkdir(join(folder, 'temp'))
  const all: NodeJS.ProcessEnv = {
    ...process.env,
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKSPACE: cwd,
    GITHUB_RUN_ID: '1',
    GITHUB_RUN_ATTEMPT: '1',
    RUNNER_TEMP: join(folder, 'temp'),
    RUNNER_OS: 'Linux',
    RUNNER_ARCH: 'X64',
    ...paths,
    ...Object.fromEntries(
      Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
    ),
    ...env,
  }
  for (const [name, value] of Object.entries(all)) if (value === undefined) delete all[name]
  const { code, log } = await new Promise<{ code: number | null; log: string }>((resolve, reject) => {
    const child = spawn(process.execPath, [program], { cwd, env: all, stdio: ['ignore', 'pipe', 'pipe'] })
    let log = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', text => {
        log += text
      })
    }
    child.on('error', reject)
    child.on('close', code => resolve({ code, log }))
  })
  const read = (name: string) => readFile(paths[name] as string, 'utf8')
  return {
    code,
    log,
    outputs: parseValues(await read('GITHUB_OUTPUT')),
    summary: await read('GITHUB_STEP_SUMMARY'),
    paths: (await read('GITHUB_PATH')).split('\n').filter(Boolean),
  }
}

/** A file of values as the runner reads it (actions/runner, FileCommandManager.cs): `name=value`, or lines up to a delimiter. */
export function parseValues(text: string): Record<string, string> {
  const found: Record<string, string> = {}
  const lines = text.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as string
    if (line === '') continue
    const [, name, delimiter] = /^([^=]*?)<<(.+)$/.exec(line) ?? []
    if (name === undefined) {
      const [key, ...value] = line.split('=')
      if (value.length === 0) throw new Error(`invalid format: ${line}`)
      found[key as string] = value.join('=')
      continue
    }
    const end = lines.indexOf(delimiter as string, at + 1)
    if (end < 0) throw new Error(`matching delimiter not found: ${delimiter}`)
    found[name] = lines.slice(at + 1, end).join('\n')
    at = end
  }
  return found
}

/** A cache service v2 with the blob storage that it signs addresses of, on loopback. */
export interface FakeCacheService {
  /** The variables that a JavaScript action gets. */
  readonly env: Readonly<Record<string, string>>
  /** Key → bytes, in the order in which they were saved. */
  readonly entries: Map<string, { readonly version: string; readonly bytes: Buffer }>
  /** What was asked, method by method. */
  readonly calls: string[]
  /** Answers the next requests of a method with this status. */
  fail(method: string, status: number, times: number): void
}

/** Starts one; it ends after the last test of the file. */
export async function fakeCacheService(): Promise<FakeCacheService> {
  const entries: FakeCacheService['entries'] = new Map()
  const calls: string[] = []
  const failures = new Map<string, { status: number; times: number }>()
  const reserved = new Map<string, { version: string; blocks: Map<string, Buffer>; bytes?: Buffer }>()
  const find = (key: string, restoreKeys: readonly string[], version: string): string | undefined => {
    const newestFirst = [...entries.keys()].reverse().filter(each => entries.get(each)?.version === version)
    if (newestFirst.includes(key)) return key
    return restoreKeys.map(prefix => newestFirst.find(each => each.startsWith(prefix))).find(Boolean)
  }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const url = new URL(request.url ?? '/', base)
    const method = url.pathname.split('/').at(-1) as string
    const answer = (value: object, status = 200) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    const name = url.pathname.startsWith('/blob/') ? `${request.method} blob` : method
    calls.push(name)
    const failure = failures.get(name)
    if (failure && failure.times-- > 0) return answer({ code: 'internal', msg: 'failing' }, failure.status)
    if (url.pathname.startsWith('/blob/')) {
      if (url.searchParams.get('sig') !== 'signed') return answer({}, 403)
      const key = decodeURIComponent(method)
      if (request.method === 'GET') return response.end(entries.get(key)?.bytes)
      const entry = reserved.get(key)
      if (!entry) return answer({}, 404)
      if (url.searchParams.get('comp') === 'block')
        entry.blocks.set(url.searchParams.get('blockid') ?? '', body)
      else {
        const ids = [...body.toString().matchAll(/<Latest>([^<]+)<\/Latest>/g)].map(([, id]) => id as string)
        entry.bytes = Buffer.concat(ids.map(id => entry.blocks.get(id) as Buffer))
      }
      return response.writeHead(201).end()
    }
    if (request.headers.authorization !== 'Bearer runtime-token') return answer({ msg: 'no token' }, 401)
    const { key, restore_keys = [], version, size_bytes } = JSON.parse(body.toString())
    const address = `${base}/blob/${encodeURIComponent(key)}?sig=signed`
    if (method === 'GetCacheEntryDownloadURL') {
      const found = find(key, restore_keys, version)
      if (found === undefined) return answer({ ok: false, signed_download_url: '', matched_key: '' })
      const download = `${base}/blob/${encodeURIComponent(found)}?sig=signed`
      return answer({ ok: true, signed_download_url: download, matched_key: found })
    }
    if (method === 'CreateCacheEntry') {
      if (entries.has(key)) return answer({ code: 'already_exists', msg: 'cache entry already exists' }, 409)
      reserved.set(key, { version, blocks: new Map() })
      return answer({ ok: true, signed_upload_url: address })
    }
    const bytes = reserved.get(key)?.bytes
    if (bytes === undefined || String(bytes.length) !== size_bytes)
      return answer({ ok: false, entry_id: '0' })
    entries.set(key, { version, bytes })
    return answer({ ok: true, entry_id: '1' })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  afterAll(() => void server.close())
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    env: {
      ACTIONS_RUNTIME_TOKEN: 'runtime-token',
      ACTIONS_RESULTS_URL: `${base}/`,
      ACTIONS_CACHE_SERVICE_V2: 'true',
    },
    entries,
    calls,
    fail: (method, status, times) => void failures.set(method, { status, times }),
  }
}
