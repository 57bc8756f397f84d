/** What a person should know of a key of xbuild.toml. */
export interface KeyDoc {
  /** What it does, as one or two sentences. */
  readonly text: string
  /** A value in TOML. */
  readonly example: string
  /** What happens without it, where the schema has no default to show. */
  readonly unset?: string
}

/**
 * Every key of xbuild.toml by its dotted path; `[images.NAME]` has the keys of `[image]`. docs/configuration.md, the JSON
 * Schema and the comments of `xbuild init` are made from it. `npm run generate` fails where a key of the schema is missing.
 */
export const keyDocs: Readonly<Record<string, KeyDoc>> = {
  platforms: {
    text: 'The platforms to build for, as docker spells them.',
    example: '["linux/amd64", "linux/arm64", "linux/arm/v7"]',
    unset: 'linux/amd64 and linux/arm64',
  },
  lang: {
    text: 'The language to build, for a folder with projects in several.',
    example: '"go"',
    unset: 'the one that has a project',
  },
  bins: {
    text: 'The executables to build, like --bin. Several make several images.',
    example: '["server"]',
    unset: 'the one that is meant',
  },
  'version-from': {
    text: 'Where the version comes from: "git", "manifest", or the version itself.',
    example: '"git"',
    unset: 'the nearest git tag, else the manifest, else the commit',
  },
  backend: {
    text: 'What makes the image: docker buildx, or xbuild itself ("oci").',
    example: '"oci"',
    unset: '"auto": buildx where a capable builder answers, else "oci"',
  },
  builder: {
    text: 'The builder of docker buildx.',
    example: '"ci"',
    unset: 'the current one of buildx',
  },
  compression: { text: 'The compression of the layers that xbuild writes.', example: '"zstd"' },
  dist: {
    text: 'The folder of binaries, archives and logs, relative to the project.',
    example: '"build/dist"',
  },

  image: { text: 'What all images have in common.', example: '' },
  'image.tags': {
    text: 'Names and tags of the image, like --tag; {name} is the executable.',
    example: '["registry.example.com/{name}:1.0"]',
    unset: 'none: the image is written to the dist folder',
  },
  'image.base': {
    text: 'The base image: a reference, "scratch", "builtin", or the path of an OCI layout or archive.',
    example: '"gcr.io/distroless/base-debian13:nonroot"',
    unset: 'the smallest distroless image that fits the binaries',
  },
  'image.registry': {
    text: 'A mirror to use in the place of gcr.io/distroless.',
    example: '"mirror.example.com/distroless"',
    unset: 'gcr.io/distroless',
  },
  'image.pin': {
    text: 'Write the digest of the base into the Dockerfile, for plan and dockerfile too; a base that cannot be looked up ends the build.',
    example: 'true',
    unset: 'false',
  },
  'image.insecure-registries': {
    text: 'Registries that xbuild may call without TLS or with an untrusted certificate. docker has its own list.',
    example: '["registry.lan:5000"]',
    unset: 'none but loopback',
  },
  'image.template': {
    text: "A Dockerfile of your own with xbuild's placeholders, relative to the project.",
    example: '"Dockerfile.template"',
    unset: "xbuild's own",
  },
  'image.user': {
    text: 'The user that the program runs as: UID, UID:GID, or a name of /etc/passwd of the base.',
    example: '"nonroot"',
    unset: "the base's",
  },
  'image.program': {
    text: 'The path of the program in the image.',
    example: '"/usr/bin/server"',
    unset: '/ and the name of the executable',
  },
  'image.programs': {
    text: 'Executables that are in one image together: the first is the one that it runs, the others are next to it.',
    example: '["server", "worker"]',
    unset: 'one image for each executable',
  },
  'image.links': {
    text: 'Symbolic links of the image, and what each points to.',
    example: '{ "/usr/bin/ls" = "/usr/bin/busybox" }',
    unset: 'none',
  },
  'image.init': {
    text: 'A static program of yours that becomes process 1, passes signals on and reaps: tini, catatonit. One for each platform.',
    example: '"tools/tini-static-{arch}"',
    unset: 'none: the program is process 1',
  },
  'image.entrypoint': {
    text: 'The entrypoint of the image.',
    example: '["/usr/bin/server", "serve"]',
    unset: 'the program',
  },
  'image.args': {
    text: 'The default arguments, which a person can replace in docker run (CMD).',
    example: '["--listen", ":8080"]',
    unset: 'none',
  },
  'image.env': { text: 'Environment variables of the image.', example: '{ LOG = "json" }', unset: 'none' },
  'image.ports': {
    text: 'The ports that the program listens on (EXPOSE).',
    example: '[8080, "53/udp"]',
    unset: 'none',
  },
  'image.workdir': {
    text: 'The working directory: an absolute path.',
    example: '"/data"',
    unset: "the base's",
  },
  'image.volumes': {
    text: 'Folders that an engine mounts a volume at: absolute paths.',
    example: '["/data"]',
    unset: 'none',
  },
  'image.stop-signal': {
    text: 'The signal that ends the container.',
    example: '"SIGINT"',
    unset: "the base's, else SIGTERM",
  },
  'image.healthcheck': {
    text: 'How an engine asks whether the container is healthy; false switches off the check of the base.',
    example: '{ test = ["/server", "health"], interval = "30s", timeout = "5s", retries = 3 }',
    unset: "the base's",
  },
  'image.healthcheck.test': {
    text: 'The words of the command; a distroless image has no shell.',
    example: '["/server", "health"]',
  },
  'image.healthcheck.interval': { text: 'Time between two checks.', example: '"30s"', unset: '30s' },
  'image.healthcheck.timeout': {
    text: 'Time after which a check has failed.',
    example: '"5s"',
    unset: '30s',
  },
  'image.healthcheck.start-period': {
    text: 'Time to start in, during which a failure does not count.',
    example: '"10s"',
    unset: '0s',
  },
  'image.healthcheck.start-interval': {
    text: 'Time between two checks while the container starts.',
    example: '"1s"',
    unset: '5s',
  },
  'image.healthcheck.retries': {
    text: 'Failures in a row after which the container is unhealthy.',
    example: '3',
    unset: '3',
  },
  'image.folders': {
    text: 'Folders that the program may write to.',
    example: '[{ path = "/data", owner = "65532:65532", mode = "0750" }]',
    unset: 'none',
  },
  'image.folders.path': { text: 'Absolute path in the image.', example: '"/data"' },
  'image.folders.owner': {
    text: 'UID or UID:GID, in numbers.',
    example: '"65532:65532"',
    unset: 'the user that the image runs as',
  },
  'image.folders.mode': { text: 'Permission bits, in octal.', example: '"0750"', unset: '0755' },
  'image.labels': {
    text: 'Labels of the image, like --label.',
    example: '{ "org.opencontainers.image.source" = "https://example.com/app" }',
    unset: "those of the source's version, revision and time",
  },
  'image.annotations': {
    text: 'Annotations, [type:]key=value as in buildx.',
    example: '["index:org.opencontainers.image.description=A server"]',
    unset: 'none',
  },
  'image.files': {
    text: 'Files and folders of the project that the image contains.',
    example: '[{ from = "config.yaml", to = "/etc/app/", mode = "0644" }]',
    unset: 'none',
  },
  'image.files.from': {
    text: 'A file, a folder with everything below it, or a pattern such as "public/**/*.css", relative to the project. With {platform} or {arch} in it: a file for each platform.',
    example: '"config.yaml"',
  },
  'image.files.to': {
    text: "Absolute path in the image. With a trailing slash: into this folder; a folder's contents go to `to` itself.",
    example: '"/etc/app/"',
  },
  'image.files.mode': {
    text: 'Permission bits of the files, in octal.',
    example: '"0644"',
    unset: '0755 for what is executable in the project, else 0644',
  },
  'image.files.owner': {
    text: 'Whose the files and the copied folders are: UID, UID:GID, or names of /etc/passwd of the base.',
    example: '"65532:65532"',
    unset: 'root',
  },
  'image.files.exclude': {
    text: 'Patterns of what is left out, relative to the folder in `from`, as in .dockerignore.',
    example: '["**/*.map", "drafts"]',
    unset: 'none but the outputs of xbuild',
  },

  images: {
    text: 'One image per table, with the keys of [image], each of which overrides that of [image].',
    example: '',
  },
  'images.bin': {
    text: 'The executable, for a table whose name is not its executable.',
    example: '"server"',
    unset: 'the name of the table',
  },

  go: { text: 'How a Go project is compiled.', example: '' },
  'go.tags': { text: 'Build tags.', example: '["netgo"]' },
  'go.ldflags': {
    text: "Flags of the linker, in the place of xbuild's own. The stamps of -X and those of GOFLAGS are still added.",
    example: '"-s -w"',
    unset: '-s -w',
  },
  'go.vars': {
    text: 'String variables that the linker sets, as -X does.',
    example: '{ "example.com/app/version.Version" = "{version}" }',
  },
  'go.env': { text: 'Environment variables of the go command.', example: '{ GOEXPERIMENT = "jsonv2" }' },
  'go.cgo': {
    text: 'Compile cgo with zig or a cross gcc: always, never, or where a package uses it.',
    example: 'false',
  },
  'go.platform': {
    text: 'Tables of what is different for one platform: its tags, ldflags, vars, env and cgo. A list or text replaces that of [go]; a variable comes on top.',
    example: '{ "linux/arm/v7" = { tags = ["small"] } }',
  },
  'go.program': {
    text: 'Tables of what is different for one program, by the name of its executable: the keys of a platform, and platform.',
    example: '{ worker = { tags = ["sqlite"] } }',
  },

  rust: { text: 'How a Rust project is compiled.', example: '' },
  'rust.libc': { text: '"musl" links statically; "gnu" needs the glibc of the base.', example: '"gnu"' },
  'rust.glibc': {
    text: 'The oldest glibc that the binary must run on; with libc = "gnu" and zig.',
    example: '"2.17"',
    unset: "the linker's own",
  },
  'rust.profile': { text: 'The profile of cargo.', example: '"dist"' },
  'rust.features': { text: 'Features to enable.', example: '["tls"]' },
  'rust.all-features': { text: 'Enable all features.', example: 'true' },
  'rust.default-features': { text: 'Enable the default features.', example: 'false' },
  'rust.package': {
    text: 'The package to build, in a workspace.',
    example: '"server"',
    unset: 'all of them',
  },
  'rust.locked': { text: 'Fail where Cargo.lock is not current, like --locked.', example: 'true' },
  'rust.env': { text: 'Environment variables of cargo.', example: '{ RUSTFLAGS = "-Cdebuginfo=1" }' },
  'rust.platform': {
    text: 'Tables of what is different for one platform: its libc, glibc, profile, features, all-features, default-features and env. A list or text replaces that of [rust]; a variable comes on top.',
    example: '{ "linux/arm/v7" = { features = ["small"] } }',
  },
  'rust.program': {
    text: 'Tables of what is different for one program, by the name of its executable: the keys of a platform, and platform.',
    example: '{ worker = { features = ["sqlite"] } }',
  },

  zig: { text: 'How a Zig project is compiled.', example: '' },
  'zig.release': { text: 'The mode of --release; "off" passes none.', example: '"fast"' },
  'zig.step': { text: 'The step of build.zig that installs the program.', example: '"install"' },
  'zig.target': {
    text: '-Dtarget by platform, for a build.zig with spellings of its own.',
    example: '{ "linux/amd64" = "x86_64-linux" }',
  },
  'zig.args': { text: 'Arguments of zig build.', example: '["-Dtls=true"]' },
  'zig.env': {
    text: 'Environment variables of zig.',
    example: '{ ZIG_GLOBAL_CACHE_DIR = "/var/cache/zig" }',
  },
  'zig.platform': {
    text: 'Tables of what is different for one platform: its release, step, args and env. A list or text replaces that of [zig]; a variable comes on top.',
    example: '{ "linux/arm/v7" = { args = ["-Dsmall=true"] } }',
  },
  'zig.program': {
    text: 'Tables of what is different for one program, by the name of its executable: the keys of a platform, and platform.',
    example: '{ worker = { args = ["-Dsqlite=true"] } }',
  },

  c: { text: 'What compiles C code, in every language.', example: '' },
  'c.toolchain': {
    text: '"zig", a cross "gcc", or "auto": what is there.',
    example: '"zig"',
  },

  build: { text: 'What comes before the build.', example: '' },
  'build.before': {
    text: 'Commands that make what the build reads, such as a front end or generated code. They run once, in this order, before the project is read, without a shell; cwd is relative to the project. `xbuild plan` shows them and does not run them; --no-before skips them.',
    example:
      '[["npm", "ci"], { args = ["npm", "run", "build"], cwd = "web", env = { NODE_ENV = "production" } }]',
  },
  'build.before.args': { text: 'The command and its arguments.', example: '["npm", "run", "build"]' },
  'build.before.cwd': { text: 'The folder that it runs in.', example: '"web"', unset: 'that of the project' },
  'build.before.env': {
    text: 'Variables on top of the environment.',
    example: '{ NODE_ENV = "production" }',
    unset: 'none',
  },

  'build.compile-on': {
    text: 'Where compilers run: on this host, on the "builder" of docker buildx, or with "auto" there if the host lacks the toolchain. Like --compile-on.',
    example: '"builder"',
    unset: '"host"',
  },
  'build.secrets': {
    text: 'Secrets for a compile on the builder, like --secret. An id in capitals becomes a variable; netrc, gitconfig, git-credentials, known_hosts, cargo-credentials and cargo-config become the file of that name; any other is in /run/secrets.',
    example: '["id=netrc,src=/home/me/.netrc"]',
  },
  'build.ssh': {
    text: 'SSH agents or keys for a compile on the builder, like --ssh.',
    example: '["default"]',
  },
  'build.exclude': {
    text: 'Patterns of what is not sent to a builder that compiles, relative to the top of the repository, as in .dockerignore.',
    example: '["web/node_modules"]',
  },

  toolchain: { text: 'The toolchain of a compile on the builder.', example: '' },
  'toolchain.image': {
    text: 'The image that has the toolchain.',
    example: '"registry.example.com/golang:1.26"',
    unset: 'the official image of the version that the project is compiled with; Zig has none',
  },

  cache: { text: 'Caches: of docker buildx, and of the compilers.', example: '' },
  'cache.type': {
    text: 'Keep the cache of buildx, like --cache: each image has a scope, a tag or a folder of its own.',
    example: '"gha"',
    unset: 'none but what `from` and `to` say',
  },
  'cache.go': {
    text: 'A program that keeps what Go compiles (GOCACHEPROG), for Go 1.24 or later. The variable of the environment goes first.',
    example: '"cacheprog /var/cache/go"',
    unset: "Go's own cache",
  },
  'cache.rust': {
    text: 'A wrapper that keeps what rustc compiles (RUSTC_WRAPPER). The variable of the environment goes first.',
    example: '"sccache"',
    unset: 'none but what cargo is set up with',
  },
  'cache.from': {
    text: 'Sources of the cache, like --cache-from.',
    example: '["type=registry,ref=registry.example.com/app:cache"]',
  },
  'cache.to': {
    text: 'Where the cache goes, like --cache-to.',
    example: '["type=registry,ref=registry.example.com/app:cache,mode=max"]',
  },

  lint: { text: 'xbuild lint.', example: '' },
  'lint.ignore': {
    text: 'Rules that do not count for the files that this xbuild.toml is the nearest to.',
    example: '["moving-base-tag"]',
  },

  bench: { text: 'Measurements against emulation.', example: '' },
  'bench.auto': { text: 'Measure emulation once, after the first build.', example: 'true' },
  'bench.estimate': {
    text: 'After a first build that nothing was measured for, tell what emulation is likely to take.',
    example: 'false',
  },
  'bench.image': {
    text: 'The image with the toolchain, for the strategies with a Dockerfile.',
    example: '"golang:1.26"',
    unset: 'the official one',
  },
  'bench.runs': { text: 'Runs of a native build.', example: '5', unset: '3' },
  'bench.emulated-runs': { text: 'Runs under emulation.', example: '2', unset: '1' },
  'bench.timeout': { text: 'Seconds for one run.', example: '7200', unset: '3600' },
}
