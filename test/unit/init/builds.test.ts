// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of Dockerfiles, Makefiles and workflows
import { describe, expect, test } from 'vitest'
import { adoptDockerfile } from '../../../src/init/adopt/adopt-dockerfile.ts'
import type { ProjectFacts } from '../../../src/init/adopt/project.ts'
import { mergeSettings } from '../../../src/init/settings.ts'
import { readMakefile } from '../../../src/init/sources/makefile-flags.ts'
import { platformsOf } from '../../../src/init/sources/platforms.ts'
import { parseReleaseFile, readReleaseFile } from '../../../src/init/sources/release-files.ts'
import { goProject } from './project-facts.ts'

/** The settings that these lines of a build stage become, by their names. */
function settingsOf(lines: string, project: ProjectFacts = goProject()): Record<string, unknown> {
  const text = `FROM golang AS build\nWORKDIR /src\nCOPY . .\n${lines}\nFROM gcr.io/distroless/static:nonroot\nCOPY --from=build /out /\n`
  const { settings } = adoptDockerfile(text, 'Dockerfile', project)
  return Object.fromEntries(
    mergeSettings(settings.filter(({ table }) => table !== 'image')).map(({ table, key, value }) => [
      `${table}.${key}`,
      value,
    ]),
  )
}
const leftOf = (lines: string, project = goProject()) =>
  adoptDockerfile(
    `FROM golang AS build\nWORKDIR /src\nCOPY . .\n${lines}\nFROM gcr.io/distroless/static:nonroot\nCOPY --from=build /out /\n`,
    'Dockerfile',
    project,
  )
    .entries.filter(({ outcome }) => outcome === 'left')
    .map(({ says }) => says)

const two = goProject([], {
  executables: [
    { name: 'api', package: './cmd/api' },
    { name: 'worker', package: './cmd/worker' },
  ],
  main: undefined,
})
const withC = goProject([], { compilesC: true })
const rust: ProjectFacts = {
  ...goProject(),
  language: 'rust',
  executables: [{ name: 'app', package: 'app' }],
}
const zig: ProjectFacts = { ...goProject(), language: 'zig', executables: [] }

