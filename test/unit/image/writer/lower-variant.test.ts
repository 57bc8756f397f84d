import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { readElf } from '../../../../src/binary/elf.ts'
import { confirmBases } from '../../../../src/build/bases.ts'
import type { ImagePlan } from '../../../../src/image/image-plan.ts'
import type { MakeContext } from '../../../../src/image/make-context.ts'
import { makeWithOci } from '../../../../src/image/writer/make.ts'
import { parsePlatforms } from '../../../../src/platforms.ts'
import { createRecorder } from '../../../../src/recorder.ts'
import { createRegistryClient } from '../../../../src/registry/client.ts'
import type { Artifact } from '../../../../src/types.ts'
import { buildElf, type ElfOptions } from '../../../support/elf-builder.ts'
import { sha256 } from '../../../support/fault-registry.ts'
import { temporaryFolder } from '../../../support/projects.ts'
import { buildImage, layoutFiles, writeFolder } from '../../../support/test-image.ts'

const dynamic: ElfOptions = { type: 'dyn', interpreter: '/lib/ld-linux-armhf.so.3', needed: ['libc.so.6'] }
const platforms = parsePlatforms(['linux/arm/v6'])

/** An image for arm/v6 on a layout with images for arm/v5 and arm/v7, or the platforms given. */
async function onLayout(program: ElfOptions, held = ['linux/arm/v7', 'linux/arm/v5']) {
  const dir = await mkdtemp(join(await temporaryFolder(), 'variant-'))
  vi.stubEnv('XDG_CACHE_HOME', join(dir, 'cache'))
  onTestFinished(() => void vi.unstubAllEnvs())
  const below = buildImage(held)
  const reference = writeFolder(join(dir, 'layout'), layoutFiles(below))
  const bytes = buildElf(program)
  const path = join(dir, 'app')
  await writeFile(path, bytes)
  const artifacts = platforms.map(
    platform =>
      ({
        name: 'app',
        path,
        platform,
        size: bytes.length,
        sha256: sha256(Buffer.from(bytes)).slice(7),
        elf: readElf(bytes),
      }) as Artifact,
  )
  const spec = {
    name: 'app',
    platforms,
    base: { reference, family: 'other', predicted: false, reason: '' },
    config: { entrypoint: ['/app'], cmd: [], env: {}, ports: [], labels: {} },
    files: [{ target: '/app', source: { artifact: 'app' }, mode: 0o755 }],
    annotations: [],
    epoch: 0,
    tags: [],
  }
  const output = join(dir, 'image')
  const image = {
    spec,
    executables: [{ name: 'app' }],
    image: {},
    destinations: [{ type: 'layout', path: output }],
  }
  const registries = createRegistryClient({})
  onTestFinished(() => registries.close())
  const recorder = createRecorder(() => {})
  const context = { plan: { root: dir, compression: 'gzip' }, artifacts, registries, recorder }
  const make = () =>
    makeWithOci(
      image as unknown as ImagePlan,
      context as unknown as MakeContext,
      {
        progress: () => {},
      } as never,
    )
  const json = async (digest = '') =>
    JSON.parse(await readFile(join(output, 'blobs', digest.replace(':', '/')), 'utf8'))
  return { below, make, json, image: image as unknown as ImagePlan, artifacts, recorder }
}

test('a static program for arm/v6 is put on the image for arm/v5, and its config says v6', async () => {
  const { below, make, json } = await onLayout({})
  const { reported } = await make()
  const manifest = await json(reported.platforms[0]?.digest)
  expect(await json(manifest.config.digest)).toMatchObject({ architecture: 'arm', variant: 'v6' })
  const armel = JSON.parse(below.blobs.get(below.manifests[1]?.digest ?? '')?.bytes.toString() ?? '')
  expect(manifest.layers[0].digest).toBe(armel.layers[0].digest)
})

test('a dynamic program for arm/v6 is not put on the image for arm/v5', async () => {
  const { make } = await onLayout(dynamic)
  await expect(make()).rejects.toMatchObject({
    kind: 'verification',
    why: expect.stringContaining('app for linux/arm/v6 needs /lib/ld-linux-armhf.so.3; '),
  })
})

test.each([
  ['an image for arm/v6 that is there too', ['linux/arm/v5', 'linux/arm/v6']],
  ['the one image of a base', ['linux/arm/v6']],
])('a dynamic program for arm/v6 is put on %s', async (_, held) => {
  const { make } = await onLayout(dynamic, held)
  expect((await make()).reported.platforms).toHaveLength(1)
})

test('a dynamic program on a base that the registry has is refused before a builder is asked', async () => {
  const confirm = async (program: ElfOptions, offline = false) => {
    const { image, artifacts, recorder } = await onLayout(program)
    const base = { ...image.spec.base, reference: 'debian:trixie' }
    const plan = {
      images: [{ ...image, spec: { ...image.spec, base } }],
      platforms,
      lock: undefined,
      offline,
    }
    const lookUpBase = vi.fn(async () => ({ digest: '', platforms: ['linux/arm/v5', 'linux/arm/v7'] }))
    return confirmBases(
      plan as unknown as Parameters<typeof confirmBases>[0],
      artifacts,
      lookUpBase,
      recorder,
    )
  }
  await expect(confirm(dynamic)).rejects.toMatchObject({ kind: 'verification' })
  await expect(confirm({})).resolves.toHaveLength(1)
  await expect(confirm(dynamic, true)).resolves.toHaveLength(1)
})
