import { describe, expect, it, test } from 'vitest'
import { lintDockerfile } from '../../../src/lint/lint-dockerfile.ts'
import { rulesBroken, short } from './lint.ts'

const runtime = `
FROM gcr.io/distroless/static-debian13:nonroot
COPY --from=build /app /app
ENTRYPOINT ["/app"]
`
const go = (lines: string, from = 'FROM --platform=$BUILDPLATFORM golang:1.26 AS build') =>
  `${from}\nCOPY main.go .\n${lines}\n${runtime}`

describe('mistakes that public projects published', () => {
  it('KafScale 117, buildx 510: a default of TARGETARCH', () => {
    const text = go(
      'ARG TARGETOS=linux\nARG TARGETARCH=amd64\nRUN GOOS=$TARGETOS GOARCH=$TARGETARCH go build -o /app main.go',
    )
    expect(short(lintDockerfile(text, 'Dockerfile'))).toEqual(['4:5 platform-arg-default'])
  })

  it('Vaultwarden-API 47: a default before the first FROM', () => {
    const text = `ARG TARGETARCH=amd64\n${go('ARG TARGETARCH\nRUN GOARCH=$TARGETARCH go build -o /app main.go')}`
    expect(rulesBroken(text)).toEqual(['platform-arg-default'])
  })

  it('berglas 297: the last stage on the build machine’s platform', () => {
    const text = `FROM --platform=$BUILDPLATFORM alpine:3.22 AS builder
RUN apk add --no-cache ca-certificates
COPY berglas /bin/berglas
ENTRYPOINT ["/bin/berglas"]
`
    expect(rulesBroken(text)).toEqual(['final-stage-platform'])
  })

  it('kairos 67: a constant architecture', () => {
    expect(rulesBroken(go('ENV GOARCH=amd64\nRUN go build -o /app main.go'))).toEqual([
      'constant-architecture',
    ])
    const text = go('RUN CGO_ENABLED=0 GOOS=linux GOARCH=amd64 go build -o /app main.go')
    expect(rulesBroken(text)).toEqual(['constant-architecture'])
  })

  it('a pinned stage whose toolchain gets no target', () => {
    expect(rulesBroken(go('RUN CGO_ENABLED=0 go build -o /app main.go'))).toEqual([
      'toolchain-without-target',
    ])
    expect(rulesBroken(go('RUN cargo build --release'))).toContain('toolchain-without-target')
    expect(rulesBroken(go('RUN zig build --release=safe'))).toContain('toolchain-without-target')
  })

  it.each([
    ['RUN make'],
    ['RUN make build'],
    ['RUN make -j4 -C /src build VERSION=1'],
    ['RUN make bin/app', '/src/bin/app'],
    ['RUN make app-static && make test', '/src/bin/app-static'],
    ['RUN make release', '/out/', 'rust:1.90-alpine'],
    ['RUN make install'],
  ])('a pinned stage where make gets no target: %s', (lines, path = '/app', image = 'golang:1.26') => {
    const text = go(lines, `FROM --platform=$BUILDPLATFORM ${image} AS build`).replace(
      'build /app',
      `build ${path}`,
    )
    const found = lintDockerfile(text, 'Dockerfile').filter(
      ({ ruleId }) => ruleId === 'toolchain-without-target',
    )
    expect(found).toEqual([expect.objectContaining({ line: 3, severity: 'warning' })])
  })

  it('make next to a compiler that gets no target is the compiler’s mistake', () => {
    const found = lintDockerfile(go('RUN make && go build -o /app main.go'), 'Dockerfile')
    expect(found.find(({ ruleId }) => ruleId === 'toolchain-without-target')).toMatchObject({
      severity: 'error',
      message: expect.stringMatching(/^go compiles/),
    })
  })

  it('a constant target given to make', () => {
    expect(short(lintDockerfile(go('RUN make build GOARCH=amd64'), 'Dockerfile'))).toEqual([
      '3:16 constant-architecture',
    ])
  })

  it.each<[string, string, string[]]>([
    ['declared nowhere', 'RUN GOARCH=$ARCH go build -o /app main.go', ['3:5 platform-arg-undeclared']],
    [
      'in the environment',
      `ENV GOARCH=\${ARCH}\nRUN go build -o /app main.go`,
      ['3:5 platform-arg-undeclared'],
    ],
    ['as a flag', 'RUN cargo build --release --target "$TRIPLE"', ['3:36 platform-arg-undeclared']],
    ['declared', 'ARG ARCH\nRUN GOARCH=$ARCH go build -o /app main.go', []],
    ['set by ENV', 'ENV ARCH=arm64\nRUN GOARCH=$ARCH go build -o /app main.go', []],
    [
      'set by the script',
      'ARG TARGETARCH\nRUN arch=$(cat /arch) && GOARCH=$arch go build -o /app main.go',
      [],
    ],
    [
      'set by a loop',
      'RUN for arch in amd64 arm64; do GOARCH=$arch go build -o /app-$arch main.go; done',
      [],
    ],
    ['set by another script', 'RUN . ./env.sh && GOARCH=$ARCH go build -o /app main.go', []],
    ['made of several', 'RUN cargo build --release --target "$ARCH-unknown-linux-musl"', []],
  ])('a target from a variable of its own: %s', (_, lines, found) => {
    const all = short(lintDockerfile(go(lines), 'Dockerfile'))
    expect(all.filter(line => line.endsWith('undeclared'))).toEqual(found)
  })

  it('a target from an ARG before the first FROM', () => {
    const text = `ARG ARCH=arm64\n${go('RUN GOARCH=$ARCH go build -o /app main.go')}`
    expect(short(lintDockerfile(text, 'Dockerfile'))).toEqual(['4:5 platform-arg-undeclared'])
  })

  it('TARGETARCH of another stage', () => {
    const text = `FROM --platform=$BUILDPLATFORM golang:1.26 AS deps
ARG TARGETARCH
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
COPY main.go .
RUN GOARCH=$TARGETARCH go build -o /app main.go
${runtime}`
    expect(short(lintDockerfile(text, 'Dockerfile'))).toEqual(['5:12 platform-arg-undeclared'])
  })

  it('a compiler under emulation', () => {
    const text = go(
      'ARG TARGETARCH\nRUN GOARCH=$TARGETARCH go build -o /app main.go',
      'FROM golang:1.26 AS build',
    )
    expect(rulesBroken(text)).toEqual(['emulated-compile'])
  })

  it('atmos 2931: the right program in the build machine’s userland', () => {
    const text = `FROM --platform=$BUILDPLATFORM debian:13-slim AS base
RUN apt-get update && apt-get install -y git
FROM base
ARG TARGETARCH
COPY dist/atmos_$TARGETARCH /usr/local/bin/atmos
ENTRYPOINT ["atmos"]
`
    expect(short(lintDockerfile(text, 'Dockerfile'))).toEqual(['3:1 final-stage-platform'])
  })

  it('chainloop 3324, ocm 2024: the amd64 file of a release for all', () => {
    const text = `FROM alpine:3.22
RUN wget -qO- https://example.com/releases/v1/cli_linux_x86_64.tar.gz | tar -xz -C /usr/local/bin
ENTRYPOINT ["cli"]
`
    expect(short(lintDockerfile(text, 'Dockerfile'))).toEqual(['2:57 foreign-asset'])
    expect(rulesBroken(text.replace('RUN wget -qO-', 'ADD').replace('| tar -xz -C', '').trim())).toEqual([
      'foreign-asset',
    ])
  })

  it('the guide’s own Dockerfile, on debian13, has nothing above info', () => {
    const text = `# syntax=docker/dockerfile:1.7
FROM --platform=$BUILDPLATFORM golang:1.22-alpine AS builder
ARG TARGETOS
ARG TARGETARCH
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ENV CGO_ENABLED=0
RUN GOOS=$TARGETOS GOARCH=$TARGETARCH go build -o /out/server ./cmd/server

FROM gcr.io/distroless/static-debian13:nonroot
COPY --from=builder /out/server /server
USER nonroot
EXPOSE 8080
ENTRYPOINT ["/server"]
`
    expect(rulesBroken(text)).toEqual([])
  })
})