describe('go build', () => {
  test.each<[string, Record<string, unknown>, ProjectFacts?]>([
    ['RUN CGO_ENABLED=0 GOOS=linux go build -trimpath -ldflags="-s -w" -a -installsuffix cgo -o app .', {}],
    ['RUN CGO_ENABLED=1 go build -tags vfs -buildmode=c-archive -o out.a ./cmd/lib', {}],
    ['RUN xx-go build -tags=a .', { 'go.tags': ['a'] }],
    [
      'ARG TOOL_VERSION=latest\nRUN go build -ldflags "-X \'app/v.Version=${TOOL_VERSION}\'" .',
      { 'go.vars': { 'app/v.Version': '{version}' } },
    ],
    [
      'ARG GO_VERSION=1.2\nRUN go build -ldflags "-X app/v.GoVersion=${GO_VERSION}" .',
      { 'go.vars': { 'app/v.GoVersion': '1.2' } },
    ],
    ['RUN go build -tags "netgo osusergo" .', { 'go.tags': ['netgo', 'osusergo'] }],
    ['RUN go build -tags=a,b .', { 'go.tags': ['a', 'b'] }],
    ['RUN go build -ldflags "-X main.version=1.2.3" .', { 'go.vars': { 'main.version': '1.2.3' } }],
    [
      'ARG VERSION\nRUN go build -ldflags "-X main.version=$VERSION -X main.commit=$(git rev-parse HEAD)" .',
      {},
    ],
    [
      'ARG VERSION=dev\nRUN go build -ldflags="-X \'example.com/a/v.Version=${VERSION}\' -X example.com/a/v.Built=$(date -u +%F)" .',
      { 'go.vars': { 'example.com/a/v.Version': '{version}', 'example.com/a/v.Built': '{date}' } },
    ],
    [
      'RUN V=$(git describe --tags) && go build -ldflags "-X a/b.V=$V -extldflags \'-static\'" .',
      { 'go.vars': { 'a/b.V': '{version}' } },
    ],
    [
      'RUN go build -ldflags "-X a.B=`git rev-parse --short HEAD`" .',
      { 'go.vars': { 'a.B': '{short-commit}' } },
    ],
    ['RUN go build -ldflags "-compressdwarf=false -s" .', { 'go.ldflags': '-s -w -compressdwarf=false' }],
    ['RUN go build -buildvcs=false -mod=vendor .', { 'go.env': { GOFLAGS: '-buildvcs=false' } }],
    [
      'ENV GOPRIVATE=example.com GOEXPERIMENT=jsonv2\nRUN go build .',
      { 'go.env': { GOPRIVATE: 'example.com', GOEXPERIMENT: 'jsonv2' } },
    ],
    ['ENV CGO_ENABLED=0\nRUN go build .', { 'go.cgo': false }, withC],
    ['ARG CGO_ENABLED=0\nRUN go build .', { 'go.cgo': false }, withC],
    [
      'ENV GOFLAGS=-mod=mod CGO_CFLAGS=-O2 APP_X=1\nRUN go build -buildvcs=false .',
      { 'go.env': { GOFLAGS: '-mod=mod -buildvcs=false', CGO_CFLAGS: '-O2' } },
    ],
    ['ENV CGO_ENABLED=0\nRUN go build .', {}],
    ['RUN go build -o /out/worker ./cmd/worker', { '.bins': ['./cmd/worker'] }, two],
    ['RUN cd cmd/worker && go build -o /out/worker', { '.bins': ['./cmd/worker'] }, two],
    ['WORKDIR /src/cmd/api\nRUN go build .', { '.bins': ['./cmd/api'] }, two],
    ['RUN go build -o /out/ ./cmd/api ./cmd/worker', { '.bins': ['./cmd/api', './cmd/worker'] }, two],
    ['RUN go build cmd/api/main.go', { '.bins': ['./cmd/api'] }, two],
    ['RUN go build -o bin/api cmd/api/*', { '.bins': ['./cmd/api'] }, two],
    ['RUN go install ./cmd/api', { '.bins': ['./cmd/api'] }, two],
    [
      'RUN --mount=type=cache,target=/root/.cache/go-build <<EOF\nexport CGO_ENABLED=0\ngo build -tags x .\nEOF',
      { 'go.tags': ['x'] },
    ],
    ['RUN sh -c "go build -tags x ."', { 'go.tags': ['x'] }],
    ['RUN ["go", "build", "-tags=x", "."]', { 'go.tags': ['x'] }],
  ])('%s', (lines, settings, project) => expect(settingsOf(lines, project)).toEqual(settings))

  test.each([
    ['RUN go build -race .', /-race: xbuild -- -race/],
    ['RUN go build -ldflags "-X a.B=$SOMETHING" .', /-X a\.B: SOMETHING has no value/],
    ['RUN go build ./cmd/none', /no program \.\/cmd\/none/],
    ['RUN go generate ./... && go build .', /before = \[\["go", "generate", "\.\/\.\.\."\]\]/],
    ['RUN upx app', /does not compress/],
    ['RUN apk add libvips-dev && go build .', /the compile had libvips-dev/],
    ['RUN npm run build && go build .', /before = \[\["npm", "run", "build"\]\] in \[build\]/],
    ['COPY --from=node:24 /usr/bin/node /usr/bin/\nRUN go build .', /file of node:24/],
  ])('%s leaves something', (lines, says) => expect(leftOf(lines).join('\n')).toMatch(says))
})

