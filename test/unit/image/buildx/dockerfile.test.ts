import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isFailure } from '../../../../src/errors.ts'
import { flagLabels, renderDockerfile } from '../../../../src/image/buildx/dockerfile.ts'
import { dockerfileRemarks } from '../../../../src/image/buildx/dockerfile-remarks.ts'
import { parsePlatform } from '../../../../src/platforms.ts'
import type { ImageConfig, ImageSpec } from '../../../../src/types.ts'

const base = 'gcr.io/distroless/static-debian13:nonroot'

function spec(config: Partial<ImageConfig> = {}, reference = base): ImageSpec {
  return {
    name: 'app',
    platforms: [parsePlatform('linux/amd64')],
    base: { reference, family: 'static', predicted: false, reason: '' },
    config: { entrypoint: [], cmd: [], env: {}, ports: [], labels: {}, ...config },
    files: [],
    annotations: [],
    epoch: 0,
    tags: [],
  }
}

/** The instructions after COPY, which are those of the config. */
const configLines = (config: Partial<ImageConfig>) =>
  renderDockerfile(spec(config))
    .split('\n')
    .slice(3, -1)
    .filter(line => !line.startsWith('COPY'))

/** What BuildKit's parser makes of a word in double quotes. */
const unquote = (text: string) => text.slice(1, -1).replace(/\\(["$\\])/g, '$1')

const failure = (run: () => unknown) => {
  try {
    run()
  } catch (error) {
    if (isFailure(error, 'usage')) return `${error.what} | ${error.why}`
    throw error
  }
  throw new Error('did not fail')
}

describe('renderDockerfile', () => {
  it('has no more than base and files where nothing is set', () => {
    expect(renderDockerfile(spec())).toBe(
      [
        '# No RUN instruction: an image for any platform is put together without an emulator.',
        `FROM ${base}`,
        'ARG TARGETPLATFORM',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is BuildKit's
        'COPY ${TARGETPLATFORM}/rootfs/ /',
        '',
      ].join('\n'),
    )
  })

  it('says everything that is set', () => {
    expect(
      configLines({
        entrypoint: ['/app', 'a "b"\n$c\\'],
        cmd: ['--x'],
        env: { A: 'x y', B_2: '' },
        labels: { 'org.opencontainers.image.title': 'App', 'a b': 'c' },
        ports: ['8080/tcp', '53/udp'],
        user: '65532:65532',
        workdir: '/srv/a b',
        volumes: ['/data', '/var/lib/app'],
        stopSignal: 'SIGINT',
        healthcheck: { test: ['/app', 'a "b"'], interval: 30e9, startPeriod: 1.5e9, retries: 3 },
      }),
    ).toEqual([
      'ADD files.tar /',
      'ENV A="x y"',
      'ENV B_2=""',
      'LABEL org.opencontainers.image.title="App"',
      'LABEL "a b"="c"',
      'EXPOSE 8080/tcp',
      'EXPOSE 53/udp',
      'USER 65532:65532',
      'WORKDIR "/srv/a b"',
      'VOLUME ["/data","/var/lib/app"]',
      'STOPSIGNAL SIGINT',
      'HEALTHCHECK --interval=30000000000ns --start-period=1500000000ns --retries=3 CMD ["/app","a \\"b\\""]',
      'ENTRYPOINT ["/app","a \\"b\\"\\n$c\\\\"]',
      'CMD ["--x"]',
    ])
  })

  it('switches off the health check of the base', () => {
    expect(configLines({ healthcheck: { test: [] } })).toEqual(['HEALTHCHECK NONE'])
  })

  it('pins the base by digest, but not scratch and not what has a digest', () => {
    const digest = `sha256:${'a'.repeat(64)}`
    const from = (reference: string) =>
      renderDockerfile(spec({}, reference), { pinnedDigest: digest }).split('\n')[1]
    expect(from(base)).toBe(`FROM ${base}@${digest}`)
    expect(from('scratch')).toBe('FROM scratch')
    expect(from(`x@sha256:${'b'.repeat(64)}`)).toBe(`FROM x@sha256:${'b'.repeat(64)}`)
  })

  it('gives every env value in one line that reads back the same', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }).filter(value => !/[\n\0]/.test(value)),
        value => {
          const lines = configLines({ env: { A: value } })
          expect(lines).toHaveLength(1)
          const word = (lines[0] as string).slice('ENV A='.length)
          expect(word).toMatch(/^"(?:[^"$\\]|\\["$\\])*"$/s)
          expect(unquote(word)).toBe(value)
        },
      ),
    )
  })

  it('gives every label as LABEL or as a flag, and it reads back the same', () => {
    const text = fc.string({ unit: 'binary' }).filter(value => !value.includes('\0'))
    const name = text.filter(value => value !== '' && !value.includes('='))
    fc.assert(
      fc.property(name, text, (label, value) => {
        const image = spec({ labels: { [label]: value } })
        const line = renderDockerfile(image).split('\n').slice(4, -1).join('\n')
        if (/\n/.test(label + value)) {
          expect(line).toBe('')
          expect(flagLabels(image)).toEqual([[label, value]])
          return
        }
        expect(flagLabels(image)).toEqual([])
        const [, key = '', word = ''] = /^LABEL ([^=]+)=(".*")$/s.exec(line) ?? []
        expect(key.startsWith('"') ? unquote(key) : key).toBe(label)
        expect(unquote(word)).toBe(value)
      }),
    )
  })

  it('gives entrypoint and arguments as JSON in one line', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ unit: 'binary' }).filter(word => !word.includes('\0')),
          { minLength: 1 },
        ),
        words => {
          const [entrypoint = '', cmd = ''] = configLines({ entrypoint: words, cmd: words })
          expect(JSON.parse(entrypoint.slice('ENTRYPOINT '.length))).toEqual(words)
          expect(JSON.parse(cmd.slice('CMD '.length))).toEqual(words)
        },
      ),
    )
  })

  it('lets nothing begin a line of its own', () => {
    const evil = 'x\nRUN id\n# syntax=evil\n'
    expect(configLines({ entrypoint: [evil], cmd: [evil], labels: { a: evil } })).toEqual([
      'ENTRYPOINT ["x\\nRUN id\\n# syntax=evil\\n"]',
      'CMD ["x\\nRUN id\\n# syntax=evil\\n"]',
    ])
    for (const config of [
      { env: { A: evil } },
      { env: { 'A=1\nRUN': 'x' } },
      { user: evil },
      { user: 'a b' },
      { user: '$HOME' },
      { ports: [evil] },
      { workdir: `/${evil}` },
      { labels: { 'a=b': 'c' } },
      { labels: { '': 'c' } },
      { labels: { a: 'nul\0' } },
      { entrypoint: ['nul\0'] },
    ] satisfies Partial<ImageConfig>[]) {
      expect(failure(() => renderDockerfile(spec(config)))).toMatch(/^The Dockerfile cannot say/)
    }
    for (const reference of ['x\nRUN id', '--platform=a b', 'a AS b', '', '$BASE']) {
      expect(failure(() => renderDockerfile(spec({}, reference)))).toMatch(/cannot say base/)
    }
  })
})

