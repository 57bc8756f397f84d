import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  findMadeBefore,
  forgetMade,
  isRepeatable,
  rememberMade,
} from '../../../../src/image/buildx/made-before.ts'
import type { Destination } from '../../../../src/image/destination.ts'
import type { ImagePlan } from '../../../../src/image/image-plan.ts'
import type { MakeContext } from '../../../../src/image/make-context.ts'
import { parsePlatforms } from '../../../../src/platforms.ts'
import { project, temporaryFolder } from '../../../support/projects.ts'
import { buildImage } from '../../../support/test-image.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

const push: Destination = { type: 'push', references: ['r.example/a:1'], tagsLast: 'digest' }
type Image = Parameters<typeof isRepeatable>[0]
const digest = `sha256:${'a'.repeat(64)}`
const image = (more: Partial<Image> = {}, base: object = { reference: 'r.example/b', digest }) =>
  ({ spec: { base }, destinations: [push], ...more }) as Image
const settings = (buildx: object = {}, more: object = {}) =>
  ({ buildx: { cacheFrom: [], cacheTo: [], ...buildx }, ...more }) as never

describe('isRepeatable', () => {
  it('is what is pushed, and no more, on a base that has a digest', () => {
    const byBuildx: Destination = { type: 'push', references: ['r.example/a:1'] }
    expect(isRepeatable(image({ destinations: [byBuildx] }), settings())).toBe(true)
    expect(isRepeatable(image(), settings())).toBe(true)
    expect(isRepeatable(image(), settings({ provenance: 'false', sbom: 'false' }))).toBe(true)
    expect(isRepeatable(image({}, { reference: 'scratch' }), settings())).toBe(true)
  })

  it.each([
    { provenance: 'mode=max' },
    { sbom: 'true' },
    { cache: 'gha' },
    { cacheFrom: ['c'] },
    { cacheTo: ['c'] },
    { metadataFile: 'm' },
  ])('is not what has %j', more => expect(isRepeatable(image(), settings(more))).toBe(false))

  it('is not what has another place to go, a template, a base that may move, or has to be looked at', () => {
    expect(isRepeatable(image({ destinations: [push, { type: 'load' }] }), settings())).toBe(false)
    expect(isRepeatable(image({ destinations: [{ type: 'load' }] }), settings())).toBe(false)
    expect(isRepeatable(image({ template: 'FROM scratch' }), settings())).toBe(false)
    expect(isRepeatable(image({}, { reference: 'r.example/b:1' }), settings())).toBe(false)
    expect(isRepeatable(image(), settings({}, { verify: 'strict' }))).toBe(false)
    expect(isRepeatable(image(), settings({}, { offline: true }))).toBe(false)
  })
})

describe('an image that was made before', () => {
  const index = buildImage(['linux/amd64', 'linux/arm64'])
  const stored = index.blobs.get(index.index.digest)
  const made = { metadata: {}, vertices: [], seconds: 0 }

  /** An image with one file of the project, and a registry that has what `has` says. */
  async function setUp(has: (digest: string) => boolean = () => true) {
    const root = await project({ 'app.conf': 'old' })
    vi.stubEnv('XDG_CACHE_HOME', await temporaryFolder())
    const planned = {
      spec: {
        name: 'a',
        platforms: parsePlatforms(['linux/amd64,linux/arm64']),
        base: { reference: 'scratch', family: 'scratch', predicted: false, reason: '' },
        config: { entrypoint: [], cmd: [], env: {}, ports: [], labels: {} },
        files: [{ source: { path: join(root, 'app.conf') }, target: '/app.conf', mode: 0o644 }],
        annotations: [],
        epoch: 0,
        tags: ['r.example/a:1'],
      },
      destinations: [push],
    } as unknown as ImagePlan
    const registries = {
      findManifest: async ({ digest }: { digest: string }) =>
        has(digest) ? { ...stored, digest } : undefined,
      headManifest: async ({ digest }: { digest: string }) => (has(digest) ? { digest } : undefined),
    }
    const plan = { root, cwd: root, buildx: { cacheFrom: [], cacheTo: [] } }
    const context = { plan, artifacts: [], registries } as unknown as MakeContext
    const find = async () => (await findMadeBefore([planned], context))[0] ?? {}
    const remember = (key = '') => rememberMade(planned, key, index.index.digest, made, context)
    const change = (text: string) => writeFile(join(root, 'app.conf'), text)
    return { find, remember, change, remove: () => rm(join(root, 'app.conf')) }
  }

  it('is found again, until a file of it changes', async () => {
    const { find, remember, change } = await setUp()
    const { key, result } = await find()
    expect(result).toBeUndefined()
    await remember(key)
    expect((await find()).result).toMatchObject({ isPushed: true, digest: index.index.digest })
    await change('new')
    expect((await find()).result).toBeUndefined()
  })

  it('is not kept where a file of it changed, or went, while it was made', async () => {
    const { find, remember, change, remove } = await setUp()
    const { key } = await find()
    await change('new')
    await remember(key)
    expect((await find()).result).toBeUndefined()
    await remove()
    await expect(remember(key)).resolves.toBeUndefined()
  })

  it('is made again where the registry has the index but not a manifest of it, and where it was wrong', async () => {
    const lost = index.manifests[1]?.digest
    let hasAll = true
    const { find, remember } = await setUp(digest => hasAll || digest !== lost)
    const { key = '' } = await find()
    await remember(key)
    expect((await find()).result).toBeDefined()
    hasAll = false
    expect((await find()).result).toBeUndefined()
    hasAll = true
    await forgetMade(key)
    expect((await find()).result).toBeUndefined()
  })
})