describe('cargo build', () => {
  test.each<[string, Record<string, unknown>]>([
    ['RUN cargo build --release', {}],
    [
      'RUN cargo build --release --locked --features "tls metrics" -F json',
      { 'rust.locked': true, 'rust.features': ['tls', 'metrics', 'json'] },
    ],
    [
      'RUN cargo build -r --no-default-features --all-features',
      { 'rust.default-features': false, 'rust.all-features': true },
    ],
    [
      'RUN cargo +nightly build --profile dist -pserver',
      { 'rust.profile': 'dist', 'rust.package': 'server' },
    ],
    [
      'ENV RUSTFLAGS="-C target-feature=+crt-static -C target-cpu=native"\nRUN cargo build --release --target x86_64-unknown-linux-musl',
      { 'rust.env': { RUSTFLAGS: '-C target-cpu=native' } },
    ],
    ['RUN SQLX_OFFLINE=true cargo build --release', { 'rust.env': { SQLX_OFFLINE: 'true' } }],
    [
      'ARG GIT_SHA=unknown\nENV GIT_SHA=${GIT_SHA}\nRUN cargo build --release',
      { 'rust.env': { GIT_SHA: '{commit}' } },
    ],
    ['ARG GIT_SHA\nRUN cargo build --release', { 'rust.env': { GIT_SHA: '{commit}' } }],
    ['ARG FEATURES=tls\nRUN cargo build -r --features $FEATURES', { 'rust.features': ['tls'] }],
    ['ENV OPENSSL_STATIC=1\nRUN cargo build -r', { 'rust.env': { OPENSSL_STATIC: '1' } }],
    [
      'ENV OPENSSL_DIR=/usr/local/ssl APP_ROOT=/srv\nRUN cargo build -r',
      { 'rust.env': { APP_ROOT: '/srv' } },
    ],
    ['RUN APP_X=y cargo build -r', { 'rust.env': { APP_X: 'y' } }],
    ['RUN export APP_X=$(git rev-parse HEAD) && cargo build -r', { 'rust.env': { APP_X: '{commit}' } }],
    ['RUN APP_X=1; export APP_X; cargo build -r', { 'rust.env': { APP_X: '1' } }],
    ['RUN APP_X=1; cargo build -r', {}],
    [
      'ENV PATH=/x HOME=/root USER=app UID=10001 CARGO_HOME=/c RUSTUP_HOME=/r RUSTUP_TOOLCHAIN=nightly\nRUN cargo build -r',
      {},
    ],
    [
      'ENV CC_x86_64_unknown_linux_musl=musl-gcc CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_LINKER=musl-gcc TARGET=x\nARG TARGETARCH\nARG HTTPS_PROXY=http://proxy\nENV PKG_CONFIG_ALLOW_CROSS=1 CARGO_REGISTRIES_MY_TOKEN=x\nRUN cargo build -r',
      {},
    ],
    ['RUN cargo install --path . --root /out', {}],
    ['RUN RUSTFLAGS=-Ctarget-cpu=x cargo install wasm-pack cargo-chef', {}],
    ['RUN xx-cargo build --release --features a', { 'rust.features': ['a'] }],
    ['RUN export RUSTFLAGS && cargo build --release -p one', { 'rust.package': 'one' }],
    ['RUN cargo chef cook --release --features x --recipe-path recipe.json\nRUN cargo build --release', {}],
  ])('%s', (lines, settings) => expect(settingsOf(lines, rust)).toEqual(settings))

  test.each([
    ['ARG DATABASE_URL\nRUN cargo build -r', /DATABASE_URL has no value here: env = /],
    ['ARG KEY\nENV API_KEY=$KEY\nRUN cargo build -r', /API_KEY has no value here/],
    ['RUN APP_X=$(cat x) cargo build -r', /APP_X has no value here/],
    [
      'ENV OPENSSL_DIR=/usr/local/ssl\nRUN cargo build -r',
      /OPENSSL_DIR=\/usr\/local\/ssl is a path of the build/,
    ],
  ])('%s leaves something', (lines, says) => expect(leftOf(lines, rust).join('\n')).toMatch(says))

  test('the lines that set its variables are taken over, too', () => {
    const text =
      'FROM rust AS build\nARG GIT_SHA=unknown\nENV APP_X=1\nRUN cargo build -r\nFROM scratch\nCOPY --from=build /target/release/app /app\n'
    expect(adoptDockerfile(text, 'Dockerfile', rust).entries.slice(1, 3)).toEqual([
      expect.objectContaining({ line: 2, outcome: 'moved', says: '[rust] env' }),
      expect.objectContaining({ line: 3, outcome: 'moved', says: '[rust] env' }),
    ])
  })
})

describe('zig build', () => {
  test.each<[string, Record<string, unknown>]>([
    ['RUN zig build -Doptimize=ReleaseSafe -Dtarget=x86_64-linux-musl', {}],
    [
      'RUN zig build -Doptimize=ReleaseFast -Dtls=true --prefix /out',
      { 'zig.release': 'fast', 'zig.args': ['-Dtls=true'] },
    ],
    ['ENV ZIG_GLOBAL_CACHE_DIR=/c\nRUN APP_X=y zig build', { 'zig.env': { APP_X: 'y' } }],
    ['RUN zig build server --release=small', { 'zig.release': 'small', 'zig.step': 'server' }],
  ])('%s', (lines, settings) => expect(settingsOf(lines, zig)).toEqual(settings))
})

