import { Failure } from './errors.ts'
import { closestMatch } from './util/closest-match.ts'
import { normalizePlatform } from './util/normalize-platform.ts'

/** What an ELF header says of a platform (System V ABI; machine numbers of the psABI supplements). */
export interface ElfIdentity {
  readonly machine: number
  readonly class: 32 | 64
  readonly endian: 'little' | 'big'
  /** ARM only: the float ABI in e_flags that a C toolchain for this platform gives. */
  readonly armFloat?: 'soft' | 'hard'
}

/**
 * One platform under all its names: OCI, Go, Rust, Zig and Debian. Every other module asks this table; none keeps
 * an architecture name of its own.
 */
export interface Platform {
  /** The normalised OCI platform, as containerd's `platforms.Format(Normalize(p))` except that arm/v7 is spelt out. */
  readonly id: string
  readonly os: 'linux'
  readonly arch: string
  readonly variant?: string
  /** The platform without its variant, where an image of that serves this one too (amd64/v3 runs amd64 images). */
  readonly baseline?: string
  /** GOARCH and the variable that sets the variant. */
  readonly go: Readonly<Record<string, string>>
  readonly rust: {
    readonly gnu: string
    readonly musl?: string
    /** `-Ctarget-cpu`, for variants that share a triple with their baseline. */
    readonly cpu?: string
  }
  readonly zig: {
    readonly arch: string
    /** ABI suffixes of the two libcs. */
    readonly musl: string
    readonly gnu: string
    /** `-Dcpu` of zig build, `-mcpu` of zig cc. */
    readonly cpu?: string
  }
  /** The GNU triplet of Debian's cross gcc, its tools' prefix without the dash; absent where Debian has none. */
  readonly debian?: { readonly triplet: string; readonly arch: string; readonly march?: string }
  readonly elf: ElfIdentity
  /** The name of QEMU's user emulator, and of its binfmt_misc entry after `qemu-`. */
  readonly qemu: string
}

const le64 = (machine: number): ElfIdentity => ({ machine, class: 64, endian: 'little' })
const arm = (armFloat: 'soft' | 'hard'): ElfIdentity => ({
  machine: 40,
  class: 32,
  endian: 'little',
  armFloat,
})

const amd64 = {
  os: 'linux',
  arch: 'amd64',
  elf: le64(62),
  qemu: 'x86_64',
} as const
const amd64Rust = { gnu: 'x86_64-unknown-linux-gnu', musl: 'x86_64-unknown-linux-musl' }
const amd64Zig = { arch: 'x86_64', musl: 'musl', gnu: 'gnu' }
const amd64Debian = { triplet: 'x86_64-linux-gnu', arch: 'amd64' }
const arm64 = {
  os: 'linux',
  arch: 'arm64',
  elf: le64(183),
  qemu: 'aarch64',
  debian: { triplet: 'aarch64-linux-gnu', arch: 'arm64' },
} as const
const arm64Rust = { gnu: 'aarch64-unknown-linux-gnu', musl: 'aarch64-unknown-linux-musl' }

