import type { Dockerfile, Stage } from '../../dockerfile/model.ts'
import { findStage, lineage } from '../../dockerfile/stages.ts'
import type { Report, Rule } from '../finding.ts'

export const scratchWithoutCertificates: Rule<Dockerfile> = {
  id: 'scratch-without-certificates',
  severity: 'warning',
  summary: 'An image made from scratch brings CA certificates.',
  explanation: `\`scratch\` holds nothing, so the first HTTPS request of the program fails with \`x509: certificate signed by unknown
authority\`. \`gcr.io/distroless/static-debian13:nonroot\` has certificates, time zones, an unprivileged user and /tmp, and adds
2 MB. A program that never speaks TLS needs none of it: say so with \`# xbuild-lint ignore=scratch-without-certificates …\`.`,
  bad: `FROM --platform=$BUILDPLATFORM golang:1.26 AS build
ARG TARGETARCH
COPY main.go .
RUN CGO_ENABLED=0 GOARCH=$TARGETARCH go build -o /app main.go

FROM scratch
COPY --from=build /app /app
ENTRYPOINT ["/app"]
`,
  good: `FROM --platform=$BUILDPLATFORM golang:1.26 AS build
ARG TARGETARCH
COPY main.go .
RUN CGO_ENABLED=0 GOARCH=$TARGETARCH go build -o /app main.go

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /app /app
ENTRYPOINT ["/app"]
`,
  *check({ stages }) {
    const last = stages.at(-1)
    if (!last || lineage(last).at(-1)?.image !== 'scratch') return
    const instructions = lineage(last).flatMap(stage => stage.instructions)
    if (!instructions.some(({ keyword }) => keyword === 'ENTRYPOINT' || keyword === 'CMD')) return
    const copies = instructions.filter(({ keyword }) => keyword === 'COPY' || keyword === 'ADD')
    if (
      copies.some(
        ({ words, body }) =>
          /cert|ssl|\bpki\b|\bca\b/i.test(body.text) || isRootFilesystem(words.map(({ value }) => value)),
      )
    )
      return
    const word = lineage(last).at(-1)?.imageWord ?? last.from
    yield {
      start: word.start,
      end: word.end,
      message:
        'the image has no CA certificates: HTTPS requests of its program fail, unless it brings its own',
      fix: 'FROM gcr.io/distroless/static-debian13:nonroot, or copy /etc/ssl/certs/ca-certificates.crt',
    }
  },
}

/** Whether whole folders are laid over the root, or a root file system is unpacked: what they bring cannot be seen. */
function isRootFilesystem(words: readonly string[]): boolean {
  const sources = words.slice(0, -1)
  const target = words.at(-1) ?? ''
  const opaque = sources.some(source => /\/$|^\.$|root|\.t(?:ar|gz|ar\.\w+)$|^\$|\*$|^\/$/i.test(source))
  return (
    (/^\.?\/?$/.test(target) &&
      (opaque ||
        sources.some(source => /(?:out|dist|build|rootfs|overlay|image|install|release)$/i.test(source)))) ||
    sources.includes('/')
  )
}

export const movingBaseTag: Rule<Dockerfile> = {
  id: 'moving-base-tag',
  severity: 'info',
  summary: 'A base image is named by its digest.',
  explanation: `A tag moves: the same Dockerfile gives another image tomorrow, and two platforms built an hour apart may get two
releases of the base. \`image:tag@sha256:…\` fixes it (the digest of the index, so that every platform is in it), and Renovate or
Dependabot keep it fresh. \`xbuild build --pin\` does this for the images that xbuild makes.`,
  bad: `FROM alpine:3.22
ENTRYPOINT ["sh"]
`,
  good: `FROM alpine:3.22@sha256:0000000000000000000000000000000000000000000000000000000000000000
ENTRYPOINT ["sh"]
`,
  *check({ stages }) {
    for (const stage of stages) {
      if (stage.imageWord && isMoving(stage.image, stages.slice(0, stage.index))) {
        yield report(stage.imageWord.start, stage.imageWord.end, stage.image)
      }
      for (const { keyword, flags } of stage.instructions) {
        const from = keyword === 'COPY' ? flags.find(({ name }) => name === 'from') : undefined
        // A bare name may be a build context (--build-context).
        if (from && /[:/.]/.test(from.value) && isMoving(from.value, stages))
          yield report(from.start, from.end, from.value)
      }
    }
  },
}

/** An image of a registry without a digest: a name without tag and registry may be a build context of its own. */
function isMoving(image: string, stages: readonly Stage[]): boolean {
  return image !== 'scratch' && /^[\w.:/-]+$/.test(image) && !findStage(image, stages)
}

function report(start: number, end: number, image: string): Report {
  return {
    start,
    end,
    message: `${image} is a tag, which moves`,
    fix: `docker buildx imagetools inspect ${image}`,
  }
}
