import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import type { ImagePlan } from '../../../../src/image/image-plan.ts'
import type { MadeImage, MakeContext } from '../../../../src/image/make-context.ts'
import { readBack } from '../../../../src/image/verify/read-back.ts'
import { parsePlatforms } from '../../../../src/platforms.ts'
import { createRecorder } from '../../../../src/recorder.ts'
import { createRegistryClient } from '../../../../src/registry/client.ts'
import { failureOf } from '../../../support/failure-of.ts'
import { type Fault, sha256, startFaultRegistry } from '../../../support/fault-registry.ts'
import { buildImage, intoRegistry, programFor } from '../../../support/test-image.ts'

vi.mock('node:timers/promises', async original => ({
  ...(await original<typeof import('node:timers/promises')>()),
  setTimeout: async () => {},
}))

const folder = mkdtempSync(join(tmpdir(), 'xbuild-read-back-'))
vi.stubEnv('XDG_CACHE_HOME', folder)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close()
})

/** Reads back an image of linux/amd64 that was pushed to a registry with these faults. */
async function readPushed(faults: readonly Fault[], verify?: 'strict' | 'warn') {
  const registry = await startFaultRegistry()
  const image = buildImage(['linux/amd64'])
  intoRegistry(registry, image, 'app', '1')
  registry.fault(...faults)
  const registries = createRegistryClient({
    findCredentials: async () => undefined,
    retry: { sleep: async () => {} },
  })
  opened.push(registry, registries)
  const recorder = createRecorder(() => {})
  const tag = `${registry.host}/app:1`
  const plan = {
    spec: { name: 'app', tags: [tag], files: [], platforms: parsePlatforms(['linux/amd64']) },
    destinations: [{ type: 'push', references: [tag] }],
  } as unknown as ImagePlan
  const made = { reported: { digest: image.index.digest, platforms: [] }, packed: [] } as unknown as MadeImage
  const signal = new AbortController().signal
  const context = { recorder, registries, artifacts: [], plan: { verify }, signal } as unknown as MakeContext
  return { result: readBack(plan, made, context), recorder }
}

const always = Number.POSITIVE_INFINITY

describe('an image that was pushed well', () => {
  it.each<[string, Fault, RegExp]>([
    ['that nobody here may read', { status: 403, times: always }, /refused access/],
    [
      'whose registry asks for a login',
      { status: 401, headers: { 'www-authenticate': 'Basic' }, times: always },
      /requires a login/,
    ],
    ['that is not found', { status: 404, path: /manifests/, times: always }, /There is no such image/],
    ['whose registry is away', { resetAfterReceiving: 0, times: always }, /cannot be reached/],
  ])('%s is not read back, with a warning; strictly, that is a failure', async (_name, fault, why) => {
    const { result, recorder } = await readPushed([fault])
    const { verified, notReadBack } = await result
    expect(verified).toBeUndefined()
    expect(notReadBack).toMatch(why)
    expect(recorder.notes.join()).toMatch(/app was pushed and not read back/)
    const strict = await readPushed([fault], 'strict')
    expect((await failureOf(strict.result)).exitCode).toBe(8)
  })

  it.each([1, 3, 5])('that shows only after %i looks is read back', async times => {
    const { result } = await readPushed([{ status: 404, path: /manifests/, times }], 'strict')
    expect((await result).verified).toContain('1 platform')
  })

  it('and is not what it should be fails, whatever is asked', async () => {
    const { result } = await readPushed([{ path: /blobs/, change: body => Buffer.from(body).fill(0) }])
    expect((await failureOf(result)).exitCode).toBe(6)
  })
})

describe('a layer that was read back before', () => {
  const platforms = parsePlatforms(['linux/amd64'])
  const program = programFor('linux/amd64')
  const path = join(folder, 'app')
  writeFileSync(path, program)
  const artifact = {
    platform: platforms[0],
    name: 'app',
    path,
    sha256: sha256(program).slice(7),
    size: program.length,
  }

  /** An image in a registry, and what reads it back; it answers with the blobs of layers that were asked for. */
  async function pushed() {
    const registry = await startFaultRegistry()
    const image = buildImage(['linux/amd64'])
    intoRegistry(registry, image, 'app', '1')
    const registries = createRegistryClient({ findCredentials: async () => undefined })
    opened.push(registry, registries)
    const tag = `${registry.host}/app:1`
    const files = [{ target: '/app', source: { artifact: 'app' }, mode: 0o755 }]
    const plan = {
      spec: { name: 'app', tags: [tag], files, platforms },
      destinations: [{ type: 'push', references: [tag] }],
    } as unknown as ImagePlan
    const layer = [...image.blobs].find(([, { mediaType }]) => mediaType.includes('layer'))?.[0] as string
    const read = async (verify: 'strict' | 'warn' = 'warn', uploaded?: ReadonlySet<string>) => {
      const before = registry.requests.length
      const reported = { digest: image.index.digest, platforms: [] }
      const made = { reported, packed: [], uploaded } as unknown as MadeImage
      const context = {
        ...{ recorder: createRecorder(() => {}), registries, artifacts: [artifact] },
        ...{ plan: { verify }, signal: new AbortController().signal },
      } as unknown as MakeContext
      const { verified } = await readBack(plan, made, context)
      expect(verified).toBe('1 platform, every binary equal to the one compiled')
      return registry.requests
        .slice(before)
        .filter(one => one.path.includes(layer))
        .map(({ method }) => method)
    }
    return { read, registry, layer }
  }

  it('is asked for, not fetched', async () => {
    const { read } = await pushed()
    expect(await read()).toEqual(['GET'])
    expect(await read()).toEqual(['HEAD'])
  })

  it('is fetched with --verify=strict, and when it had to be uploaded again', async () => {
    const { read, layer } = await pushed()
    await read()
    expect(await read('strict')).toEqual(['GET'])
    expect(await read('warn', new Set([layer]))).toEqual(['GET'])
  })

  it('is missed when the registry has lost it', async () => {
    const { read, registry, layer } = await pushed()
    await read()
    registry.fault({ path: new RegExp(layer), status: 404, times: always })
    expect((await failureOf(read())).exitCode).toBe(6)
  })
})
