import { type ImageBinary, needs } from '../binary/needs.ts'
import { Failure } from '../errors.ts'
import { type Platform, parsePlatform } from '../platforms.ts'
import type { BaseChoice, LibcPrediction } from '../types.ts'
import { compareVersions } from '../util/versions.ts'
import {
  type Base,
  type DistrolessFamily,
  type DistrolessOptions,
  distrolessBase,
  distrolessFamilies,
  distrolessReference,
  knownBase,
} from './known.ts'
import { servingPlatform } from './serving-platform.ts'

/** One thing that a binary needs and a base has not. */
interface Shortcoming {
  readonly kind: 'loader' | 'musl' | 'libc' | 'library' | 'version'
  readonly text: string
}

/**
 * The base that the binaries will probably need, before they are compiled. It only decides what is shown and looked up
 * meanwhile: `baseFor` has the last word.
 */
export function predictBase(prediction: LibcPrediction, options: DistrolessOptions = {}): BaseChoice {
  const family = prediction.libc === 'gnu' ? (prediction.cxx ? 'cc' : 'base-nossl') : 'static'
  const doubt = prediction.libc === 'unknown' ? '; only a compile can tell' : ''
  return {
    reference: distrolessReference(family, options),
    family,
    predicted: true,
    reason: `${prediction.reason}${doubt}`,
  }
}

/**
 * The smallest distroless image that serves every one of these binaries: they share one base, so the strongest need
 * wins.
 * @throws {Failure} verification, when none does: a musl loader, a library that none holds, a glibc that is too new.
 */
export function baseFor(binaries: readonly ImageBinary[], options: DistrolessOptions = {}): BaseChoice {
  let reason = 'every binary is static'
  for (const family of distrolessFamilies) {
    const missing = findShortcomings(distrolessBase(family, options), binaries)
    if (missing.length === 0) {
      return { reference: distrolessReference(family, options), family, predicted: false, reason }
    }
    reason = missing[0]?.text ?? reason
  }
  throw doesNotServe(distrolessBase('cc', options), binaries, options)
}

/**
 * The other bases that could serve these binaries, in the words of --base: for who cannot have the one that was chosen.
 */
export function otherBases(binaries: readonly ImageBinary[]): string {
  const dynamic = binaries.map(({ elf }) => needs(elf)).filter(({ libc }) => libc !== 'none')
  if (dynamic.length === 0) {
    return '--base builtin (certificates, users, /tmp) or --base scratch, which serve static binaries like these'
  }
  const libcs = [...new Set(dynamic.map(({ libc }) => (libc === 'unknown' ? 'its program loader' : libc)))]
  const [newest] = dynamic
    .flatMap(({ glibc }) => glibc ?? [])
    .sort(compareVersions)
    .reverse()
  const libraries = [...new Set(dynamic.flatMap(need => need.libraries))]
  return [
    `--base IMAGE, any that has ${libcs.join(' and ')}`,
    ...(newest ? [` ${newest} or newer`] : []),
    ...(libraries.length > 0 ? [`: ${libraries.join(', ')}`] : []),
  ].join('')
}

/**
 * Checks that a base can run these binaries, as far as its contents are known.
 * @throws {Failure} verification, naming each binary with what it lacks, and a base that has it.
 */
export function checkBaseServes(
  reference: string,
  binaries: readonly ImageBinary[],
  options: DistrolessOptions = {},
): void {
  const base = knownBase(reference)
  if (findShortcomings(base, binaries).length > 0) throw doesNotServe(base, binaries, options)
}

/**
 * Makes sure that a base has an image for every platform. `held` is the platform ids of its index where that has been
 * read; without it, what is known of the base by its name.
 * @throws {Failure} usage, naming the platforms it has and the bases that serve the missing ones.
 */
export function checkBasePlatforms(
  reference: string,
  platforms: readonly Platform[],
  held: readonly string[] | undefined = knownBase(reference).platforms,
): void {
  if (!held) return
  const missing = platforms.filter(platform => !servingPlatform(platform, held))
  if (missing.length === 0) return
  const { family } = knownBase(reference)
  const newest = isDistroless(family) ? distrolessBase(family) : undefined
  const moreThere = missing.every(platform => servingPlatform(platform, newest?.platforms ?? []))
  const rest = platforms.filter(platform => !missing.includes(platform))
  throw new Failure({
    kind: 'usage',
    what: `${reference} has no image for ${listIds(missing)}`,
    where: '--base and --platform',
    why: held.length > 0 ? `it has ${held.join(', ')}` : 'it has no platform at all',
    fix: [
      ...(newest && moreThere && newest.reference !== reference
        ? [`--base ${newest.reference}, which has`]
        : []),
      '--base builtin or --base scratch, which run static binaries on every platform',
      ...(rest.length > 0 ? [`--platform ${rest.map(({ id }) => id).join(',')}`] : []),
    ].join('\nor '),
  })
}

