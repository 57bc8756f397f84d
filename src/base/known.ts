import type { BaseFamily } from '../types.ts'

/** What is known of a base image; an absent field is not known, and nothing is refused for it. */
export interface Base {
  readonly reference: string
  readonly family: BaseFamily
  /** Ids of the platforms it has an image for. */
  readonly platforms?: readonly string[]
  readonly libc?: 'none' | 'glibc' | 'musl'
  /** Shared libraries by name. */
  readonly libraries?: ReadonlySet<string>
  readonly glibc?: string
  /** The newest GLIBCXX version of its libstdc++. */
  readonly glibcxx?: string
  /** Whether it runs programs as root where the image says nothing else. */
  readonly runsAsRoot?: boolean
}

/** The images of distroless that hold no language runtime, from the least to the most. */
export const distrolessFamilies = ['static', 'base-nossl', 'base', 'cc'] as const
export type DistrolessFamily = (typeof distrolessFamilies)[number]

/** The Debian release that a distroless image is made of. */
type DistrolessRelease = keyof typeof releases

export interface DistrolessOptions {
  /** Stands in for gcr.io/distroless: a mirror of it. */
  readonly registry?: string | undefined
  /** Default debian13. */
  readonly release?: DistrolessRelease | undefined
  /** Run as 65532:65532 rather than as root. Default true. */
  readonly nonroot?: boolean | undefined
}

/** The releases with their platforms and packages (distroless static/, base/ and cc/config.bzl; the packages' symbols files). */
const releases = {
  debian12: {
    platforms: ['linux/amd64', 'linux/arm64', 'linux/arm/v7', 'linux/s390x', 'linux/ppc64le'],
    glibc: '2.36',
    glibcxx: '3.4.30',
    base: ['libssl.so.3', 'libcrypto.so.3'],
  },
  debian13: {
    platforms: [
      'linux/amd64',
      'linux/arm64',
      'linux/arm/v7',
      'linux/s390x',
      'linux/ppc64le',
      'linux/riscv64',
    ],
    glibc: '2.41',
    glibcxx: '3.4.33',
    base: ['libssl.so.3', 'libcrypto.so.3', 'libz.so.1', 'libzstd.so.1'],
  },
} as const
const defaultRelease: DistrolessRelease = 'debian13'

/** Debian's libc6 package, without its loader. */
const glibcLibraries = [
  ...[
    'libc.so.6',
    'libm.so.6',
    'libmvec.so.1',
    'libpthread.so.0',
    'libdl.so.2',
    'librt.so.1',
    'libresolv.so.2',
  ],
  ...['libutil.so.1', 'libanl.so.1', 'libnsl.so.1', 'libBrokenLocale.so.1', 'libthread_db.so.1'],
  ...['libnss_compat.so.2', 'libnss_dns.so.2', 'libnss_files.so.2', 'libnss_hesiod.so.2'],
]
const ccLibraries = ['libgcc_s.so.1', 'libstdc++.so.6', 'libgomp.so.1']

/** What a base of another maker is known by; versions by the name of a release in the tag. */
type OtherBase = Pick<Base, 'libc' | 'libraries' | 'platforms' | 'runsAsRoot'> & {
  /** The tags that this is true of. Default all. */
  readonly tags?: RegExp
  readonly family?: BaseFamily
  readonly glibc?: Readonly<Record<string, string>>
  readonly glibcxx?: Readonly<Record<string, string>>
}

const chainguardPlatforms = ['linux/amd64', 'linux/arm64']

/** What the slices of Ubuntu hold besides glibc. */
const chiselledLibraries = ['libgcc_s.so.1', 'libstdc++.so.6', 'libssl.so.3', 'libcrypto.so.3']

