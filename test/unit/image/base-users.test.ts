import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { readBaseUsers } from '../../../src/image/base-users.ts'
import { parsePlatform } from '../../../src/platforms.ts'
import { createRegistryClient } from '../../../src/registry/client.ts'
import { temporaryFolder } from '../../support/projects.ts'
import { buildImage, layoutFiles, writeFolder } from '../../support/test-image.ts'

const passwd = (...lines: string[]) => ({ name: 'etc/passwd', content: Buffer.from(lines.join('\n')) })

test.each([
  ['the last layer counts', [[passwd('a:x:1:2::/:')], [passwd('b:x:3:4::/:')]], ['b']],
  ['a layer below is found', [[passwd('a:x:1:2::/:')], [{ name: 'x', content: Buffer.from('') }]], ['a']],
  [
    'a removed file is none',
    [[passwd('a:x:1:2::/:')], [{ name: 'etc/.wh.passwd', content: Buffer.from('') }]],
    [],
  ],
  ['no file at all', [[{ name: 'x', content: Buffer.from('') }]], []],
])('users of a base: %s', async (_, layers, expected) => {
  const folder = await mkdtemp(join(await temporaryFolder(), 'base-'))
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'))
  onTestFinished(() => void vi.unstubAllEnvs())
  const image = buildImage([{ platform: 'linux/arm64', layers }])
  const reference = writeFolder(join(folder, 'layout'), layoutFiles(image))
  const registries = createRegistryClient({})
  onTestFinished(() => registries.close())
  const { users } = await readBaseUsers(
    { reference, family: 'other', predicted: false, reason: '' },
    { platform: parsePlatform('linux/arm64'), registries, work: folder },
  )
  expect([...users.keys()]).toEqual(expected)
})
