/**
 * Flags of `docker build`, `docker run`, go, cargo and zig that xbuild does not have, each with what does the same here:
 * the fix, and why where that needs saying.
 */
const otherTools: Readonly<Record<string, readonly [fix: string, why?: string]>> = {
  'build-arg': [
    'env = { NAME = "value" } in [go], [rust] or [zig] of xbuild.toml; flags of the toolchain go after --',
    'the program is compiled on this machine, not in a Dockerfile',
  ],
  'build-context': ['[image] files in xbuild.toml copies files and folders into the image'],
  pull: ['leave it out', 'the base is looked up in its registry in every build; --pin writes its digest'],
  'no-cache': [
    'go clean -cache, cargo clean or rm -r .zig-cache, then xbuild',
    'the compiler has the only cache that a program can come from',
  ],
  target: ['--platform linux/arm64 for an architecture, --bin NAME for a program'],
  file: ['[image] template = "Dockerfile.template" in xbuild.toml', 'xbuild writes the Dockerfile itself'],
  attest: ['--provenance, --sbom'],
  iidfile: ['--metadata-file FILE, or --report FILE'],
  quiet: ['--progress quiet'],
  check: ['xbuild plan'],
  network: ['leave it out', 'nothing runs inside the image while it is made'],
  'add-host': ['leave it out', 'nothing runs inside the image while it is made'],
  allow: ['leave it out', 'nothing runs inside the image while it is made'],
  squash: ['leave it out', 'xbuild adds one layer to the base'],
  rm: ['leave it out', 'no container is made'],
  'force-rm': ['leave it out', 'no container is made'],
  compress: ['leave it out', 'no folder is sent to a daemon: only what the image needs is'],
  'shm-size': ['leave it out', 'nothing runs inside the image while it is made'],
  ulimit: ['leave it out', 'nothing runs inside the image while it is made'],
  isolation: ['leave it out', 'nothing runs inside the image while it is made'],
  'cgroup-parent': ['leave it out', 'nothing runs inside the image while it is made'],
  memory: ['-j N, with fewer processors', 'the toolchain runs on this machine, with its memory'],
  'no-cache-filter': ['leave it out', 'the Dockerfile that xbuild writes has one stage and runs nothing'],
  call: ['xbuild plan'],
  debug: ['--progress plain'],
  cmd: ['args in [image] of xbuild.toml'],
  port: ['ports = [8080] in [image] of xbuild.toml'],
  tags: ['--tag NAME:TAG for the image, [go] tags in xbuild.toml or -- -tags=TAG for Go'],
  'manifest-path': ['xbuild DIR, with the folder of the project'],
  context: ['xbuild DIR, with the folder of the project'],
  dir: ['xbuild DIR, with the folder of the project'],
  config: ['xbuild DIR, with the folder that has the xbuild.toml'],
  publish: ['ports = [8080] in [image] of xbuild.toml'],
  expose: ['ports = [8080] in [image] of xbuild.toml'],
  volume: ['volumes = ["/data"] in [image] of xbuild.toml'],
  arch: ['--platform linux/arm64'],
  os: ['--platform linux/arm64'],
  goos: ['--platform linux/arm64'],
  goarch: ['--platform linux/arm64'],
  'build-base': ['--base IMAGE'],
  verbose: ['--progress plain'],
  release: ['leave it out: it is the default', 'cargo builds in release mode, zig with --release=safe'],
}

/** Short flags of those tools. */
const shortFlags: Readonly<Record<string, string>> = {
  f: 'file',
  m: 'memory',
  C: 'dir',
  c: 'config',
  q: 'quiet',
  p: 'publish',
  e: 'env',
  v: 'volume',
  w: 'workdir',
}

/** Flags of go, cargo and zig that people give before the `--`. */
const ofToolchains = new Set(
  (
    'a x race msan asan trimpath mod modfile gcflags asmflags buildmode buildvcs cover overlay pgo toolexec ' +
    'workspace all-targets bins frozen no-default-features all-features target-dir message-format verbose-cc D Z'
  ).split(' '),
)

/** Words that people type as commands, each with the command that does it. */
const otherCommands: Readonly<Record<string, string>> = {
  version: 'xbuild --version',
  run: 'xbuild --load, then docker run NAME',
  load: 'xbuild --load',
  tag: 'xbuild --tag NAME:TAG',
  login: 'docker login REGISTRY',
  inspect: 'xbuild verify IMAGE',
  images: 'docker images',
  clean: 'rm -r dist',
  test: 'go test ./..., cargo test or zig build test',
  config: 'xbuild plan',
  setup: 'xbuild plan, which says what is missing',
  install: 'xbuild --help',
  bake: 'xbuild, with [images.NAME] in xbuild.toml for several images',
  buildx: 'xbuild build',
  builder: 'docker buildx ls',
  image: 'docker image ls',
  info: 'xbuild doctor',
  pull: 'docker pull IMAGE',
  save: 'xbuild -o image.tar',
  export: 'xbuild -o image.tar',
  prune: 'xbuild cache --prune',
  fmt: 'gofmt, cargo fmt or zig fmt',
  publish: 'xbuild --tag NAME:TAG --push',
  release: 'xbuild --tag NAME:TAG --push',
}

/** What to do instead of a flag that xbuild does not have; undefined where it is no flag of a known tool. */
export function insteadOfFlag(name: string): { readonly fix: string; readonly why?: string } | undefined {
  const long = name.length === 1 ? own(shortFlags, name) : name
  const [fix, why] = own(otherTools, long ?? '') ?? []
  if (fix !== undefined) return { fix, ...(why !== undefined && { why }) }
  return ofToolchains.has(name)
    ? {
        fix: `xbuild -- ${name.length === 1 ? '-' : '--'}${name}…`,
        why: 'it is for the toolchain, whose arguments go after --',
      }
    : undefined
}

/** The long name of a short flag of docker's. */
export function longName(name: string): string {
  return own(shortFlags, name) ?? name
}

/** What to do instead of a command that xbuild does not have. */
export function insteadOfCommand(name: string): string | undefined {
  return own(otherCommands, name)
}

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}
