/** The flags of `build` and its like in the order in which --help shows them; what is in no group comes after. */
export const flagGroups: Readonly<Record<string, readonly string[]>> = {
  'What is built:': ['platform', 'bin', 'lang', 'jobs', 'version-from', 'before', 'yes', 'install'],
  'Where it is compiled:': ['compile-on', 'secret', 'ssh'],
  'The image:': [
    'tag',
    'base',
    'base-registry',
    'pin',
    'locked',
    'user',
    'label',
    'annotation',
    'compression',
    'backend',
  ],
  'Where it goes:': ['push', 'load', 'output', 'dist', 'push-by-digest', 'digest-file'],
  'Registries:': ['offline', 'insecure-registry', 'registry-timeout', 'verify'],
  'docker buildx:': ['builder', 'cache', 'cache-from', 'cache-to', 'provenance', 'sbom', 'metadata-file'],
  'Comparison with emulation:': ['bench', 'bench-fail-under', 'bench-max-growth'],
  'What is shown:': ['dry-run', 'progress', 'json', 'report', 'timings'],
}

/** The environment variables that xbuild itself reads, each with what it does. */
export const environment: Readonly<Record<string, string>> = {
  XBUILD_PLATFORM: 'like --platform, comma-separated',
  XBUILD_BACKEND: 'like --backend',
  XBUILD_BUILDER: 'like --builder',
  XBUILD_BASE: 'like --base',
  XBUILD_BASE_REGISTRY: 'like --base-registry',
  XBUILD_COMPILE_ON: 'like --compile-on',
  XBUILD_DIST: 'like --dist',
  XBUILD_JOBS: 'like --jobs',
  XBUILD_VERSION_FROM: 'like --version-from',
  XBUILD_ZIG: 'the zig that compiles C code and Zig projects',
  XBUILD_BENCH: 'auto, always or never: whether a build is measured under emulation',
  XBUILD_TRACE: 'a file for the timeline of the run, for the trace viewer of Chrome',
  SOURCE_DATE_EPOCH: 'every time in the image, in seconds since 1970 (the commit’s)',
  'DOCKER_HOST, DOCKER_CONFIG': 'as docker has them; logins are those of docker login',
  'HTTPS_PROXY, NO_PROXY': 'as docker and Go have them',
  'NO_COLOR, FORCE_COLOR': 'without colours, or with them on no terminal',
  XDG_CACHE_HOME: 'the folder above that of xbuild cache (~/.cache)',
}

/** Two columns, indented. */
function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([first]) => first.length))
  return rows.map(([first, second]) => `  ${first.padEnd(width)}  ${second}`).join('\n')
}

/**
 * What --help says below the flags.
 * @param guides the file that lists the guides, where they are installed
 */
export function helpEpilogue(exitCodes: string, guides: string | undefined): string {
  return [
    `Environment:\n${columns(Object.entries(environment))}`,
    `Exit codes: ${exitCodes}`,
    'xbuild help COMMAND shows the flags of one command, xbuild man the manual page.',
    `Guides, the keys of xbuild.toml, troubleshooting: ${guides ?? 'docs/ of the source'}`,
  ].join('\n\n')
}
