// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of Dockerfiles
import { expect, test } from 'vitest'
import { adoptDockerfile } from '../../../src/init/adopt/adopt-dockerfile.ts'
import { mergeSettings } from '../../../src/init/settings.ts'
import { goProject } from './project-facts.ts'

const project = goProject([
  'static/',
  'static/a.css',
  'web/',
  'web/dist/',
  'web/dist/x.js',
  'conf/',
  'conf/a.toml',
  'conf/b.toml',
  'run.sh',
])
const build =
  'FROM golang AS build\nWORKDIR /src\nCOPY . .\nRUN CGO_ENABLED=0 go build -o /out/app . && adduser -D -u 1001 web\n'
const adopt = (lines: string, base = 'gcr.io/distroless/static:nonroot') =>
  adoptDockerfile(`${build}FROM ${base}\n${lines}\n`, 'Dockerfile', project)
const settingsOf = (lines: string, base?: string) =>
  Object.fromEntries(mergeSettings(adopt(lines, base).settings).map(({ key, value }) => [key, value]))

test.each<[string, Record<string, unknown>]>([
  ['COPY --from=build /out/app /', {}],
  ['COPY --from=build /out/app /usr/bin', { program: '/usr/bin/app' }],
  ['COPY --from=build /out/app /opt/web', { program: '/opt/web' }],
  ['WORKDIR /w\nCOPY --from=build /out/app .', { workdir: '/w', program: '/w/app' }],
  ['COPY static /static', { files: [{ from: 'static', to: '/static' }] }],
  ['COPY ./static/ /srv/', { files: [{ from: 'static', to: '/srv' }] }],
  ['COPY --chmod=755 run.sh /bin/', { files: [{ from: 'run.sh', to: '/usr/bin/', mode: '0755' }] }],
  [
    'COPY --from=build /out/app /bin/app\nENTRYPOINT ["/bin/app", "x"]',
    { program: '/usr/bin/app', entrypoint: ['/usr/bin/app', 'x'] },
  ],
  [
    'COPY conf/*.toml /etc/app/',
    {
      files: [
        { from: 'conf/a.toml', to: '/etc/app/' },
        { from: 'conf/b.toml', to: '/etc/app/' },
      ],
    },
  ],
  ['COPY ["static/a.css", "/a b.css"]', { files: [{ from: 'static/a.css', to: '/a b.css' }] }],
  [
    'COPY --chown=1000:1001 --chmod=0640 static/a.css /a',
    { files: [{ from: 'static/a.css', to: '/a', mode: '0640', owner: '1000:1001' }] },
  ],
  [
    'COPY --from=build /out/app /\nCOPY --chown=web:web static /s',
    { files: [{ from: 'static', to: '/s', owner: '1001:1001' }] },
  ],
  ['COPY --chown=nonroot static /s', { files: [{ from: 'static', to: '/s', owner: '65532:65532' }] }],
  ['COPY --chown=root:root static /s', { files: [{ from: 'static', to: '/s' }] }],
  [
    'COPY --exclude=*.map --exclude=b static /s',
    { files: [{ from: 'static', to: '/s', exclude: ['*.map', 'b'] }] },
  ],
  ['COPY --from=build /src/web/dist /web', { files: [{ from: 'web/dist', to: '/web' }] }],
  ['COPY --from=0 /src/conf/a.toml /etc/', { files: [{ from: 'conf/a.toml', to: '/etc/' }] }],
  ['COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/', {}],
  ['COPY --from=alpine:3 /usr/share/zoneinfo /usr/share/zoneinfo', {}],
  [
    'RUN mkdir -p /data /var/lib/app && chown web /data',
    { folders: [{ path: '/data' }, { path: '/var/lib/app' }] },
  ],
])('%s', (lines, settings) => expect(settingsOf(lines)).toEqual(settings))