describe('a template of the user', () => {
  const render = (template: string, config: Partial<ImageConfig> = {}) =>
    renderDockerfile(spec(config), { template })

  it('is filled, with empty placeholders and their lines gone', () => {
    expect(
      render('FROM {{base}} AS x\r\n\r\n{{ env }}\n  {{user}}\n# {{env}} and {{nothing}}\nCOPY a b', {
        env: { A: '{{base}}', B: '2' },
      }),
    ).toBe(`FROM ${base} AS x\n\nENV A="{{base}}"\nENV B="2"\n# {{env}} and {{nothing}}\nCOPY a b\n`)
  })

  it.each([
    ['{{entripoint}}', /Unknown placeholder \{\{entripoint\}\}; did you mean \{\{entrypoint\}\}\?/],
    ['{{constructor}}', /Unknown placeholder/],
    ['{{}}', /Unknown placeholder/],
    ['{{ .Version }}', /base.*entrypoint/],
    ['RUN {{entrypoint}}', /is not alone/],
    ['{{env}} {{env}}', /is not alone/],
    ['# syntax=docker/dockerfile:1\nFROM x', /begins with "# syntax=/],
    ['\ufeff#SYNTAX = x\nFROM x', /begins with/],
    ['#!/usr/bin/env x\n# syntax=x', /begins with/],
    ['// syntax=x\nFROM x', /begins with/],
    ['\n# check=skip=all\n# escape=`\nFROM x', /begins with/],
    ['{"syntax": "x"}', /begins with/],
  ])('%j is refused', (template, message) => {
    expect(failure(() => render(template))).toMatch(message)
  })

  it('may name syntax where that is no directive', () => {
    expect(render('FROM x\n# syntax=y\n')).toBe('FROM x\n# syntax=y\n')
  })

  it('gets a remark for each RUN, and for a missing COPY', () => {
    const copy = 'COPY $TARGETPLATFORM/ /\n'
    const plain = { spec: spec() }
    expect(dockerfileRemarks(`FROM x\n${copy}`, plain)).toEqual([])
    expect(
      dockerfileRemarks(
        `FROM x\n${copy}# RUN a\nENV A="<<RUN"\nrun b \\\n  RUN c\nRUN <<E\nRUN d\nE\n`,
        plain,
      ),
    ).toEqual([expect.stringContaining('line 5'), expect.stringContaining('line 7')])
    expect(dockerfileRemarks('FROM x\nCOPY app /app\n', plain)).toEqual([
      expect.stringContaining('no COPY of TARGETPLATFORM'),
    ])
  })

  it.each([
    ['FROM {{base}}\nUSER 1\n{{ healthcheck }}\n', []],
    ['FROM {{base}}\nUSER 1\n', ['healthcheck']],
    ['FROM x\n', ['user', 'healthcheck']],
  ])('%j gets a remark for each setting that it leaves out', (template, missing) => {
    const image = { spec: spec({ user: '1000', healthcheck: { test: ['/app'] } }), template }
    const copy = 'COPY $TARGETPLATFORM/ /\n'
    expect(dockerfileRemarks(`FROM x\n${copy}`, image)).toEqual(
      missing.map(name => expect.stringContaining(`no {{${name}}}`)),
    )
  })
})