/**
 * Makes sure that dynamic programs find their loader in the images that a base has for them. For arm/v6 that may be the one
 * for arm/v5, whose libraries and loader are of the other float ABI (Debian's armel).
 * @param held the platform ids of the base's index
 * @throws {Failure} verification, naming each binary and the image that would be taken.
 */
export function checkBaseFloat(
  reference: string,
  binaries: readonly ImageBinary[],
  held: readonly string[],
): void {
  const lacking = binaries.flatMap(({ name, platform, elf }) => {
    const serving = servingPlatform(platform, held)
    if (serving === undefined || elf.linkage !== 'dynamic') return []
    if (parsePlatform(serving).elf.armFloat === platform.elf.armFloat) return []
    const why = `${name} for ${platform.id} needs ${elf.interpreter}; the base's image for it is ${serving}, of soft float`
    return { name, why }
  })
  if (lacking.length === 0) return
  throw new Failure({
    kind: 'verification',
    what: `The base image ${reference} cannot run ${[...new Set(lacking.map(({ name }) => name))].join(', ')}`,
    where: reference,
    why: lacking.map(({ why }) => why).join('\n'),
    fix: waysOut.libc,
  })
}

function findShortcomings(base: Base, binaries: readonly ImageBinary[]): Shortcoming[] {
  return binaries.flatMap(binary =>
    lacks(base, binary).map(({ kind, text }) => ({
      kind,
      text: `${binary.name} for ${binary.platform.id} needs ${text}`,
    })),
  )
}

/** What musl's loader takes for musl itself, whatever comes after (ldso/dynlink.c, load_library). */
const ofMusl = /^lib(c|pthread|rt|m|dl|util|xnet)\./

function lacks(base: Base, { elf }: ImageBinary): Shortcoming[] {
  const { libc, libraries, glibc, glibcxx } = needs(elf)
  if (base.libc === undefined || libc === 'none') return []
  if (libc === 'unknown')
    return [{ kind: 'loader', text: `the program loader ${elf.interpreter ?? '(none named)'}` }]
  if (libc !== base.libc) {
    return [{ kind: libc === 'musl' ? 'musl' : 'libc', text: `${libc}'s program loader ${elf.interpreter}` }]
  }
  const found: Shortcoming[] = libraries
    .filter(library => !(libc === 'musl' && ofMusl.test(library)))
    .filter(library => base.libraries && !base.libraries.has(library))
    .map(library => ({ kind: 'library', text: library }))
  for (const [name, wanted, has] of [
    ['glibc', glibc, base.glibc],
    ['libstdc++ with GLIBCXX', glibcxx, base.glibcxx],
  ] as const) {
    if (wanted && has && compareVersions(wanted, has) > 0) {
      found.push({ kind: 'version', text: `${name} ${wanted} or newer; the base has ${has}` })
    }
  }
  return found
}

/** Ways out, by what is lacking. */
const waysOut: Readonly<Record<Shortcoming['kind'], string>> = {
  loader:
    'link with the loader of a distribution (patchelf --set-interpreter changes that of a finished binary), or statically',
  musl: 'link statically (Go: CGO_ENABLED=0, Rust: -Ctarget-feature=+crt-static, C: -static), or --base alpine',
  libc: 'link statically, or for musl ([rust] libc = "musl")',
  library: 'link that library statically, or choose an image that holds it with --base',
  version:
    'compile against an older glibc ([rust] glibc = "2.36" with zig, or an older build machine), for musl, or statically',
}

function doesNotServe(base: Base, binaries: readonly ImageBinary[], options: DistrolessOptions): Failure {
  const missing = findShortcomings(base, binaries)
  const other = distrolessFamilies
    .map(family => distrolessBase(family, { ...options, release: undefined }))
    .find(candidate => findShortcomings(candidate, binaries).length === 0)
  return new Failure({
    kind: 'verification',
    what: `The base image ${base.reference} cannot run ${[...new Set(binaries.map(({ name }) => name))].join(', ')}`,
    where: base.reference,
    why: missing.map(({ text }) => text).join('\n'),
    fix: [
      ...(other ? [`--base ${other.reference}`] : []),
      ...new Set(missing.map(({ kind }) => waysOut[kind])),
    ].join('\nor '),
  })
}

function isDistroless(family: string): family is DistrolessFamily {
  return (distrolessFamilies as readonly string[]).includes(family)
}

function listIds(platforms: readonly Platform[]): string {
  return platforms.map(({ id }) => id).join(', ')
}