test.each([
  ['COPY --from=build /src/gen.txt /', /made by a stage/],
  ['COPY --from=node:24 /usr/bin/node /', /file of node:24/],
  ['COPY . /app', /the whole project/],
  ['COPY --chown=somebody static /s', /--chown=somebody: .*no user somebody/],
  ['COPY --chmod=u+x run.sh /s', /--chmod=u\+x: .*octal/],
  ['COPY --exclude=a.toml conf/*.toml /s/', /--exclude=a\.toml/],
  ['COPY --parents conf/a.toml /s/', /--parents keeps the folders/],
  ['COPY missing.txt /', /no missing\.txt/],
  ['ADD https://example.com/x.txt /', /download it/],
  ['ADD a.tar.gz /', /unpacks/],
  ['COPY <<EOF /a\ntext\nEOF', /into a file of the project/],
  ['ARG P\nCOPY $P /', /depends on P/],
  ['RUN apk add bash imagemagick', /the image had bash, imagemagick/],
  ['RUN setcap cap_net_bind_service=+ep /app', /capabilities/],
  ['ENTRYPOINT ["/sbin/tini", "--", "/app"]', /without tini the program is process 1; \[image\] init/],
  ['CMD /app $OPTS', /needs a shell/],
  ['USER somebody', /no user somebody/],
  ['ENV A=$UNKNOWN_OF_BUILD', /(?!)/],
  ['ARG X\nENV A=$X', /A: X has a value only while docker builds/],
  ['ENV FORMAT="{version} x"', /would replace/],
  ['SHELL ["/bin/bash", "-c"]', /nothing runs in a shell/],
  ['ONBUILD RUN x', /ONBUILD/],
])('%s is left', (lines, says) => {
  const left = adopt(lines).entries.filter(one => one.outcome === 'left' && one.line !== 1)
  if (says.source === '(?!)') expect(left).toEqual([])
  else expect(left.map(one => one.says).join('\n')).toMatch(says)
})

test('the program is the one that the entrypoint names; those next to it are programs', () => {
  const several = goProject([], {
    executables: ['api', 'cli'].map(name => ({ name, package: `./cmd/${name}` })),
    main: undefined,
  })
  const text =
    'FROM golang AS b\nCOPY . /s\nWORKDIR /s\nRUN go build -o /out/ ./cmd/...\nFROM alpine\nCOPY --from=b /out/cli /out/api /bin/\nENTRYPOINT ["api"]\n'
  const { settings } = adoptDockerfile(text, 'Dockerfile', several)
  expect(Object.fromEntries(settings.map(({ key, value }) => [key, value]))).toEqual({
    programs: ['api', 'cli'],
    program: '/usr/bin/api',
    entrypoint: ['api'],
  })
})

test.each([
  ['example.com/base-amd64:1', undefined],
  ['alpine:3.20', undefined],
  ['debian:bookworm-slim', undefined],
  ['gcr.io/distroless/base-debian12', undefined],
  ['golang:1.26', undefined],
  ['scratch', 'scratch'],
  ['gcr.io/distroless/static:debug', 'gcr.io/distroless/static:debug'],
  ['cgr.dev/chainguard/static:latest', 'cgr.dev/chainguard/static:latest'],
  ['registry.example.com/team/base:1', 'registry.example.com/team/base:1'],
])('FROM %s becomes the base %s', (reference, base) =>
  expect(settingsOf('COPY --from=build /out/app /app\nUSER 1000', reference)['base']).toBe(base),
)

test('a mirror of distroless becomes the registry', () =>
  expect(settingsOf('USER 1', 'mirror.example.com/distroless/static:nonroot')).toMatchObject({
    registry: 'mirror.example.com/distroless',
  }))

test('alpine stays for a shell', () =>
  expect(settingsOf('CMD /app "$HOME"', 'alpine:3.20')).toMatchObject({
    base: 'alpine:3.20',
    args: ['/bin/sh', '-c', '/app "$HOME"'],
  }))

