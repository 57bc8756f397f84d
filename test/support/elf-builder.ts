import type { Platform } from '../../src/platforms.ts'

/** What the built file shall be; the default is a static, unstripped x86-64 program. */
export interface ElfOptions {
  readonly machine?: number
  readonly class?: 32 | 64
  readonly endian?: 'little' | 'big'
  readonly type?: 'rel' | 'exec' | 'dyn' | 'core'
  readonly osabi?: number
  readonly flags?: number
  readonly interpreter?: string
  readonly needed?: readonly string[]
  /** Symbol versions by the library that has them; a name that begins with "?" is asked for weakly. */
  readonly versions?: Readonly<Record<string, readonly string[]>>
  /** Marked as a position-independent executable (DF_1_PIE). */
  readonly pie?: boolean
  readonly go?: {
    readonly version: string
    readonly path?: string
    readonly settings?: Readonly<Record<string, string>>
    /** The header of Go before 1.18, whose strings are elsewhere. */
    readonly pointers?: boolean
  }
  /** Section headers; false is what `objcopy --strip-section-headers` leaves. */
  readonly sections?: boolean
  readonly stripped?: boolean
}

const typeNumbers = { rel: 1, exec: 2, dyn: 3, core: 4 }
const baseAddress = 0x40_0000
const layouts = {
  32: { header: 52, segment: 32, section: 40, word: 4 },
  64: { header: 64, segment: 56, section: 64, word: 8 },
}

/** A small ELF file with the header, program headers, dynamic section and section headers that the options ask for. */
export function buildElf(options: ElfOptions = {}): Uint8Array {
  const { endian = 'little', needed = [], versions = {}, sections = true, stripped = false } = options
  const width = options.class ?? 64
  const layout = layouts[width]
  const encode = (...numbers: [size: number, value: number][]) =>
    concat(numbers.map(n => number(endian, ...n)))
  const word = (value: number): [number, number] => [layout.word, value]

  // The content, each piece at a multiple of 16 behind room for the headers.
  const segmentCount = 3
  const pieces: { name: string; type: number; offset: number; bytes: Uint8Array }[] = []
  let end = align(layout.header + segmentCount * layout.segment)
  const add = (name: string, type: number, bytes: Uint8Array) => {
    const piece = { name, type, offset: end, bytes }
    pieces.push(piece)
    end = align(end + bytes.length)
    return piece
  }

  const interpreter =
    options.interpreter === undefined ? undefined : add('.interp', 1, cString(options.interpreter))
  const strings = stringTable([
    ...needed,
    ...Object.keys(versions),
    ...Object.values(versions).flat().map(bare),
  ])
  const isDynamic = needed.length > 0 || Object.keys(versions).length > 0 || options.pie === true
  const stringPiece = isDynamic ? add('.dynstr', 3, strings.bytes) : undefined
  const versionPiece = isDynamic
    ? add('.gnu.version_r', 0x6ffffffe, versionNeeds(versions, strings.at, encode))
    : undefined
  const entries: [tag: number, value: number][] = [
    ...needed.map((name): [number, number] => [1, strings.at(name)]),
    [5, baseAddress + (stringPiece?.offset ?? 0)],
    ...(Object.keys(versions).length > 0
      ? ([
          [0x6ffffffe, baseAddress + (versionPiece?.offset ?? 0)],
          [0x6fffffff, Object.keys(versions).length],
        ] as [number, number][])
      : []),
    ...(options.pie ? ([[0x6ffffffb, 0x08000000]] as [number, number][]) : []),
    [0, 0],
  ]
  const dynamic = isDynamic
    ? add('.dynamic', 6, concat(entries.map(([tag, value]) => encode(word(tag), word(value)))))
    : undefined
  if (options.go) add('.go.buildinfo', 1, goBuildInfo(options.go))
  const loadedEnd = end
  if (sections && !stripped) add('.symtab', 2, new Uint8Array(layout.section))
  const names = stringTable([...pieces.map(({ name }) => name), '.shstrtab'])
  if (sections) add('.shstrtab', 3, names.bytes)

  const segment = (type: number, flags: number, offset: number, size: number) =>
    width === 64
      ? encode(
          [4, type],
          [4, flags],
          word(offset),
          ...[0, 0].map(() => word(baseAddress + offset)),
          word(size),
          word(size),
          word(16),
        )
      : encode(
          [4, type],
          word(offset),
          ...[0, 0].map(() => word(baseAddress + offset)),
          word(size),
          word(size),
          [4, flags],
          word(16),
        )
  const span = (piece: { offset: number; bytes: Uint8Array } | undefined, type: number) =>
    piece ? segment(type, 4, piece.offset, piece.bytes.length) : segment(0, 0, 0, 0)
  const section = (name: number, type: number, offset: number, size: number) =>
    encode([4, name], [4, type], word(0), word(0), word(offset), word(size), [4, 0], [4, 0], word(1), word(0))

  const file = new Uint8Array(end + (sections ? (pieces.length + 1) * layout.section : 0))
  file.set(
    concat([
      Uint8Array.of(
        0x7f,
        0x45,
        0x4c,
        0x46,
        width / 32,
        endian === 'little' ? 1 : 2,
        1,
        options.osabi ?? 0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
      ),
      encode(
        [2, typeNumbers[options.type ?? 'exec']],
        [2, options.machine ?? 62],
        [4, 1],
        word(baseAddress),
        word(layout.header),
        word(sections ? end : 0),
        [4, options.flags ?? 0],
        [2, layout.header],
        [2, layout.segment],
        [2, segmentCount],
        [2, layout.section],
        [2, sections ? pieces.length + 1 : 0],
        [2, sections ? pieces.length : 0],
      ),
      segment(1, 6, 0, loadedEnd),
      span(interpreter, 3),
      span(dynamic, 2),
    ]),
  )
  for (const { offset, bytes } of pieces) file.set(bytes, offset)
  if (sections) {
    const table = [
      section(0, 0, 0, 0),
      ...pieces.map(p => section(names.at(p.name), p.type, p.offset, p.bytes.length)),
    ]
    file.set(concat(table), end)
  }
  return file
}