/** Every platform xbuild builds for. The order is the one in which help and errors list them. */
export const platforms: readonly Platform[] = [
  {
    ...amd64,
    id: 'linux/amd64',
    go: { GOARCH: 'amd64', GOAMD64: 'v1' },
    rust: amd64Rust,
    zig: amd64Zig,
    debian: amd64Debian,
  },
  {
    ...amd64,
    id: 'linux/amd64/v2',
    variant: 'v2',
    baseline: 'linux/amd64',
    go: { GOARCH: 'amd64', GOAMD64: 'v2' },
    rust: { ...amd64Rust, cpu: 'x86-64-v2' },
    zig: { ...amd64Zig, cpu: 'x86_64_v2' },
    debian: { ...amd64Debian, march: 'x86-64-v2' },
  },
  {
    ...amd64,
    id: 'linux/amd64/v3',
    variant: 'v3',
    baseline: 'linux/amd64',
    go: { GOARCH: 'amd64', GOAMD64: 'v3' },
    rust: { ...amd64Rust, cpu: 'x86-64-v3' },
    zig: { ...amd64Zig, cpu: 'x86_64_v3' },
    debian: { ...amd64Debian, march: 'x86-64-v3' },
  },
  {
    ...arm64,
    id: 'linux/arm64',
    go: { GOARCH: 'arm64', GOARM64: 'v8.0' },
    rust: arm64Rust,
    zig: { arch: 'aarch64', musl: 'musl', gnu: 'gnu' },
  },
  {
    ...arm64,
    id: 'linux/arm64/v9',
    variant: 'v9',
    baseline: 'linux/arm64',
    go: { GOARCH: 'arm64', GOARM64: 'v9.0' },
    rust: { ...arm64Rust, cpu: 'neoverse-n2' },
    zig: { arch: 'aarch64', musl: 'musl', gnu: 'gnu', cpu: 'generic+v9a' },
    debian: { ...arm64.debian, march: 'armv9-a' },
  },
  {
    id: 'linux/arm/v7',
    os: 'linux',
    arch: 'arm',
    variant: 'v7',
    go: { GOARCH: 'arm', GOARM: '7' },
    rust: { gnu: 'armv7-unknown-linux-gnueabihf', musl: 'armv7-unknown-linux-musleabihf' },
    zig: { arch: 'arm', musl: 'musleabihf', gnu: 'gnueabihf', cpu: 'generic+v7a' },
    debian: { triplet: 'arm-linux-gnueabihf', arch: 'armhf' },
    elf: arm('hard'),
    qemu: 'arm',
  },
  {
    id: 'linux/arm/v6',
    os: 'linux',
    arch: 'arm',
    variant: 'v6',
    go: { GOARCH: 'arm', GOARM: '6' },
    rust: { gnu: 'arm-unknown-linux-gnueabihf', musl: 'arm-unknown-linux-musleabihf' },
    zig: { arch: 'arm', musl: 'musleabihf', gnu: 'gnueabihf', cpu: 'arm1176jzf_s' },
    // Debian's armhf start files are ARMv7 code, so its cross gcc cannot serve v6.
    elf: arm('hard'),
    qemu: 'arm',
  },
  {
    id: 'linux/arm/v5',
    os: 'linux',
    arch: 'arm',
    variant: 'v5',
    go: { GOARCH: 'arm', GOARM: '5' },
    rust: { gnu: 'armv5te-unknown-linux-gnueabi', musl: 'armv5te-unknown-linux-musleabi' },
    zig: { arch: 'arm', musl: 'musleabi', gnu: 'gnueabi', cpu: 'arm926ej_s' },
    debian: { triplet: 'arm-linux-gnueabi', arch: 'armel' },
    elf: arm('soft'),
    qemu: 'arm',
  },
  {
    id: 'linux/386',
    os: 'linux',
    arch: '386',
    go: { GOARCH: '386', GO386: 'sse2' },
    rust: { gnu: 'i686-unknown-linux-gnu', musl: 'i686-unknown-linux-musl' },
    zig: { arch: 'x86', musl: 'musl', gnu: 'gnu' },
    debian: { triplet: 'i686-linux-gnu', arch: 'i386' },
    elf: { machine: 3, class: 32, endian: 'little' },
    qemu: 'i386',
  },
  {
    id: 'linux/riscv64',
    os: 'linux',
    arch: 'riscv64',
    go: { GOARCH: 'riscv64', GORISCV64: 'rva20u64' },
    rust: { gnu: 'riscv64gc-unknown-linux-gnu', musl: 'riscv64gc-unknown-linux-musl' },
    zig: { arch: 'riscv64', musl: 'musl', gnu: 'gnu' },
    debian: { triplet: 'riscv64-linux-gnu', arch: 'riscv64' },
    elf: le64(243),
    qemu: 'riscv64',
  },
  {
    id: 'linux/ppc64le',
    os: 'linux',
    arch: 'ppc64le',
    go: { GOARCH: 'ppc64le', GOPPC64: 'power8' },
    rust: { gnu: 'powerpc64le-unknown-linux-gnu', musl: 'powerpc64le-unknown-linux-musl' },
    zig: { arch: 'powerpc64le', musl: 'musl', gnu: 'gnu' },
    debian: { triplet: 'powerpc64le-linux-gnu', arch: 'ppc64el' },
    elf: le64(21),
    qemu: 'ppc64le',
  },
  {
    id: 'linux/s390x',
    os: 'linux',
    arch: 's390x',
    go: { GOARCH: 's390x' },
    rust: { gnu: 's390x-unknown-linux-gnu', musl: 's390x-unknown-linux-musl' },
    zig: { arch: 's390x', musl: 'musl', gnu: 'gnu' },
    debian: { triplet: 's390x-linux-gnu', arch: 's390x' },
    elf: { machine: 22, class: 64, endian: 'big' },
    qemu: 's390x',
  },
  {
    id: 'linux/loong64',
    os: 'linux',
    arch: 'loong64',
    go: { GOARCH: 'loong64' },
    rust: { gnu: 'loongarch64-unknown-linux-gnu', musl: 'loongarch64-unknown-linux-musl' },
    zig: { arch: 'loongarch64', musl: 'musl', gnu: 'gnu' },
    debian: { triplet: 'loongarch64-linux-gnu', arch: 'loong64' },
    elf: le64(258),
    qemu: 'loongarch64',
  },
  {
    id: 'linux/mips64le',
    os: 'linux',
    arch: 'mips64le',
    go: { GOARCH: 'mips64le', GOMIPS64: 'hardfloat' },
    rust: { gnu: 'mips64el-unknown-linux-gnuabi64', musl: 'mips64el-unknown-linux-muslabi64' },
    zig: { arch: 'mips64el', musl: 'muslabi64', gnu: 'gnuabi64' },
    debian: { triplet: 'mips64el-linux-gnuabi64', arch: 'mips64el' },
    elf: le64(8),
    qemu: 'mips64el',
  },
]

