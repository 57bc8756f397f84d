// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of Dockerfiles, Makefiles and workflows
/** A Dockerfile of the round trip: adopted, it has to give the config that BuildKit makes of it. */
export interface Case {
  readonly name: string
  readonly text: string
  /** Fields of the config that are meant to differ, with what they become. */
  readonly instead?: Readonly<Record<string, unknown>>
  /** What is left for a person, by its line. */
  readonly left?: readonly number[]
}

const build = 'FROM golang:1.26 AS build\nWORKDIR /src\nCOPY . .\nRUN CGO_ENABLED=0 go build -o /out/app .\n'
/** A last stage on distroless behind the usual build. */
const onDistroless = (lines: string) => `${build}FROM gcr.io/distroless/static-debian13:nonroot\n${lines}\n`

/** A program app and the folders static/ and conf/ are in each project. */
export const cases: readonly Case[] = [
  {
    name: 'the least',
    text: onDistroless('COPY --from=build /out/app /app\nENTRYPOINT ["/app"]'),
  },
  {
    name: 'a program elsewhere, with arguments',
    text: onDistroless(
      'COPY --from=build /out/app /usr/local/bin/app\nENTRYPOINT ["/usr/local/bin/app", "serve"]\nCMD ["--port", "8080"]',
    ),
  },
  {
    name: 'CMD alone',
    text: onDistroless('COPY --from=build /out/app /app\nCMD ["/app", "--verbose"]'),
  },
  {
    name: 'the shell form of one command',
    text: onDistroless('COPY --from=build /out/app /app\nENTRYPOINT /app --listen :80'),
    instead: { Entrypoint: ['/app', '--listen', ':80'] },
  },
  {
    name: 'a relative program',
    text: onDistroless('WORKDIR /srv/web\nCOPY --from=build /out/app .\nENTRYPOINT ["./app"]'),
  },
  {
    name: 'ports of all kinds',
    text: onDistroless(
      'COPY --from=build /out/app /app\nEXPOSE 80 443/tcp\nEXPOSE 53/udp 8000-8002/UDP 9000\nENTRYPOINT ["/app"]',
    ),
  },
  {
    name: 'ENV in both forms, with quotes and escapes',
    text: onDistroless(
      [
        'ENV A=1 B="two words" C=three\\ words D=\'single $A\' \\',
        '    E="with \\"quotes\\" and \\$A"',
        '# a comment between',
        'ENV OLD the rest of  the line',
        'ENV F=$A-${B}-${MISSING:-none}-${A:+set}',
        'ENV A=2 G=$A',
        'COPY --from=build /out/app /app',
        'ENTRYPOINT ["/app"]',
      ].join('\n'),
    ),
  },
  {
    name: 'arguments with defaults',
    text: `ARG PORT=8080\n${onDistroless(
      'ARG PORT\nARG NAME=web\nENV NAME=${NAME}\nEXPOSE ${PORT}\nLABEL port="$PORT" name=$NAME\nCOPY --from=build /out/app /${NAME}\nENTRYPOINT ["/web"]',
    )}`,
  },
  {
    name: 'labels',
    text: onDistroless(
      'LABEL org.opencontainers.image.title="A server" "com.example.quoted key"="a=b" \\\n      multi="line \\\n value"\nLABEL single one two\nMAINTAINER A Person <a@example.com>\nCOPY --from=build /out/app /app\nENTRYPOINT ["/app"]',
    ),
    instead: {
      Labels: {
        'org.opencontainers.image.title': 'A server',
        'com.example.quoted key': 'a=b',
        multi: 'line  value',
        single: 'one two',
        'org.opencontainers.image.authors': 'A Person <a@example.com>',
      },
    },
  },
  {
    name: 'a user by number',
    text: onDistroless('COPY --from=build /out/app /app\nUSER 1000:1000\nENTRYPOINT ["/app"]'),
  },
  {
    name: 'the user of distroless',
    text: onDistroless('COPY --from=build /out/app /app\nUSER nonroot:nonroot\nENTRYPOINT ["/app"]'),
    instead: { User: '' },
  },
  {
    name: 'a user that the image makes',
    text: `${build}FROM alpine:3.20\nRUN addgroup -g 2000 web && adduser -D -H -u 2001 -G web web\nCOPY --from=build /out/app /app\nUSER web:web\nENTRYPOINT ["/app"]\n`,
    instead: { User: '2001:2000' },
  },
  {
    name: 'a user of the build stage, on scratch',
    text: 'FROM golang:1.26 AS build\nRUN adduser --disabled-password --gecos "" --uid 10001 app\nWORKDIR /src\nCOPY . .\nRUN go build -o app .\nFROM scratch\nCOPY --from=build /etc/passwd /etc/passwd\nCOPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/\nCOPY --from=build /src/app /app\nUSER app\nENTRYPOINT ["/app"]\n',
    instead: { User: '10001:10001' },
  },
  {
    name: 'working directories in steps',
    text: onDistroless(
      'WORKDIR /srv\nWORKDIR web/./a/..\nCOPY --from=build /out/app /app\nENTRYPOINT ["/app"]',
    ),
  },
  {
    name: 'volumes in both forms',
    text: onDistroless(
      'VOLUME /data /cache\nVOLUME ["/logs"]\nCOPY --from=build /out/app /app\nENTRYPOINT ["/app"]',
    ),
  },
  {
    name: 'a stop signal and a health check',
    text: onDistroless(
      'STOPSIGNAL SIGINT\nHEALTHCHECK --interval=1m30s --timeout=5s --start-period=10s --retries=2 CMD ["/app", "health"]\nCOPY --from=build /out/app /app\nENTRYPOINT ["/app"]',
    ),
  },
  {
    name: 'no health check',
    text: onDistroless('HEALTHCHECK NONE\nCOPY --from=build /out/app /app\nENTRYPOINT ["/app"]'),
  },
  {
    name: 'a health check in the shell form',
    text: onDistroless(
      'HEALTHCHECK CMD /app health --deep\nCOPY --from=build /out/app /app\nENTRYPOINT ["/app"]',
    ),
    instead: { Healthcheck: { Test: ['CMD', '/app', 'health', '--deep'] } },
  },
  {
    name: 'a health check that needs what distroless has not',
    text: onDistroless(
      'HEALTHCHECK CMD curl -f http://localhost/ || exit 1\nCOPY --from=build /out/app /app\nENTRYPOINT ["/app"]',
    ),
    instead: { Healthcheck: undefined },
    left: [6],
  },
  {
    name: 'a shell on alpine',
    text: `${build}FROM alpine:3.20\nCOPY --from=build /out/app /app\nUSER 1000\nHEALTHCHECK CMD wget -q -O- http://localhost/ || exit 1\nENTRYPOINT exec /app --home "$HOME"\n`,
    instead: { Healthcheck: { Test: ['CMD', '/bin/sh', '-c', 'wget -q -O- http://localhost/ || exit 1'] } },
  },
  {
    name: 'files of the project',
    text: onDistroless(
      'WORKDIR /srv\nCOPY static ./static\nCOPY conf/a.toml conf/b.toml /etc/app/\nCOPY --from=build /out/app /app\nENTRYPOINT ["/app"]',
    ),
  },
  {
    name: 'stages on stages',
    text: `${build}FROM gcr.io/distroless/static-debian13:nonroot AS base\nENV A=1\nEXPOSE 1\nWORKDIR /srv\nCMD ["base"]\nFROM base AS middle\nENV B=$A\nLABEL a=b\nFROM middle\nCOPY --from=build /out/app /app\nENTRYPOINT ["/app"]\n`,
  },
  {
    name: 'CMD before ENTRYPOINT, and each twice',
    text: onDistroless(
      'COPY --from=build /out/app /app\nCMD ["x"]\nCMD ["a", "b"]\nENTRYPOINT ["/other"]\nENTRYPOINT ["/app"]',
    ),
  },
  {
    name: 'scratch',
    text: `${build}FROM scratch\nCOPY --from=build /out/app /app\nENTRYPOINT ["/app"]\n`,
    instead: { User: '65532:65532' },
    left: [5],
  },
  {
    name: 'one stage',
    text: 'FROM golang:1.26\nWORKDIR /app\nCOPY . .\nRUN go build -o /usr/bin/app .\nEXPOSE 3000\nUSER 1000\nCMD ["/usr/bin/app"]\n',
    left: [3],
  },
  {
    name: 'json in arguments',
    text: onDistroless(
      'COPY --from=build /out/app /app\nENTRYPOINT ["/app", "--config", "{\\"a\\": [1, \\"$HOME\\"]}", "tab\\there"]\nCMD ["ü", "\\\\"]',
    ),
  },
  {
    name: 'the other escape',
    text: `# escape=\`\n${onDistroless('ENV A=1 `\n    B=two` words\nCOPY --from=build /out/app /app\nENTRYPOINT ["/app"]')}`,
  },
  {
    name: 'lower case and odd spacing',
    text: `${build}from gcr.io/distroless/static-debian13:nonroot\n  env   A=1\n\texpose  80\ncopy --from=build /out/app /app\nentrypoint [ "/app" , "x" ]\n`,
  },
  {
    name: 'no CMD of the base stage behind an own ENTRYPOINT',
    text: `${build}FROM gcr.io/distroless/static-debian13:nonroot AS base\nENTRYPOINT ["/a"]\nCMD ["b"]\nFROM base\nCOPY --from=build /out/app /app\nENTRYPOINT ["/app"]\nLABEL x=y\n`,
  },
]
