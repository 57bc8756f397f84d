import { describe, expect, it } from 'vitest'
import { bakeCommand, bakeFile, targetNames, whyNotBaked } from '../../../../src/image/buildx/bake-file.ts'
import type { Destination } from '../../../../src/image/destination.ts'
import { parsePlatforms } from '../../../../src/platforms.ts'
import type { ImageSpec } from '../../../../src/types.ts'

const options = { cacheFrom: [], cacheTo: [] }
const spec = (name: string, more: Partial<ImageSpec> = {}): ImageSpec => ({
  name,
  platforms: parsePlatforms(['linux/amd64,linux/arm/v7']),
  base: { reference: 'scratch', family: 'scratch', predicted: false, reason: '' },
  config: { entrypoint: [], cmd: [], env: {}, ports: [], labels: {} },
  files: [],
  annotations: [],
  epoch: 0,
  tags: [],
  ...more,
})
const image = (
  name: string,
  more: Partial<ImageSpec> = {},
  destinations: Destination[] = [{ type: 'archive', path: '/out.tar' }],
) => ({ spec: spec(name, more), destinations })
const labelled = (labels: Record<string, string>) =>
  image('a', { config: { entrypoint: [], cmd: [], env: {}, ports: [], labels } })

const read = (images: ReturnType<typeof image>[], settings = {}, work = '/w') =>
  JSON.parse(
    bakeFile(images, { buildx: { ...options, ...settings }, cwd: '/' }, index => ({
      work,
      content: `${index}0`,
    })),
  )
const target = (...args: Parameters<typeof read>) => read(...args).target.a

describe('bakeFile', () => {
  it('has a target for each image, each with its own context and time, and all of them in the default group', () => {
    expect(read([image('a'), image('b', { epoch: 7, tags: ['r/b:1'] })])).toEqual({
      group: { default: { targets: ['a', 'b'] } },
      target: {
        a: {
          context: '/w/images/a/context-00',
          dockerfile: '/w/images/a/Dockerfile',
          args: { SOURCE_DATE_EPOCH: '0' },
          platforms: ['linux/amd64', 'linux/arm/v7'],
          output: ['type=oci,dest=/w/images/a/output-0,oci-mediatypes=true'],
          annotations: ['manifest,index:org.opencontainers.image.created=1970-01-01T00:00:00Z'],
        },
        b: expect.objectContaining({
          context: '/w/images/b/context-10',
          args: { SOURCE_DATE_EPOCH: '7' },
          tags: ['r/b:1'],
        }),
      },
    })
  })

  it('pushes without a tag where the tags are moved last', () => {
    const push: Destination = { type: 'push', references: ['r.example/a:1'], tagsLast: 'digest' }
    const { output, tags } = target([image('a', { tags: ['r.example/a:1'] }, [push])])
    expect(output).toEqual([expect.stringMatching(/^type=image,name=r\.example\/a,push-by-digest=true/)])
    expect(tags).toBeUndefined()
  })

  it('takes its caches from where they are kept', () => {
    const caches = target([image('a')], { cacheFrom: ['type=registry,ref=r.example/c'], cache: 'gha' })
    expect(caches['cache-from']).toEqual([
      'type=gha,scope=xbuild-a-linux_amd64-linux_arm_v7',
      'type=registry,ref=r.example/c',
    ])
    expect(caches['cache-to']).toEqual([expect.stringMatching(/^type=gha,scope=xbuild-a-/)])
  })

  it.each([
    ['$<x}', '$$<x}'],
    ['$$<x}', '$$$<x}'],
    ['%< if x }', '%%< if x }'],
    ['$HOME 100% a$ {b}', '$HOME 100% a$ {b}'],
  ])('writes %j, with { for <, as %j, which bake reads as it was', (...cases) => {
    const [text = '', written = ''] = cases.map(one => one.replace('<', '{'))
    expect(target([image('a', { annotations: [`k=${text}`] })]).annotations).toContain(`k=${written}`)
    expect(target([labelled({ k: `${text}\n` })]).labels).toEqual({ k: `${written}\n` })
    expect(target([labelled({ [`${text}\n`]: 'v' })]).labels).toEqual({ [`${written}\n`]: 'v' })
    expect(target([image('a')], {}, `/${text}`).dockerfile).toBe(`/${written}/images/a/Dockerfile`)
  })

  it('quotes the place of an output where the record needs it', () => {
    expect(target([image('a')], {}, '/a,"b').output).toEqual([
      'type=oci,"dest=/a,""b/images/a/output-0",oci-mediatypes=true',
    ])
  })
})

it('targetNames: in the letters of bake, and none twice', () => {
  const names = ['a', 'a.b', 'a-b', 'ä b', 'default', 'internal', 'A_1']
  expect(targetNames(names.map(name => image(name)))).toEqual([
    'a',
    'a-b',
    'a-b-2',
    '--b',
    'default-2',
    'internal-2',
    'A_1',
  ])
})

it('bakeCommand: what is the same for all images', () => {
  const all = { ...options, builder: 'b', provenance: 'mode=max', sbom: 'true' }
  expect(bakeCommand({ buildx: all, cwd: '/p' })).toEqual({
    tool: 'docker',
    args: [
      ...['buildx', 'bake', '--builder', 'b', '--progress=rawjson', '--provenance=mode=max', '--sbom=true'],
      ...['--metadata-file', '\0work\0/bake-metadata.json', '--file', '\0work\0/bake.json'],
    ],
    cwd: '/p',
    env: { BUILDX_BAKE_ENTITLEMENTS_FS: '0', BUILDX_METADATA_PROVENANCE: 'disabled' },
  })
  expect(bakeCommand({ buildx: options, cwd: '/p' }).args).toContain('--provenance=false')
})

describe('whyNotBaked', () => {
  const two = [image('a'), image('b')]
  it('bakes two images and more', () => {
    expect(whyNotBaked(two, options)).toBeUndefined()
    expect(whyNotBaked([image('a')], options)).toMatch(/one image/)
  })
  it.each([
    [{ metadataFile: 'm.json' }, '--metadata-file'],
    [{ cacheTo: ['type=local,dest=c'] }, '--cache-to'],
  ])('builds each by itself with %j', (more, named) => {
    expect(whyNotBaked(two, { ...options, ...more })).toContain(named)
  })
  it('builds each by itself with an output that only docker buildx understands', () => {
    const own = image('b', {}, [{ type: 'buildx', value: 'type=local,dest=x' }])
    expect(whyNotBaked([image('a'), own], options)).toContain('-o type=local,dest=x')
  })
})
