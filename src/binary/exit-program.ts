import type { Platform } from '../platforms.ts'

/** The exit status of the programs: one that no shell or emulator gives by itself. */
export const exitProgramStatus = 42

/** Machine code of Linux's system call exit(42). */
interface ExitCode {
  /** In the byte order of the processor. */
  readonly code: readonly number[]
  /** `e_flags` of the ELF header, where the kernel or an emulator looks at them. */
  readonly flags?: number
}

/** 32-bit instructions, little-endian. */
const words = (...values: readonly number[]): number[] =>
  values.flatMap(value => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24])

/** By the architecture of a platform. The numbers of the system call are those of the kernel's tables (syscall.tbl). */
const programs: Readonly<Record<string, ExitCode>> = {
  // mov eax, 60; mov edi, 42; syscall
  amd64: { code: [0xb8, 60, 0, 0, 0, 0xbf, 42, 0, 0, 0, 0x0f, 0x05] },
  // mov eax, 1; mov ebx, 42; int 0x80
  '386': { code: [0xb8, 1, 0, 0, 0, 0xbb, 42, 0, 0, 0, 0xcd, 0x80] },
  // mov x8, 93; mov x0, 42; svc 0
  arm64: { code: words(0xd280_0ba8, 0xd280_0540, 0xd400_0001) },
  // mov r7, 1; mov r0, 42; svc 0; version 5 of the EABI
  arm: { code: words(0xe3a0_7001, 0xe3a0_002a, 0xef00_0000), flags: 0x0500_0000 },
  // li a7, 93; li a0, 42; ecall
  riscv64: { code: words(0x05d0_0893, 0x02a0_0513, 0x0000_0073) },
  // li r0, 1; li r3, 42; sc; version 2 of the ABI
  ppc64le: { code: words(0x3800_0001, 0x3860_002a, 0x4400_0002), flags: 2 },
  // lghi r2, 42; svc 1
  s390x: { code: [0xa7, 0x29, 0, 42, 0x0a, 1] },
  // ori a7, zero, 93; ori a0, zero, 42; syscall 0; base ABI with doubles, version 1 of the object ABI
  loong64: { code: words(0x0381_740b, 0x0380_a804, 0x002b_0000), flags: 0x43 },
  // ori v0, zero, 5058; ori a0, zero, 42; syscall; MIPS64 release 2
  mips64le: { code: words(0x3402_13c2, 0x3404_002a, 0x0000_000c), flags: 0x8000_0000 },
}

const address = 0x40_0000

/**
 * A static Linux program of some 130 bytes that exits with {@link exitProgramStatus}: it runs where the processor, or an
 * emulator that the kernel knows, runs programs of this platform.
 */
export function exitProgram({ arch, elf }: Platform): Uint8Array {
  const { code, flags = 0 } = programs[arch] as ExitCode
  const is64 = elf.class === 64
  const header = is64 ? 64 : 52
  const segment = is64 ? 56 : 32
  const start = header + segment
  const size = start + code.length
  const file = new Uint8Array(size)
  const view = new DataView(file.buffer)
  const little = elf.endian === 'little'
  const half = (at: number, value: number) => view.setUint16(at, value, little)
  const word = (at: number, value: number) => view.setUint32(at, value, little)
  /** An address or a size: as wide as the class. */
  const wide = (at: number, value: number) => {
    if (is64) view.setBigUint64(at, BigInt(value), little)
    else word(at, value)
  }
  file.set([0x7f, 0x45, 0x4c, 0x46, is64 ? 2 : 1, little ? 1 : 2, 1])
  half(16, 2) // an executable
  half(18, elf.machine)
  word(20, 1)
  wide(24, address + start)
  wide(is64 ? 32 : 28, header)
  word(is64 ? 48 : 36, flags)
  half(is64 ? 52 : 40, header)
  half(is64 ? 54 : 42, segment)
  half(is64 ? 56 : 44, 1)
  // One segment, loaded whole, to be read and run.
  word(header, 1)
  word(header + (is64 ? 4 : 24), 5)
  for (const offset of is64 ? [16, 24] : [8, 12]) wide(header + offset, address)
  for (const offset of is64 ? [32, 40] : [16, 20]) wide(header + offset, size)
  wide(header + (is64 ? 48 : 28), 0x1_0000)
  file.set(code, start)
  return file
}
