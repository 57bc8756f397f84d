// Peers that compile in the builder, with a Dockerfile that starts from an image of the toolchain.

/** @typedef {import('./tools.mjs').Tool} Tool */

/** @type {readonly Tool[]} */
export const dockerfileTools = [
  {
    name: 'Dockerfile, cross',
    languages: ['go', 'rust', 'zig'],
    checks: 'nothing',
    vendored: true,
    lacks: lacksImage,
    files: crossFiles,
    calls: (setting, place, cold) => [buildx(setting, place, cold ? ['--no-cache'] : [])],
  },
  {
    name: 'docker buildx bake',
    languages: ['go'],
    checks: 'nothing',
    vendored: true,
    lacks: lacksImage,
    files: (setting, place) => ({
      ...crossFiles(setting, place),
      'docker-bake.hcl': `target "default" {
  platforms = [${setting.platforms.map(id => `"${id}"`).join(', ')}]
  tags = ["${setting.registry}/${place.name}:1"]
}
`,
    }),
    calls: (_, __, cold) => [
      {
        tool: 'docker',
        args: ['buildx', 'bake', '--push', '--provenance=false', ...(cold ? ['--no-cache'] : [])],
      },
    ],
  },
  {
    name: 'xx',
    languages: ['go'],
    checks: 'each binary’s operating system and architecture, and that it is static (xx-verify)',
    vendored: true,
    lacks: setting => lacksImage(setting) ?? (setting.xx ? undefined : 'copy of its scripts (--xx DIR)'),
    files: xxFiles,
    calls: (setting, place, cold) => [buildx(setting, place, cold ? ['--no-cache'] : [])],
  },
]

/** @param {import('./tools.mjs').Setting} setting */
function lacksImage({ image }) {
  return image ? undefined : 'image of the toolchain'
}

/**
 * @param {import('./tools.mjs').Setting} setting @param {import('./tools.mjs').Place} place @param {readonly string[]} more
 * @returns {import('./tools.mjs').Call}
 */
export function buildx({ registry, platforms }, { name }, more) {
  const own = [
    'buildx',
    'build',
    `--platform=${platforms.join(',')}`,
    `--tag=${registry}/${name}:1`,
    '--push',
  ]
  return { tool: 'docker', args: [...own, '--provenance=false', ...more, '.'] }
}

/** The guide's Dockerfile, with cache mounts, and with the dependencies in the context: a builder may have no network. */
/** @type {Tool['files']} */
function crossFiles({ language, base, image, program, main }, { cacheId }) {
  const mount = mountOf(cacheId)
  const compile = {
    go: `RUN ${mount} CGO_ENABLED=0 GOCACHE=/cache GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags="-s -w" -o /out/${program} ${main}`,
    rust: `RUN ${mount} case $TARGETARCH in amd64) arch=x86_64 ;; arm64) arch=aarch64 ;; esac; target=$arch-unknown-linux-musl && CARGO_TARGET_DIR=/cache/$arch CARGO_PROFILE_RELEASE_STRIP=true RUSTFLAGS="-Clinker=rust-lld" cargo build --release --offline --target $target && install -D /cache/$arch/$target/release/${program} /out/${program}`,
    zig: `RUN ${mount} case $TARGETARCH in amd64) arch=x86_64 ;; arm64) arch=aarch64 ;; esac; zig build --release=safe -Dtarget=$arch-linux-musl --cache-dir /cache/local --global-cache-dir /cache/global --prefix /tmp/out && install -D /tmp/out/bin/${program} /out/${program}`,
  }[language]
  return {
    Dockerfile: `FROM --platform=$BUILDPLATFORM ${image} AS build
ARG TARGETOS TARGETARCH
WORKDIR /src
COPY . .
${compile}

${finalStage(base, program)}`,
    '.dockerignore': 'Dockerfile\n.dockerignore\ndocker-bake.hcl\ntarget\nzig-out\n.zig-cache\n',
  }
}

/** As the README of xx has it: its files copied into the image of the toolchain. @type {Tool['files']} */
function xxFiles({ base, image, program, main, xx }, { cacheId }) {
  return {
    Dockerfile: `FROM --platform=$BUILDPLATFORM ${xx} AS xx
FROM --platform=$BUILDPLATFORM ${image} AS build
COPY --from=xx / /
WORKDIR /src
COPY . .
ARG TARGETPLATFORM
RUN ${mountOf(cacheId)} CGO_ENABLED=0 GOCACHE=/cache xx-go build -trimpath -ldflags="-s -w" -o /out/${program} ${main} && xx-verify --static /out/${program}

${finalStage(base, program)}`,
    '.dockerignore': 'Dockerfile\n.dockerignore\n',
  }
}

function mountOf(cacheId) {
  return `--mount=type=cache,id=${cacheId},target=/cache`
}

function finalStage(base, program) {
  return `FROM ${base}\nCOPY --from=build /out/${program} /${program}\nENTRYPOINT ["/${program}"]\n`
}