/** Images of other makers, by repository without `docker.io/` and `library/`. docs/image.md says what each is known by. */
const otherBases: Readonly<Record<string, OtherBase>> = {
  // Chainguard: apko.yaml of each in chainguard-images/images; Wolfi has no releases, so the newest of everything.
  'cgr.dev/chainguard/static': { family: 'static', libc: 'none', platforms: chainguardPlatforms },
  'cgr.dev/chainguard/glibc-dynamic': {
    libc: 'glibc',
    platforms: chainguardPlatforms,
    libraries: new Set([...glibcLibraries, 'libcrypt.so.1', 'libgcc_s.so.1', 'libstdc++.so.6']),
  },
  'cgr.dev/chainguard/wolfi-base': { libc: 'glibc', platforms: chainguardPlatforms, runsAsRoot: true },
  // Ubuntu, chiselled: the slices in the Dockerfiles of dotnet/dotnet-docker. The user is app, 1654.
  'mcr.microsoft.com/dotnet/runtime-deps': {
    tags: /-chiseled(-|$)/,
    libc: 'glibc',
    libraries: new Set([...glibcLibraries, ...chiselledLibraries]),
    glibc: { jammy: '2.35', noble: '2.39' },
    glibcxx: { jammy: '3.4.30', noble: '3.4.33' },
  },
  // docker-library/official-images, library/alpine. Busybox and apk are linked with these libraries.
  alpine: {
    libc: 'musl',
    libraries: new Set(['libssl.so.3', 'libcrypto.so.3', 'libz.so.1']),
    runsAsRoot: true,
  },
  debian: {
    libc: 'glibc',
    glibc: { bullseye: '2.31', '11': '2.31', bookworm: '2.36', '12': '2.36', trixie: '2.41', '13': '2.41' },
    runsAsRoot: true,
  },
  ubuntu: {
    libc: 'glibc',
    glibc: { focal: '2.31', '20.04': '2.31', jammy: '2.35', '22.04': '2.35', noble: '2.39', '24.04': '2.39' },
    runsAsRoot: true,
  },
}

/** The reference of a distroless image, such as `gcr.io/distroless/static-debian13:nonroot`. */
export function distrolessReference(family: DistrolessFamily, options: DistrolessOptions = {}): string {
  const { registry = 'gcr.io/distroless', release = defaultRelease, nonroot = true } = options
  return `${registry}/${family}-${release}:${nonroot ? 'nonroot' : 'latest'}`
}

/** A distroless image with what it holds. */
export function distrolessBase(family: DistrolessFamily, options: DistrolessOptions = {}): Base {
  const { platforms, glibc, glibcxx, base } = releases[options.release ?? defaultRelease]
  const reference = distrolessReference(family, options)
  if (family === 'static') return { reference, family, platforms, libc: 'none' }
  const libraries = new Set([
    ...glibcLibraries,
    ...(family === 'base-nossl' ? [] : base),
    ...(family === 'cc' ? ccLibraries : []),
  ])
  return {
    reference,
    family,
    platforms,
    libc: 'glibc',
    libraries,
    glibc,
    ...(family === 'cc' && { glibcxx }),
  }
}

/**
 * What is known of the base that somebody chose: `scratch`, `builtin`, a distroless image (of any registry, by its
 * name), an image of another maker, or the path of an OCI layout or archive, of which nothing is.
 */
export function knownBase(reference: string): Base {
  if (reference === 'scratch' || reference === 'builtin')
    return { reference, family: reference, libc: 'none' }
  if (/^\.{0,2}\/|\.tar$/.test(reference)) return { reference, family: 'other' }
  const [, repository = '', tag = 'latest'] = /^(.*?)(?::([\w.-]+))?(?:@[\w:]+)?$/.exec(reference) ?? []
  const distroless = /(?:^|\/)(static|base-nossl|base|cc)-(debian1[23])$/.exec(repository)
  if (distroless) {
    const [, family, release] = distroless as unknown as [string, DistrolessFamily, DistrolessRelease]
    return { ...distrolessBase(family, { release }), reference }
  }
  const unsuffixed = /(?:^|\/)distroless\/(static|base-nossl|base|cc)$/.exec(repository)
  if (unsuffixed) {
    // Without a release, its platforms and versions are those that the name has today.
    const { family, libc } = distrolessBase(unsuffixed[1] as DistrolessFamily)
    return { reference, family, ...(libc && { libc }) }
  }
  const other = otherBases[repository.replace(/^(?:docker\.io\/)?(?:library\/)?/, '')]
  const isKnown = other && (other.tags ?? /./).test(tag)
  const { family = 'other', glibc, glibcxx, tags: _, ...known } = isKnown ? other : {}
  const ofRelease = (versions: Readonly<Record<string, string>> = {}) =>
    Object.entries(versions).find(([name]) => tag.startsWith(name) || tag.includes(`-${name}`))?.[1]
  const versions = { glibc: ofRelease(glibc), glibcxx: ofRelease(glibcxx) }
  return {
    reference,
    family,
    ...known,
    ...(versions.glibc && { glibc: versions.glibc }),
    ...(versions.glibcxx && { glibcxx: versions.glibcxx }),
  }
}
