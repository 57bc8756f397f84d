import { expect, test } from 'vitest'
import { resolveOptions } from '../../../src/config/options.ts'
import { defaultPlatformRemark, misspelledVariables, ownVariables } from '../../../src/config/variables.ts'
import { parsePlatforms } from '../../../src/platforms.ts'
import { environment } from '../../../src/ui/help.ts'
import { helloGo, project } from '../../support/projects.ts'

test('the variables of --help are those that are known', () => {
  const shown = Object.keys(environment).filter(name => name.startsWith('XBUILD_'))
  expect(shown.toSorted()).toEqual(ownVariables.toSorted())
})

test.each([
  ['XBUILD_PLATFROM', 'XBUILD_PLATFORM'],
  ['XBUILD_JOB', 'XBUILD_JOBS'],
])('%s is said to be none', (name, near) => {
  expect(misspelledVariables({ [name]: 'x' })).toEqual([`${name} has no effect; did you mean ${near}?`])
})

test.each([
  { XBUILD_PLATFORM: 'x' },
  { XBUILD_PLATFROM: '' },
  {
    XBUILD_TAG: 'x',
    XBUILD_TAGS: 'x',
    XBUILD_PLATFORMS: 'x',
    XBUILD_FLAGS: 'x',
    XBUILD_CONTEXT: 'x',
    XBUILD_IMAGE: 'x',
  },
  { XBUILD_RIG_ZIG: 'x', XBUILD_RIG_PATH: 'x' },
])('%j is left alone', env => {
  expect(misspelledVariables(env)).toEqual([])
})

test('a default platform of docker that is not built is said', () => {
  const say = (value: string) =>
    defaultPlatformRemark({ DOCKER_DEFAULT_PLATFORM: value }, parsePlatforms(['linux/arm64']))
  expect(say('linux/amd64')).toEqual([
    expect.stringContaining('DOCKER_DEFAULT_PLATFORM=linux/amd64 does not count'),
  ])
  expect(say('linux/nothing')).toHaveLength(1)
  for (const value of ['linux/arm64', 'linux/aarch64', 'linux/arm64/v8', '']) expect(say(value)).toEqual([])
})

// A workflow passes on a setting that nobody made: XBUILD_BASE: ${{ vars.BASE }}.
test('a variable that is empty is one that is not set', async () => {
  const toml = [
    ...['platforms = ["linux/arm64"]', 'builder = "b"', 'backend = "oci"', 'version-from = "1.2.3"'],
    ...['dist = "out"', '[build]', 'compile-on = "auto"', '[bench]', 'auto = true'],
    ...['[image]', 'base = "alpine:3.22"', 'registry = "mirror.example.com"', ''],
  ]
  const dir = await project({ ...helloGo, 'xbuild.toml': toml.join('\n') })
  const plain = await resolveOptions({ dir }, {})
  expect(plain).toMatchObject({
    buildx: { builder: 'b' },
    versionFrom: '1.2.3',
    image: { base: 'alpine:3.22' },
  })
  for (const name of Object.keys(environment).filter(name => name.startsWith('XBUILD_')))
    expect([name, await resolveOptions({ dir }, { [name]: '' })]).toEqual([name, plain])
})
