import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import {
  buildArguments,
  type InputName,
  inputs,
  readChoice,
  readSwitch,
} from '../../../../src/ci/action/inputs.ts'
import { buildCommand } from '../../../../src/commands/build.ts'
import { failureOf } from '../../../support/failure-of.ts'

const env = (given: Partial<Record<InputName, string>>, more: NodeJS.ProcessEnv = {}) => ({
  ...Object.fromEntries(Object.entries(given).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
  ...more,
})
const flags = (...given: Parameters<typeof env>) => buildArguments(env(...given)).flags

describe('inputs become flags', () => {
  test('in one word each, so that no value is a flag', () => {
    expect(flags({ tags: '--push\n-o x', platforms: 'linux/amd64,linux/arm64', push: 'false' })).toEqual([
      '--platform=linux/amd64',
      '--platform=linux/arm64',
      '--push=false',
      '--tag=--push',
      '--tag=-o x',
    ])
  })

  test('labels keep commas and quotes', () => {
    expect(flags({ labels: 'a=1,2\n"b=x, ""y"""' })).toEqual(['--label=a=1,2', '--label=b=x, "y"'])
  })

  test('arguments of the toolchain come after --', () => {
    expect(buildArguments(env({ args: '-tags=a,b\n-race' })).toolchainArgs).toEqual(['-tags=a,b', '-race'])
  })

  test('a label whose second line looks like a label is refused', async () => {
    const labels = '"org.opencontainers.image.title=x\nevil=1"'
    expect((await failureOf(() => flags({ labels }))).what).toContain('An item of labels has lines')
  })
})

describe('the metadata of docker/metadata-action', () => {
  const json = JSON.stringify({
    tags: ['ghcr.io/a/b:1', 'ghcr.io/a/b:latest'],
    labels: { 'org.opencontainers.image.title': 'b' },
    annotations: ['index:org.opencontainers.image.title=b'],
  })

  test('gives what the inputs do not', () => {
    expect(flags({ tags: 'x:1' }, { DOCKER_METADATA_OUTPUT_JSON: json })).toEqual([
      '--annotation=index:org.opencontainers.image.title=b',
      '--label=org.opencontainers.image.title=b',
      '--tag=x:1',
    ])
  })

  test.each([
    { tags: ['a:1\nb:2'] },
    { tags: ['a:1,b:2'] },
    { labels: { title: 'x\nevil=1' } },
    { annotations: ['a=x\nindex:evil=1'] },
  ])('cannot smuggle one more in with %j', async metadata => {
    const failure = await failureOf(() =>
      flags({}, { DOCKER_METADATA_OUTPUT_JSON: JSON.stringify(metadata) }),
    )
    expect(failure.kind).toBe('usage')
  })

  test.each(['null', '{}', '[]', '{"tags": null}'])('%s has none', text => {
    expect(flags({}, { DOCKER_METADATA_OUTPUT_JSON: text })).toEqual([])
  })

  test('that is not JSON is a failure', async () => {
    expect((await failureOf(() => flags({}, { DOCKER_METADATA_OUTPUT_JSON: '{' }))).what).toContain(
      'not JSON',
    )
  })
})

test('an input without effect is said, one that would change the image is refused', async () => {
  expect(buildArguments(env({ pull: 'true' })).remarks).toEqual([
    'The input pull has no effect: the base is looked up in its registry at every build',
  ])
  expect((await failureOf(() => flags({ file: 'x', ssh: 'default' }))).what).toBe(
    'xbuild cannot honour the inputs file, ssh',
  )
})

test('booleans and choices are those of YAML and of the list', async () => {
  expect(readSwitch('push', env({ push: 'TRUE' }))).toBe(true)
  expect(readSwitch('push', env({}))).toBeUndefined()
  expect((await failureOf(() => readSwitch('push', env({ push: 'yes' })))).fix).toBe('push: true')
  expect(readChoice('bench', ['auto', 'never'], env({}))).toBe('auto')
  expect((await failureOf(() => readChoice('bench', ['auto', 'never'], env({ bench: 'nver' })))).fix).toBe(
    'bench: never',
  )
})

test('action.yml has the same inputs, and every flag exists', () => {
  const action = parse(readFileSync(new URL('../../../../action.yml', import.meta.url), 'utf8'))
  expect(Object.keys(action.inputs).sort()).toEqual(Object.keys(inputs).sort())
  const named = Object.values(inputs).flatMap(input => ('flag' in input ? [input.flag] : []))
  expect(named.filter(flag => !(flag in buildCommand.flags))).toEqual([])
  for (const [name, input] of Object.entries(inputs)) {
    const text: string = action.inputs[name].description
    expect([name, text.startsWith('No effect'), text.startsWith('Refused')]).toEqual([
      name,
      input.kind === 'no effect',
      input.kind === 'refused',
    ])
  }
})
