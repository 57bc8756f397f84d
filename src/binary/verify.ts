import { Failure } from '../errors.ts'
import { type Platform, platforms } from '../platforms.ts'
import { compareVersions } from '../util/versions.ts'
import type { ElfFacts } from './elf.ts'

/** One way in which a binary is not what its platform asks for. */
export interface Mismatch {
  /** "what: expected this, found that". */
  readonly text: string
  /** Whether the binary runs on the platform nevertheless, such as one for ARMv6 on ARMv7. */
  readonly runs: boolean
}

/** What is called for by the machine-independent part of the ELF header: System V or GNU/Linux. */
const linuxAbis = [0, 3]

/** Loader of ARM programs whose calls pass floating-point numbers in integer registers (glibc). */
const softFloatLoader = '/lib/ld-linux.so.3'

/** Everything that is wrong with a binary for a platform; empty when it is right. */
export function findMismatches(elf: ElfFacts, platform: Platform): Mismatch[] {
  const { elf: expected } = platform
  const mismatches: Mismatch[] = []
  const compare = (what: string, wanted: string | number, found: string | number, runs = false) => {
    if (wanted !== found) mismatches.push({ text: `${what}: expected ${wanted}, found ${found}`, runs })
  }

  if (elf.machine !== expected.machine) {
    compare('machine', `${expected.machine} (${platform.id})`, `${elf.machine} (${describeMachine(elf)})`)
  }
  compare('class', `${expected.class}-bit`, `${elf.class}-bit`)
  compare('byte order', `${expected.endian}-endian`, `${elf.endian}-endian`)
  if (!linuxAbis.includes(elf.osabi)) compare('operating system ABI', 'Linux', elf.osabi)
  compare('file type', 'a program', describeType(elf))
  if (lacksLoader(elf)) {
    compare(
      'libraries',
      'none, or a program loader that finds them',
      `${elf.needed.join(', ')} and no program loader`,
    )
  }
  // Go's own linker states no float ABI, so of a Go program only the loader tells.
  if (expected.armFloat && elf.armFloat && !elf.go) {
    compare(
      'float ABI',
      expected.armFloat,
      elf.armFloat,
      elf.armFloat === 'soft' && elf.linkage !== 'dynamic',
    )
  }
  if (expected.armFloat === 'hard' && elf.interpreter === softFloatLoader) {
    compare('program loader', '/lib/ld-linux-armhf.so.3', elf.interpreter)
  }
  for (const [name, wanted] of Object.entries({ GOOS: platform.os, ...platform.go })) {
    const found = elf.go?.settings[name]
    // Not every toolchain records every variable: GOARM64 and GORISCV64 came with Go 1.23.
    if (found !== undefined) compare(name, wanted, found, runsOnLevel(name, found, wanted))
  }
  return mismatches
}

/**
 * Makes sure that a binary is what its platform asks for. `file` is what messages call it.
 * @throws {Failure} verification, with every mismatch.
 */
export function checkBinary(elf: ElfFacts, platform: Platform, file: string): void {
  const mismatches = findMismatches(elf, platform)
  if (mismatches.length === 0) return
  throw new Failure({
    kind: 'verification',
    what: `The binary for ${platform.id} is not a ${platform.id} program`,
    where: file,
    why: mismatches.map(({ text }) => text).join('\n'),
    fix: suggestFix(elf, platform),
  })
}

/**
 * Makes sure that a binary runs on the oldest glibc that was asked for: a linker of the user's knows nothing of it.
 * @throws {Failure} verification, when it needs a newer one.
 */
export function checkGlibc(
  { glibc }: ElfFacts,
  { oldest, file }: { readonly oldest: string; readonly file: string },
): void {
  if (glibc === undefined || compareVersions(glibc, oldest) <= 0) return
  throw new Failure({
    kind: 'verification',
    what: `The binary needs glibc ${glibc}, and it must run on ${oldest}`,
    where: file,
    why: `[rust] glibc asks for ${oldest}; only zig links against a chosen glibc, any other linker against that of its machine`,
    fix: `leave the linker to zig (pip install ziglang, no linker of your own for this target), or [rust] glibc = "${glibc}"`,
  })
}

/** What likely went wrong: the target did not reach the compiler, or something set another one. */
function suggestFix(elf: ElfFacts, platform: Platform): string {
  const found = describeMachine(elf)
  if (lacksLoader(elf)) {
    return `compile ${elf.needed.join(', ')} into the program, or link for glibc: a linker for musl took the copy of this machine (pip install ziglang: zig takes none)`
  }
  if (describeType(elf) !== 'a program') {
    return 'build an executable: for Go a main package and -buildmode=exe or pie, for Rust a bin, for Zig addExecutable'
  }
  if (elf.go) {
    const names = Object.keys(platform.go).join(', ')
    return `remove ${names} from [go] env, from the environment and from \`go env -w\`, or ask for the platform that they name`
  }
  if (elf.machine !== platform.elf.machine) {
    return `the target did not reach the compiler, or the build set its own: look for one in .cargo/config.toml, build.zig or a build script, or build for --platform ${found}`
  }
  return 'look for another target, -march or float ABI in .cargo/config.toml, RUSTFLAGS, CFLAGS or build.zig'
}

/** A static program into whose link a shared library got: nothing would load it. */
function lacksLoader({ type, interpreter, needed, pie }: ElfFacts): boolean {
  return (type === 'exec' || pie) && interpreter === undefined && needed.length > 0
}

/** The platform whose binaries have this header, or its numbers. */
function describeMachine(elf: ElfFacts): string {
  const same = platforms.find(
    ({ elf: known }) =>
      known.machine === elf.machine && known.class === elf.class && known.endian === elf.endian,
  )
  return same?.id ?? `${elf.class}-bit, ${elf.endian}-endian`
}

/** A DYN file is a program when it names a loader or is marked as position-independent executable, else a library. */
function describeType({ type, interpreter, pie }: ElfFacts): string {
  if (type === 'exec' || (type === 'dyn' && (interpreter !== undefined || pie))) return 'a program'
  const names: Partial<Record<ElfFacts['type'], string>> = {
    dyn: 'a shared library',
    rel: 'an object file that is not linked',
    core: 'a core dump',
  }
  return names[type] ?? 'neither a program nor a library'
}

/** Whether a program for instruction set level `found` runs where `wanted` is: GOARM=6 on 7, GOAMD64=v1 on v3. */
function runsOnLevel(name: string, found: string, wanted: string): boolean {
  if (name === 'GOOS' || name === 'GOARCH' || /,(lse|crypto)/.test(found)) return false
  return level(found) <= level(wanted)
}

/** The number in v3, 7, v8.0, power9, rva22u64 or sse2; software floating point needs least of all. */
function level(value: string): number {
  return value.startsWith('softfloat') ? 0 : Number(/\d+(\.\d+)?/.exec(value)?.[0] ?? 1)
}