const byId = new Map(platforms.map(platform => [platform.id, platform]))

/** The platforms an image is built for when nobody says otherwise. */
export const defaultPlatforms = ['linux/amd64', 'linux/arm64'] as const

/**
 * Reads one platform in any spelling containerd takes: `linux/arm64`, `linux/arm64/v8`, `arm64`, `aarch64`, `armhf`.
 * @throws {Failure} usage, with the nearest known platform, when it names none that xbuild builds for.
 */
export function parsePlatform(text: string): Platform {
  const parts = text.split('/')
  const id =
    parts.length === 1
      ? normalizePlatform('linux', parts[0] ?? '')
      : normalizePlatform(parts[0] ?? '', parts[1] ?? '', parts[2])
  const platform = parts.length <= 3 ? byId.get(id) : undefined
  if (platform) return platform
  const known = [...byId.keys()]
  // Compared without `linux/`, which would make any two of them look alike.
  const architectures = known.map(each => each.slice('linux/'.length))
  const nearest = closestMatch(id.replace(/^[^/]*\//, ''), architectures) ?? closestMatch(text, architectures)
  const suggestion = nearest && `linux/${nearest}`
  throw new Failure({
    kind: 'usage',
    what: `Unknown platform ${JSON.stringify(text)}${suggestion ? `; did you mean ${suggestion}?` : ''}`,
    why: `xbuild builds for ${known.join(', ')}`,
    fix: `--platform ${suggestion ?? defaultPlatforms.join(',')}`,
  })
}

/**
 * Reads a list of platforms, each item itself perhaps comma-separated; a platform named twice counts once.
 * @throws {Failure} usage, when one is unknown or none is given.
 */
export function parsePlatforms(texts: readonly string[]): Platform[] {
  const names = texts.flatMap(text => text.split(',')).map(name => name.trim())
  if (names.length === 0 || names.includes('')) {
    throw new Failure({
      kind: 'usage',
      what: 'An empty platform in --platform',
      fix: `--platform ${defaultPlatforms.join(',')}`,
    })
  }
  return [...new Set(names.map(parsePlatform))]
}

/** Whether xbuild builds for what `text` names. */
export function isPlatform(text: string): boolean {
  try {
    return Boolean(parsePlatform(text))
  } catch {
    return false
  }
}

/** The platform with this OCI identity, or undefined for one that xbuild does not build for (such as unknown/unknown). */
export function findPlatform(os: string, arch: string, variant?: string): Platform | undefined {
  return byId.get(normalizePlatform(os, arch, variant))
}

/** The name of the folder under dist/ that holds this platform's binaries: `linux_arm_v7`. */
export function platformFolder(platform: Platform): string {
  return platform.id.replaceAll('/', '_')
}

/** The Zig target of this platform for a libc: `aarch64-linux-musl`. */
export function zigTarget(platform: Platform, libc: 'musl' | 'gnu'): string {
  return `${platform.zig.arch}-linux-${platform.zig[libc]}`
}
