import { describe, expect, it } from 'vitest'
import { type BuildxRequest, buildxCommand } from '../../../../src/image/buildx/command.ts'
import { parsePlatforms } from '../../../../src/platforms.ts'
import type { ImageSpec } from '../../../../src/types.ts'
import { substitute, tokens } from '../../../../src/util/substitute.ts'

const spec = (more: Partial<ImageSpec> = {}): ImageSpec => ({
  name: 'app',
  platforms: parsePlatforms(['linux/amd64,linux/arm/v7']),
  base: { reference: 'b', family: 'static', predicted: false, reason: '' },
  config: { entrypoint: [], cmd: [], env: {}, ports: [], labels: {} },
  files: [],
  annotations: [],
  epoch: 1700000000,
  tags: [],
  ...more,
})

const command = (request: Partial<BuildxRequest> = {}, more: Partial<ImageSpec> = {}) =>
  buildxCommand(spec(more), {
    folder: '{work}/images/app',
    destinations: [{ type: 'push', references: [] }],
    options: { cacheFrom: [], cacheTo: [] },
    cwd: '/project',
    ...request,
  })

const own = [
  'org.opencontainers.image.created=2023-11-14T22:13:20Z',
  'org.opencontainers.image.base.name=docker.io/library/b:latest',
].flatMap(text => ['--annotation', `manifest,index:${text}`])

const outputs = (destinations: BuildxRequest['destinations'], folder = '{work}') => {
  const { args } = command({ destinations, folder })
  return args.slice(args.indexOf('--output'), args.indexOf('--provenance=false'))
}

