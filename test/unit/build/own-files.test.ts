import { describe, expect, it, test } from 'vitest'
import { dockerfileHint } from '../../../src/build/dockerfile-hint.ts'
import { stampHint } from '../../../src/build/own-files.ts'

const config = { entrypoint: ['/app'], cmd: [], env: {}, ports: [], labels: {} }
const image = (given: object = {}) =>
  ({ executables: [{ name: 'app', package: '.' }], spec: { config: { ...config, ...given } } }) as never
const build =
  'FROM golang:1.26 AS build\nWORKDIR /src\nCOPY . .\nEXPOSE 1\nRUN apk add git && go build -o /app .\n'
const hint = (rest: string, given: object = {}) => dockerfileHint(build + rest, 'Dockerfile', image(given))

describe('what a Dockerfile has', () => {
  test.each([
    ['FROM alpine\nEXPOSE 8080 53/udp\n', 'EXPOSE 8080 53/udp'],
    ['FROM alpine\nUSER 1000:1000\n', 'USER 1000:1000'],
    ['FROM alpine\nVOLUME ["/data"]\n', 'VOLUME /data'],
    ['FROM alpine\nWORKDIR /srv\n', 'WORKDIR /srv'],
    ['FROM alpine\nENV A=1 B=2\n', 'ENV A B'],
    ['FROM alpine\nHEALTHCHECK CMD ["/app", "ok"]\n', 'HEALTHCHECK'],
    ['FROM alpine\nSTOPSIGNAL SIGINT\n', 'STOPSIGNAL SIGINT'],
    ['FROM alpine\nCOPY web/static conf.d/ /srv/\n', 'COPY web/static conf.d/'],
    ['FROM alpine\nRUN apk add --no-cache ca-certificates tzdata ffmpeg git\n', 'packages ffmpeg git'],
    ['FROM alpine\nENTRYPOINT ["/app"]\nCMD ["serve", "--port=1"]\n', 'the arguments serve --port=1'],
    ['FROM alpine\nCMD ["/app", "serve"]\n', 'the arguments serve'],
    ['FROM alpine\nENTRYPOINT ["/entrypoint.sh", "/usr/bin/app"]\nCMD ["serve"]\n', 'the arguments serve'],
    ['FROM alpine\nCMD ["/server", "serve"]\n', 'the arguments serve'],
    ['FROM alpine\nEXPOSE 1 2 3 4 5 6\n', 'EXPOSE 1 2 3 4 and 2 more'],
    ['FROM golang\nWORKDIR /src\nENV CGO_ENABLED=0\nRUN go build -o /app\nEXPOSE 80\n', 'EXPOSE 80'],
    ['FROM alpine AS run\nEXPOSE 80\nFROM run\nVOLUME /a\n', 'EXPOSE 80; VOLUME /a'],
  ])('%j: %s', (rest, lacking) =>
    expect(hint(rest)).toBe(
      `Dockerfile is not used, and has what this image has not: ${lacking}. xbuild init writes it into xbuild.toml`,
    ),
  )

  test.each([
    ['FROM scratch\nCOPY --from=build /app /app\nENTRYPOINT ["/app"]\n', {}],
    [
      'FROM alpine\nRUN apk add ca-certificates tzdata\nUSER nonroot:nonroot\nCOPY app /app\nCMD ["/app"]\n',
      {},
    ],
    [
      'FROM alpine\nEXPOSE 80\nVOLUME /d\nUSER 7\nENV A=1\n',
      { ports: ['80/tcp'], volumes: ['/d'], user: '7', env: { A: '' } },
    ],
    // What tests the program, or calls it by a script.
    ['FROM alpine\nCMD ["bash", "-ic", "tmux new ./test"]\n', {}],
    ['FROM alpine\nENTRYPOINT ["/entrypoint.sh"]\nCMD ["all"]\n', {}],
    // A stage that compiles: its files and packages are for that.
    ['FROM golang\nCOPY go.mod vendor /src/\nRUN apk add ffmpeg && go build -o /app .\n', {}],
  ])('nothing is lacking of %j', (rest, given) => expect(hint(rest, given)).toBeUndefined())

  it('is nothing where the file is no Dockerfile', () =>
    expect(dockerfileHint('# nothing yet\n', 'Dockerfile', image())).toBeUndefined())
})

describe('variables that a Makefile or .goreleaser.yml sets by -X', () => {
  test.each([
    ["go build -ldflags '-X main.version=$(V) -X main.build=7'", 'main.version and 1 more', '{version}'],
    ['  - -s -w -X github.com/a/b-c/build.Commit={{.Commit}}', 'github.com/a/b-c/build.Commit', '{commit}'],
    ['PKG := github.com/a/b\nLDFLAGS = -X "$(PKG)/v.Date=now"', 'github.com/a/b/v.Date', '{date}'],
    ['go build -ldflags="-X=main.gitBranch=x"', 'main.gitBranch', '{branch}'],
  ])('%j', (text, name, value) => {
    const found = stampHint('Makefile', text, '-X main.other=1')
    expect(found).toContain(`Makefile sets ${name} by -X, which this build does not: [go] vars = { "`)
    expect(found).toContain(`" = "${value}" }`)
  })

  test.each([
    ['-X main.version=1', '-s -w -X main.version=v1'],
    ['-X $(UNKNOWN)/v.Version=1', ''],
    ['curl -X POST https://example.com/?a.b=c', ''],
    ['tar -X exclude.txt', ''],
    ['apk add -X https://repo.example/x.y=1 z', ''],
  ])('nothing for %j', (text, given) => expect(stampHint('Makefile', text, given)).toBeUndefined())
})
