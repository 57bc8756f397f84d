/** The processors for which there is a tiny program, by the names of platforms. */
export type TinyArch = 'amd64' | 'arm64'

const header = 64
const segmentHeader = 56
const start = header + segmentHeader
/** Where Linux loads programs that are not position-independent. */
const address = 0x40_0000

/** Machine code that writes the text behind it to stdout and exits with status 0 (Linux's system calls write and exit). */
const machines: Readonly<Record<TinyArch, { machine: number; code: (length: number) => Uint8Array }>> = {
  amd64: {
    machine: 62,
    code: length =>
      Uint8Array.of(
        ...[0xb8, 1, 0, 0, 0], // mov eax, 1 (write)
        ...[0xbf, 1, 0, 0, 0], // mov edi, 1 (stdout)
        ...[0x48, 0x8d, 0x35, 16, 0, 0, 0], // lea rsi, [rip + 16]: the text
        ...[0xba, length, 0, 0, 0], // mov edx, length
        ...[0x0f, 0x05], // syscall
        ...[0xb8, 60, 0, 0, 0], // mov eax, 60 (exit)
        ...[0x31, 0xff], // xor edi, edi
        ...[0x0f, 0x05], // syscall
      ),
  },
  arm64: {
    machine: 183,
    code: length =>
      words(
        0xd280_0808, // mov x8, 64 (write)
        0xd280_0020, // mov x0, 1 (stdout)
        0x1000_00c1, // adr x1, 24 bytes on: the text
        0xd280_0002 + length * 32, // mov x2, length
        0xd400_0001, // svc 0
        0xd280_0ba8, // mov x8, 93 (exit)
        0xd280_0000, // mov x0, 0
        0xd400_0001, // svc 0
      ),
  },
}

function words(...values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4))
  for (const [index, value] of values.entries()) view.setUint32(index * 4, value, true)
  return new Uint8Array(view.buffer)
}

/**
 * A static Linux program of some 200 bytes that prints a text and exits: what `xbuild self-check` packs, where there is no
 * toolchain that could compile one.
 * @param text ASCII, at most 127 characters
 */
export function tinyProgram(arch: TinyArch, text: string): Uint8Array {
  const message = new TextEncoder().encode(text)
  const { machine, code } = machines[arch]
  const body = code(message.length)
  const size = start + body.length + message.length
  const file = new Uint8Array(size)
  const view = new DataView(file.buffer)
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  view.setUint16(16, 2, true) // an executable
  view.setUint16(18, machine, true)
  view.setUint32(20, 1, true)
  view.setUint32(24, address + start, true)
  view.setUint32(32, header, true)
  view.setUint16(52, header, true)
  view.setUint16(54, segmentHeader, true)
  view.setUint16(56, 1, true)
  // One segment, loaded whole, to be read and run.
  view.setUint32(header, 1, true)
  view.setUint32(header + 4, 5, true)
  for (const offset of [16, 24]) view.setUint32(header + offset, address, true)
  for (const offset of [32, 40]) view.setUint32(header + offset, size, true)
  view.setUint32(header + 48, 0x1_0000, true)
  file.set(body, start)
  file.set(message, start + body.length)
  return file
}