describe('buildxCommand', () => {
  const annotated = (...args: Parameters<typeof command>) => {
    const given = command(...args).args
    return given.filter((_, index) => given[index - 1] === '--annotation').map(text => text.split('=', 1)[0])
  }

  it('names the base and the time in annotations, where there is a base and a place for them', () => {
    const base = { reference: 'r.example/b:1', family: 'other', predicted: false, reason: '' } as const
    const key = 'org.opencontainers.image'
    expect(annotated({}, { base: { ...base, digest: `sha256:${'a'.repeat(64)}` } })).toEqual([
      `manifest,index:${key}.created`,
      `manifest,index:${key}.base.name`,
      `manifest,index:${key}.base.digest`,
    ])
    expect(annotated({}, { base: { ...base, reference: 'scratch' } })).toEqual([
      `manifest,index:${key}.created`,
    ])
    expect(annotated({}, { platforms: parsePlatforms(['linux/arm64']), base })).toEqual([
      `manifest:${key}.created`,
      `manifest:${key}.base.name`,
    ])
    expect(annotated({ destinations: [{ type: 'buildx', value: 'type=local,dest=x' }] })).toEqual([])
  })

  it('says what is needed and no more', () => {
    expect(command()).toEqual({
      tool: 'docker',
      args: [
        'buildx',
        'build',
        '--progress=rawjson',
        '--platform',
        'linux/amd64,linux/arm/v7',
        ...own,
        '--output',
        'type=image,push=true,oci-mediatypes=true',
        '--provenance=false',
        '--metadata-file',
        '{work}/images/app/metadata.json',
        '--file',
        '{work}/images/app/Dockerfile',
        `{work}/images/app/context-${tokens.content}`,
      ],
      cwd: '/project',
      env: { SOURCE_DATE_EPOCH: '1700000000', BUILDX_METADATA_PROVENANCE: 'disabled' },
    })
  })

  it('leaves what is in the metadata to buildx where somebody reads it', () => {
    const options = { cacheFrom: [], cacheTo: [], metadataFile: '/m.json' }
    expect(command({ options }).env).toEqual({ SOURCE_DATE_EPOCH: '1700000000' })
  })

  it('gets the content of its context once that is staged', () => {
    const bound = substitute(command({}, { tags: ['a:{content}'] }), { content: 'abc' })
    expect(bound.args.at(-1)).toBe('{work}/images/app/context-abc')
    expect(bound.args).toContain('a:{content}')
  })

  it('hands on everything under buildx’s own names, whatever it looks like', () => {
    const { args } = command(
      {
        options: {
          builder: '-b',
          cacheFrom: ['type=gha', 'user/app'],
          cacheTo: ['type=local,dest=x'],
          provenance: 'mode=max',
          sbom: 'true',
        },
      },
      { tags: ['a:1', 'b:$(id)'], annotations: ['index:k=v w'] },
    )
    expect(args.slice(2, -5)).toEqual([
      '--builder',
      '-b',
      '--progress=rawjson',
      '--platform',
      'linux/amd64,linux/arm/v7',
      '--tag',
      'a:1',
      '--tag',
      'b:$(id)',
      ...own,
      '--annotation',
      'index:k=v w',
      '--output',
      'type=image,push=true,oci-mediatypes=true',
      '--cache-from',
      'type=gha',
      '--cache-from',
      'user/app',
      '--cache-to',
      'type=local,dest=x',
      '--provenance=mode=max',
      '--sbom=true',
    ])
  })

  it('pushes by digest without a tag, and still names what goes into files', () => {
    const push = { type: 'push', references: ['r.io/a:1', 'r.io/a:2', 'r.io/b'], byDigest: true } as const
    const { args } = command({ destinations: [push, { type: 'layout', path: '/a' }] }, { tags: ['r.io/a:1'] })
    expect(args).not.toContain('--tag')
    expect(args.filter((_, index) => args[index - 1] === '--output')).toEqual([
      'type=image,"name=r.io/a,r.io/b",push-by-digest=true,name-canonical=true,push=true,oci-mediatypes=true',
      'type=oci,dest={work}/images/app/output-1,tar=false,oci-mediatypes=true,name=r.io/a:1',
    ])
  })

  it.each([
    [
      'digest',
      'type=image,name=r.io/a,push-by-digest=true,name-canonical=true,push=true,oci-mediatypes=true',
    ],
    ['layout', 'type=oci,dest={work}/images/app/output-0,tar=false,oci-mediatypes=true'],
  ] as const)('moves no tag where they move last: %s', (tagsLast, output) => {
    const push = { type: 'push', references: ['r.io/a:1', 'r.io/a:2'], tagsLast } as const
    const { args } = command({ destinations: [push, { type: 'load' }] }, { tags: ['r.io/a:1', 'r.io/a:2'] })
    expect(args).not.toContain('--tag')
    expect(args.filter((_, index) => args[index - 1] === '--output')).toEqual([
      output,
      'type=docker,oci-mediatypes=true,"name=r.io/a:1,r.io/a:2"',
    ])
  })

  it('gives labels that no Dockerfile can hold as flags', () => {
    const { args } = command({}, { config: { ...spec().config, labels: { a: 'plain', b: 'two\nlines' } } })
    expect(args.filter(arg => arg === '--label')).toHaveLength(1)
    expect(args[args.indexOf('--label') + 1]).toBe('b=two\nlines')
  })

  it('writes files into the folder of the run, one for each destination', () => {
    expect(outputs([{ type: 'load' }])).toEqual(['--output', 'type=docker,oci-mediatypes=true'])
    expect(
      outputs([
        { type: 'push', references: ['a:1'] },
        { type: 'load' },
        { type: 'archive', path: '/a.tar' },
        { type: 'layout', path: '/a' },
        { type: 'docker-archive', path: '/d.tar' },
        { type: 'buildx', value: 'type=local,dest=out' },
      ]),
    ).toEqual(
      [
        'type=image,push=true,oci-mediatypes=true',
        'type=docker,oci-mediatypes=true',
        'type=oci,dest={work}/output-2,oci-mediatypes=true',
        'type=oci,dest={work}/output-3,tar=false,oci-mediatypes=true',
        'type=docker,dest={work}/output-4',
        'type=local,dest=out',
      ].flatMap(value => ['--output', value]),
    )
  })

  it('quotes a folder with a comma or a quote', () => {
    expect(outputs([{ type: 'archive', path: '/x.tar' }], '/a,b"c')).toEqual([
      '--output',
      'type=oci,"dest=/a,b""c/output-0",oci-mediatypes=true',
    ])
  })
})