test.each([
  ['adduser -S app', 'alpine:3.22', '65532:65532'],
  ['addgroup -S app && adduser -S -G app app', 'alpine:3.22', '65532:65532'],
  ['useradd -r app', 'debian:trixie-slim', '65532:65532'],
  ['adduser -S app', 'registry.example.com/team/base:1', '65532:65532'],
  ['adduser -S -u 1500 app', 'alpine:3.22', '1500:1500'],
  ['adduser -u 1500 -D app && adduser app wheel', 'alpine:3.22', '1500:1500'],
  ['addgroup -g 1600 app && adduser -u 1500 -D -G app app && addgroup app wheel', 'alpine:3.22', '1500:1600'],
  ['adduser -S app', 'gcr.io/distroless/static:nonroot', undefined],
])('the user that RUN %s makes on %s becomes %s', (run, base, user) => {
  const script = goProject(['run.sh'], { read: () => '#!/bin/sh\n' })
  const text = `${build}FROM ${base}\nRUN ${run}\nCOPY run.sh /run.sh\nUSER app\nENTRYPOINT ["/run.sh"]\n`
  const { settings } = adoptDockerfile(text, 'Dockerfile', script)
  expect(settings.find(({ key }) => key === 'user')?.value).toBe(user)
})

test('a user without a number is nonroot where alpine stays for a health check', () => {
  const { settings, entries } = adopt(
    'RUN adduser -S app\nCOPY --from=build /out/app /app\nUSER app\nHEALTHCHECK CMD wget -q http://localhost/\nENTRYPOINT ["/app"]',
    'alpine:3.22',
  )
  expect(settings).toContainEqual(expect.objectContaining({ key: 'user', value: '65532:65532' }))
  expect(entries).toContainEqual(
    expect.objectContaining({
      text: 'USER app',
      outcome: 'moved',
      says: '[image] user, nonroot (65532): RUN gives app no number',
    }),
  )
})

test.each([
  ['amd64', '${TARGETARCH}'],
  ['build-amd64', 'build-$TARGETARCH'],
  ['linux-armv7', '${TARGETOS}-${TARGETARCH}${TARGETVARIANT}'],
])('a stage of one platform, %s of FROM %s, is told from one that nothing uses', (name, from) => {
  const text = `FROM rust AS ${name}\nRUN cargo build\nFROM ${from} AS build\nFROM scratch\nCOPY --from=build /a /a\n`
  const { entries } = adoptDockerfile(text, 'Dockerfile', project)
  expect(entries).toContainEqual(
    expect.objectContaining({ line: 1, says: expect.stringContaining('means it for one platform') }),
  )
})

test('a stage that nothing uses is named', () => {
  const { entries } = adoptDockerfile(
    'FROM golang AS test\nRUN go test\nFROM scratch\nENV A=1\n',
    'Dockerfile',
    project,
  )
  expect(entries).toContainEqual(
    expect.objectContaining({
      line: 1,
      outcome: 'left',
      says: expect.stringContaining('does not use this one'),
    }),
  )
})

test.each([
  '',
  '# nothing',
  'FROM',
  'FROM $X',
  'RUN x',
  'FROM a AS a\nFROM a\nCOPY --from=a',
  'FROM x\nCOPY',
  'FROM x\nENTRYPOINT',
  'FROM x\nENV A',
  'FROM x\nHEALTHCHECK',
  'FROM x\nUSER',
])('%j is read without harm', text => {
  expect(() => adoptDockerfile(text, 'Dockerfile', project)).not.toThrow()
})

test.each([
  ['ENTRYPOINT ["/sbin/tini", "--"]\nCMD ["/srv/app", "-v"]', { entrypoint: [], args: ['/srv/app', '-v'] }],
  ['ENTRYPOINT ["tini", "-g", "-p", "SIGTERM", "--", "/srv/app"]', {}],
  ['ENTRYPOINT ["dumb-init", "/srv/app", "x"]', { entrypoint: ['/srv/app', 'x'] }],
  ['ENTRYPOINT tini -- /srv/app x', { entrypoint: ['/srv/app', 'x'] }],
  ['CMD ["/usr/bin/dumb-init", "--", "/srv/app"]', { entrypoint: [], args: ['/srv/app'] }],
])('the init of %s is left out, for no base has it', (lines, settings) => {
  const text = `RUN apk add tini dumb-init\nCOPY --from=build /out/app /srv/app\n${lines}`
  expect(settingsOf(text, 'alpine:3.22')).toEqual({ program: '/srv/app', ...settings })
  const left = adopt(text, 'alpine:3.22').entries.filter(({ outcome }) => outcome === 'left')
  expect(left.map(({ says }) => says).join('\n')).toMatch(
    /^it runs as root.*\nwithout (?:tini|dumb-init) the program/,
  )
})

