import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { checkBaseLinks } from '../../../src/build/base-links.ts'
import type { ImagePlan } from '../../../src/image/image-plan.ts'
import { parsePlatforms } from '../../../src/platforms.ts'
import { createRegistryClient } from '../../../src/registry/client.ts'
import { temporaryFolder } from '../../support/projects.ts'
import type { TarInput } from '../../support/tar-builder.ts'
import { buildImage, layoutFiles, writeFolder } from '../../support/test-image.ts'

const merged: TarInput[] = [
  { name: 'usr/bin/sh', content: Buffer.from('sh') },
  { name: 'bin', type: '2', link: 'usr/bin' },
  { name: 'run/', type: '5' },
  { name: 'var/run', type: '2', link: '../run' },
]

/** Checks an image with these files and folders on a base with these layers. */
async function check(
  layers: TarInput[][],
  targets: string[],
  {
    folders = [] as string[],
    reference = '',
    ...more
  }: Record<string, unknown> & { folders?: string[] } = {},
) {
  const work = await mkdtemp(join(await temporaryFolder(), 'links-'))
  vi.stubEnv('XDG_CACHE_HOME', join(work, 'cache'))
  onTestFinished(() => void vi.unstubAllEnvs())
  const registries = createRegistryClient({})
  onTestFinished(() => registries.close())
  const layout = () =>
    writeFolder(join(work, 'layout'), layoutFiles(buildImage([{ platform: 'linux/arm64', layers }])))
  const spec = {
    platforms: parsePlatforms(['linux/arm64']),
    base: { reference: reference || layout(), family: 'other', predicted: false, reason: '' },
    files: targets.map(target => ({ target })),
    ownedFolders: folders.map(path => ({ path })),
  }
  await checkBaseLinks({ spec, ...more } as unknown as ImagePlan, { registries, work, offline: true })
}

test.each([
  [['/bin/app'], [], '/usr/bin/app'],
  [['/usr/bin/app', '/bin'], [], '/usr/bin'],
  [['/app'], ['/var/run/app'], '/run/app'],
])('on a base with links %j and %j are refused', async (targets, folders, path) => {
  await expect(check([merged], targets, { folders })).rejects.toMatchObject({
    kind: 'usage',
    fix: `use an absolute path such as ${path}`,
  })
})

test.each<[string, TarInput[][], string]>([
  ['a path below no link', [merged], '/usr/bin/app'],
  ['a folder of the base', [[{ name: 'bin/sh', content: Buffer.from('sh') }]], '/bin/app'],
  ['a folder that the base has not', [merged], '/lib/app'],
  ['a link that a later layer has as a folder', [merged, [{ name: 'bin/', type: '5' }]], '/bin/app'],
])('%s is taken', async (_, layers, target) => {
  await expect(check(layers, [target])).resolves.toBeUndefined()
})

test('what cannot be read, and the base of a template, is left to the builder', async () => {
  await expect(check([], ['/bin/app'], { reference: 'example.com/a/base:1' })).resolves.toBeUndefined()
  await expect(check([merged], ['/bin/app'], { template: 'FROM x' })).resolves.toBeUndefined()
})