describe('no false alarm', () => {
  test.each([
    [
      'a script that chooses',
      'ARG TARGETARCH\nRUN case "$TARGETARCH" in arm64) t=aarch64 ;; *) t=x86_64 ;; esac; cargo build --target $t-unknown-linux-musl',
    ],
    ['a variable that a script sets', 'RUN TARGETARCH=$(go env GOARCH); echo $TARGETARCH'],
    ['a here-document of another file', "RUN cat <<'EOF' > /x\n$HOME\nEOF"],
    [
      'tools of the stage',
      'ARG TARGETARCH\nRUN go install example.com/tool@v1 && GOARCH=$TARGETARCH go build -o /app main.go',
    ],
    ['xx', 'ARG TARGETPLATFORM\nRUN xx-go build -o /app main.go'],
    ['target in the environment', 'ARG TARGETARCH\nENV GOARCH=$TARGETARCH\nRUN go build -o /app main.go'],
    [
      'target for the whole script',
      'ARG TARGETARCH\nRUN export GOARCH=$TARGETARCH && go build -o /app main.go',
    ],
    [
      'webassembly',
      'ARG TARGETARCH\nRUN GOOS=js GOARCH=wasm go build -o /x.wasm && GOARCH=$TARGETARCH go build -o /app main.go',
    ],
    ['make with a target', 'ARG TARGETARCH\nRUN make build GOARCH=$TARGETARCH'],
    ['make that may read the target', 'ARG TARGETARCH\nRUN make build'],
    ['make with an architecture of its own', 'ARG ARCH\nRUN make build'],
    ['make for several architectures', 'RUN make build-amd64 build-arm64'],
    ['make test', 'RUN make test'],
    ['make generate', 'RUN make generate install-tools build-ui'],
    ['an escaped dollar', 'RUN echo "\\$TARGETARCH"'],
    ['a comment', '# RUN GOARCH=amd64 go build\nRUN true'],
    [
      'a comment inside of an instruction',
      'ARG TARGETARCH\nRUN true && \\\n  # GOARCH=amd64\n  GOARCH=$TARGETARCH go build -o /app main.go',
    ],
  ])('%s', (_, lines) => {
    expect(rulesBroken(go(lines))).toEqual([])
  })

  it.each(['/src/web/dist/app.js', '/etc/ssl/certs/', '/src/static', '/etc/passwd'])(
    'make in a stage of which the image takes %s',
    path => {
      const text = go('RUN make build').replace('build /app', `build ${path}`)
      expect(rulesBroken(text)).toEqual([])
    },
  )

  it('make where the image has no toolchain', () => {
    const text = go('RUN make build', 'FROM --platform=$BUILDPLATFORM debian:13 AS build')
    expect(rulesBroken(text)).toEqual([])
  })

  it('stages and files of one architecture by their names', () => {
    const text = `FROM --platform=linux/amd64 rust:1 AS build-amd64
RUN cargo build --release --target x86_64-unknown-linux-musl
FROM --platform=linux/arm64 rust:1 AS build-arm64
RUN cargo build --release --target aarch64-unknown-linux-musl
FROM build-$TARGETARCH AS build
FROM debian:13
COPY --from=build /app /app
`
    expect(rulesBroken(text)).toEqual([])
    expect(rulesBroken('FROM --platform=linux/arm64 debian:13\nCMD ["sh"]\n', 'Dockerfile.arm64')).toEqual([])
  })

  it('a last stage that runs a check', () => {
    const text =
      'FROM --platform=$BUILDPLATFORM golang:1.26 AS base\nFROM base AS lint\nRUN golangci-lint run\n'
    expect(rulesBroken(text)).toEqual([])
  })
})