/** An ELF file with the header that a platform asks for; for Go programs also its settings. */
export function buildElfFor(
  platform: Platform,
  options: ElfOptions & { readonly goSettings?: boolean } = {},
): Uint8Array {
  const { armFloat, ...identity } = platform.elf
  const flags = armFloat && !options.goSettings ? 0x5000000 | (armFloat === 'hard' ? 0x400 : 0x200) : 0
  return buildElf({
    ...identity,
    flags,
    ...(options.goSettings && { go: { version: 'go1.26.8', settings: { GOOS: 'linux', ...platform.go } } }),
    ...options,
  })
}

type Encode = (...numbers: [size: number, value: number][]) => Uint8Array

function versionNeeds(
  versions: Readonly<Record<string, readonly string[]>>,
  at: (text: string) => number,
  encode: Encode,
): Uint8Array {
  const libraries = Object.entries(versions)
  return concat(
    libraries.flatMap(([library, names], index) => [
      encode(
        [2, 1],
        [2, names.length],
        [4, at(library)],
        [4, 16],
        [4, index + 1 < libraries.length ? 16 + 16 * names.length : 0],
      ),
      ...names.map((name, position) =>
        encode(
          [4, 0],
          [2, name.startsWith('?') ? 2 : 0],
          [2, 2],
          [4, at(bare(name))],
          [4, position + 1 < names.length ? 16 : 0],
        ),
      ),
    ]),
  )
}

function goBuildInfo({ version, path, settings = {}, pointers }: NonNullable<ElfOptions['go']>): Uint8Array {
  const header = new Uint8Array(32)
  header.set(Buffer.from('\xff Go buildinf:', 'latin1'))
  header.set([8, pointers ? 0 : 2], 14)
  if (pointers) return header
  const lines = [
    ...(path ? [`path\t${path}`, `mod\t${path}\t(devel)\t`] : []),
    ...Object.entries(settings).map(
      ([key, value]) => `build\t${key}=${/[\s"]/.test(value) ? JSON.stringify(value) : value}`,
    ),
  ]
  const frame = Buffer.alloc(16, 0xf2)
  const modules = Buffer.concat([frame, Buffer.from(lines.map(line => `${line}\n`).join('')), frame])
  return concat([header, ...[Buffer.from(version), modules].flatMap(text => [varint(text.length), text])])
}

function varint(value: number): Uint8Array {
  const bytes = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return Uint8Array.of(...bytes, rest)
}

function stringTable(texts: readonly string[]): { bytes: Uint8Array; at: (text: string) => number } {
  const bytes = Buffer.from(`\0${[...new Set(texts)].map(text => `${text}\0`).join('')}`)
  return { bytes, at: text => bytes.indexOf(`\0${text}\0`) + 1 }
}

function number(endian: 'little' | 'big', size: number, value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(size))
  if (size === 2) view.setUint16(0, value, endian === 'little')
  else if (size === 4) view.setUint32(0, value, endian === 'little')
  else view.setBigUint64(0, BigInt(value), endian === 'little')
  return new Uint8Array(view.buffer)
}

const bare = (name: string) => name.replace('?', '')
const cString = (text: string) => Buffer.from(`${text}\0`)
const align = (offset: number) => Math.ceil(offset / 16) * 16
const concat = (parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts))