describe('a Makefile', () => {
  test.each<[string, Record<string, unknown>]>([
    [
      'VERSION ?= $(shell git describe --tags)\nLDFLAGS := -s -w \\\n  -X example.com/a.Version=$(VERSION)\nbuild:\n\tCGO_ENABLED=0 go build -ldflags "$(LDFLAGS)" -o bin/app .\n',
      { vars: { 'example.com/a.Version': '{version}' } },
    ],
    [
      'test:\n\tgo test ./...\napp: main.go\n\t@go build -tags=$(TAGS) .\nTAGS = netgo\n',
      { tags: ['netgo'] },
    ],
    ['race:\n\tgo build -race .\nall:\n\tgo build -tags a .\n', { tags: ['a'] }],
    [
      'LDFLAGS = -X a.B=$$(git rev-parse HEAD)\nLDFLAGS += -X a.C=$(COMMIT)\nbuild:\n\tgo build -ldflags="${LDFLAGS}"\n',
      { vars: { 'a.B': '{commit}', 'a.C': '{commit}' } },
    ],
  ])('%j', (text, settings) => expect(readMakefile(text)?.build.settings).toMatchObject(settings))

  test('without a compile says nothing', () => expect(readMakefile('a:\n\techo go build\n')).toBeUndefined())
})

describe('release files', () => {
  test('of GoReleaser', () =>
    expect(
      readReleaseFile(
        {
          builds: [
            { id: 'other', main: './cmd/other' },
            {
              main: './cmd/app',
              env: ['CGO_ENABLED=0', 'X={{ .Env.Y }}'],
              flags: ['-trimpath', '-tags=a'],
              ldflags: [
                '-s -w -X a.V={{.Version}}',
                '-X a.C={{ .ShortCommit }} -X a.E={{ .Env.WHO }} -X a.N={{ if 1 }}x{{ end }}',
              ],
            },
          ],
        },
        ['app', './cmd/app'],
      )?.build,
    ).toMatchObject({
      settings: { tags: ['a'], vars: { 'a.V': '{version}', 'a.C': '{short-commit}', 'a.E': '{env.WHO}' } },
      left: [expect.stringContaining('-X a.N')],
    }))

  test('of ko', () =>
    expect(
      readReleaseFile(
        {
          defaultBaseImage: 'cgr.dev/chainguard/static',
          defaultPlatforms: ['linux/amd64', 'linux/s390x'],
          builds: [{ ldflags: ['-X a.V={{.Env.V}}'] }],
        },
        [],
      ),
    ).toMatchObject({
      base: 'cgr.dev/chainguard/static',
      platforms: ['linux/amd64', 'linux/s390x'],
      build: { settings: { vars: { 'a.V': '{env.V}' } } },
    }))
})

test('the platforms of a workflow', () => {
  const workflow = (platforms: string) =>
    `jobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          platforms: ${platforms}\n`
  expect(platformsOf(workflow('linux/amd64,linux/arm/v7'), 'github')).toEqual({
    platforms: ['linux/amd64', 'linux/arm/v7'],
    line: 6,
  })
  expect(platformsOf(workflow('linux/amd64'), 'github')).toBeUndefined()
  expect(platformsOf(workflow('${{ matrix.platform }}'), 'github')).toBeUndefined()
  expect(platformsOf(workflow('windows/amd64'), 'github')).toBeUndefined()
  expect(
    platformsOf(
      'job:\n  script:\n    - docker buildx build --platform linux/amd64,linux/s390x .\n',
      'gitlab',
    ),
  ).toMatchObject({ platforms: ['linux/amd64', 'linux/s390x'] })
})

test.each([
  ['builds:\n  - ldflags: [\n', /.+/],
  ['builds: *gone\n', /gone/],
  [
    `a0: &a0 [x, x]\n${Array.from({ length: 40 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]\n`).join('')}`,
    /alias/,
  ],
])('the release file %j is said to be none', (text, fault) =>
  expect(parseReleaseFile(text)).toEqual({ line: expect.any(Number), fault: expect.stringMatching(fault) }),
)

test('anchors and merges of a release file are followed', () =>
  expect(parseReleaseFile('x: &base {tags: [a]}\nbuilds:\n  - <<: *base\n    main: ./cmd/a\n')).toMatchObject(
    { root: { builds: [{ tags: ['a'], main: './cmd/a' }] } },
  ))