test.each([
  [
    'go install .',
    'CMD ["app", "x"]',
    { program: '/go/bin/app', entrypoint: [], args: ['/go/bin/app', 'x'] },
  ],
  ['go install .', 'ENTRYPOINT ["app"]', { program: '/go/bin/app' }],
  [
    'go build -o /usr/local/bin/app .',
    'ENTRYPOINT ["app"]',
    { program: '/usr/local/bin/app', entrypoint: ['app'] },
  ],
])('behind %s, %s starts the program', (run, line, settings) => {
  const text = `FROM golang\nRUN ${run}\n${line}\n`
  const found = adoptDockerfile(text, 'Dockerfile', project).settings
  expect(Object.fromEntries(found.map(({ key, value }) => [key, value]))).toEqual(settings)
})

test('a RUN that is a here-document is read as its commands', () => {
  const text =
    'FROM golang\nRUN <<EOF\nset -e\ngo build -tags x -o /app .\nEOF\nFROM scratch\nCOPY --from=0 /app /app\n'
  const { entries, settings } = adoptDockerfile(text, 'Dockerfile', project)
  expect(settings.find(({ key }) => key === 'tags')?.value).toEqual(['x'])
  expect(entries.filter(({ line, outcome }) => line === 2 && outcome === 'left')).toEqual([])
})

test('an entrypoint in a folder of scripts keeps the base that has a shell', () => {
  const scripts = goProject(['docker/', 'docker/init.sh'], {
    read: path => (path === 'docker/init.sh' ? '#!/bin/sh\n' : undefined),
  })
  const { settings } = adoptDockerfile(
    `${build}FROM busybox:1\nCOPY docker/ /\nCOPY --from=build /out/app /bin/app\nENTRYPOINT ["/init.sh"]\n`,
    'Dockerfile',
    scripts,
  )
  expect(settings).toContainEqual(expect.objectContaining({ key: 'base', value: 'busybox:1' }))
})

const withFolder = (run: string, copy: string) =>
  Object.fromEntries(
    mergeSettings(
      adoptDockerfile(
        `${build}RUN ${run}\nFROM gcr.io/distroless/static:nonroot\n${copy}\nCOPY --from=build /out/app /app\n`,
        'Dockerfile',
        project,
      ).settings,
    ).map(({ key, value }) => [key, value]),
  )

test.each<[string, string, Record<string, unknown>]>([
  ['mkdir /data', 'COPY --from=build /data /data', { folders: [{ path: '/data' }] }],
  [
    'mkdir -p kept && chown 7:7 kept',
    'COPY --from=build --chown=7:7 /src/kept/ /k/',
    { folders: [{ path: '/k', owner: '7:7' }] },
  ],
  ['mkdir /data', 'COPY --from=build --chown=65532:65532 /data /data', { folders: [{ path: '/data' }] }],
  ['mkdir /data && ./fill /data', 'COPY --from=build /data /data', {}],
  ['mkdir /data && touch /data/x', 'COPY --from=build /data /data', {}],
])('a folder of a stage after %j is one of the image: %s', (run, copy, expected) => {
  expect(withFolder(run, copy)).toEqual(expected)
})

test('an entrypoint below the working directory of the base is a path', () => {
  const { settings } = adoptDockerfile(
    `${build}FROM scratch\nCOPY --from=build /out/app .\nENTRYPOINT ["./app"]\n`,
    'Dockerfile',
    project,
  )
  expect(settings.map(({ key }) => key)).toEqual(['base'])
})

test.each([
  ['debian:bookworm-slim', '/usr/bin/app'],
  ['registry.access.redhat.com/ubi9/ubi', '/usr/bin/app'],
  ['debian:bullseye', '/bin/app'],
])('a program below /bin of a base that is kept, %s', (base, program) => {
  const lines =
    'COPY --from=build /out/app /bin/app\nCOPY run.sh /bin/\nENTRYPOINT ["/bin/sh", "-c", "exec app"]'
  expect(settingsOf(lines, base)).toEqual({
    base,
    program,
    files: [{ from: 'run.sh', to: program.replace('app', '') }],
    entrypoint: ['/bin/sh', '-c', 'exec app'],
  })
})
