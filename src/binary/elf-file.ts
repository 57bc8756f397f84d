import { type Reader, UnreadableBinary } from './reader.ts'

/** A program header: a piece of the file and where it is in memory. */
export interface Segment {
  readonly type: number
  readonly flags: number
  readonly offset: number
  readonly address: number
  /** Bytes in the file. */
  readonly size: number
}

/** A section header. */
export interface Section {
  /** Offset of its name in the section name table. */
  readonly name: number
  readonly type: number
  readonly offset: number
  readonly size: number
}

/** Reads numbers at an offset of one record, in the file's byte order; `word` has the file's class. */
export interface Fields {
  u16(offset: number): number
  u32(offset: number): number
  /** Precise up to 2^53; a larger number is outside of every file anyway. */
  word(offset: number): number
}

/** Where the fields of the three headers are, for each class (System V gABI, chapters 4 and 5). */
const layouts = {
  32: {
    header: { size: 52, phoff: 28, shoff: 32, flags: 36, phentsize: 42 },
    segment: { size: 32, offset: 4, address: 8, fileSize: 16, flags: 24 },
    section: { size: 40, offset: 16, length: 20 },
  },
  64: {
    header: { size: 64, phoff: 32, shoff: 40, flags: 48, phentsize: 54 },
    segment: { size: 56, offset: 8, address: 16, fileSize: 32, flags: 4 },
    section: { size: 64, offset: 24, length: 32 },
  },
} as const

/** No table of a real binary is larger; more is not read. Bytes. */
const largestRead = 16 * 1024 * 1024

/** Library names and paths are shorter than this (PATH_MAX). Bytes. */
const longestText = 4096

const segmentType = { load: 1 } as const
const sectionType = { nobits: 8 } as const

/** An ELF file whose header and header tables were found inside the file. Every access is checked against its size. */
export class ElfFile {
  readonly class: 32 | 64
  readonly endian: 'little' | 'big'
  readonly osabi: number
  readonly type: number
  readonly machine: number
  readonly flags: number
  readonly segments: readonly Segment[]
  readonly sections: readonly Section[]
  readonly #reader: Reader
  readonly #name: string
  readonly #sectionNames: Section | undefined

  /** @throws {UnreadableBinary} when it is no ELF file or is cut short. */
  constructor(reader: Reader, name: string) {
    this.#reader = reader
    this.#name = name
    const ident = reader.read(0, Math.min(16, reader.size))
    const foreign = describeForeign(ident)
    if (foreign) this.fail(foreign)
    if (ident.length < 16) this.fail(`it is cut short: it has ${reader.size} bytes`)
    const [fileClass, data, version, osabi] = ident.subarray(4)
    if ((fileClass !== 1 && fileClass !== 2) || (data !== 1 && data !== 2) || version !== 1) {
      this.fail(
        `its header has class ${fileClass}, byte order ${data} and version ${version}, which ELF has not`,
      )
    }
    this.class = fileClass === 1 ? 32 : 64
    this.endian = data === 1 ? 'little' : 'big'
    this.osabi = osabi ?? 0

    const layout = layouts[this.class].header
    const header = this.record(0, layout.size, 'its header')
    this.type = header.u16(16)
    this.machine = header.u16(18)
    this.flags = header.u32(layout.flags)
    const [segmentSize, segmentCount, sectionSize, sectionCount, namesIndex] = [0, 2, 4, 6, 8].map(offset =>
      header.u16(layout.phentsize + offset),
    ) as [number, number, number, number, number]
    this.segments = this.#segments(header.word(layout.phoff), segmentCount, segmentSize)
    this.sections = this.#sections(header.word(layout.shoff), sectionCount, sectionSize)
    this.#sectionNames = this.sections[namesIndex]
  }

  /** Ends the reading of this file. */
  fail(why: string): never {
    throw new UnreadableBinary(this.#name, why)
  }

  /** @throws {UnreadableBinary} when the range is not inside the file, or larger than any real table. */
  bytes(offset: number, length: number, what: string): Uint8Array {
    this.#checkInside(offset, length, what)
    if (length > largestRead) this.fail(`${what} would have ${length} bytes`)
    return this.#reader.read(offset, length)
  }

  record(offset: number, length: number, what: string): Fields {
    const bytes = this.bytes(offset, length, what)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const little = this.endian === 'little'
    return {
      u16: at => view.getUint16(at, little),
      u32: at => view.getUint32(at, little),
      word: at => (this.class === 32 ? view.getUint32(at, little) : Number(view.getBigUint64(at, little))),
    }
  }

  /** A string that ends with NUL. Control characters are refused, for the text is shown to people. */
  text(offset: number, what: string): string {
    for (const limit of [256, longestText]) {
      const bytes = this.bytes(offset, Math.max(0, Math.min(limit, this.#reader.size - offset)), what)
      const end = bytes.indexOf(0)
      if (end < 0) continue
      const text = Buffer.from(bytes.subarray(0, end)).toString('utf8')
      if (/\p{Cc}/u.test(text)) this.fail(`${what} holds control characters`)
      return text
    }
    return this.fail(`${what} has no end`)
  }

  /** The place in the file of what the program sees at `address`. */
  offsetOf(address: number, what: string): number {
    const segment = this.segments.find(
      ({ type, address: start, size }) =>
        type === segmentType.load && address >= start && address < start + size,
    )
    return segment ? address - segment.address + segment.offset : this.fail(`${what} is in no segment`)
  }

  /** The first section of this name; absent too in a file without section headers. */
  section(name: string): Section | undefined {
    const names = this.#sectionNames
    if (!names) return undefined
    const table = Buffer.from(this.bytes(names.offset, names.size, 'its section names'))
    const wanted = Buffer.from(`${name}\0`)
    return this.sections.find(section =>
      table.subarray(section.name, section.name + wanted.length).equals(wanted),
    )
  }

  #segments(offset: number, count: number, entrySize: number): Segment[] {
    const layout = layouts[this.class].segment
    if (count === 0) return []
    if (entrySize !== layout.size) this.fail(`its program headers have ${entrySize} bytes each`)
    const table = this.record(offset, count * entrySize, 'its program header table')
    return Array.from({ length: count }, (_, index) => {
      const at = index * entrySize
      const segment = {
        type: table.u32(at),
        flags: table.u32(at + layout.flags),
        offset: table.word(at + layout.offset),
        address: table.word(at + layout.address),
        size: table.word(at + layout.fileSize),
      }
      if (segment.type === segmentType.load) this.#checkInside(segment.offset, segment.size, 'a segment')
      return segment
    })
  }

  #sections(offset: number, count: number, entrySize: number): Section[] {
    const layout = layouts[this.class].section
    if (count === 0 || offset === 0) return []
    if (entrySize !== layout.size) this.fail(`its section headers have ${entrySize} bytes each`)
    const table = this.record(offset, count * entrySize, 'its section header table')
    return Array.from({ length: count }, (_, index) => {
      const at = index * entrySize
      const section = {
        name: table.u32(at),
        type: table.u32(at + 4),
        offset: table.word(at + layout.offset),
        size: table.word(at + layout.length),
      }
      const inFile = section.type !== sectionType.nobits && section.type !== 0
      if (inFile) this.#checkInside(section.offset, section.size, 'a section')
      return section
    })
  }

  #checkInside(offset: number, length: number, what: string): void {
    const size = this.#reader.size
    if (offset + length <= size) return
    this.fail(`it is cut short: ${what} ends at byte ${offset + length}, the file at ${size}`)
  }
}

/** How other files begin that are found where a binary is expected. */
const foreignFormats: readonly (readonly [start: string, description: string])[] = [
  ['', 'the file is empty'],
  ['2321', 'it is a script'],
  ['4d5a', 'it is a Windows program'],
  ['cffaedfe', 'it is a macOS program'],
  ['cefaedfe', 'it is a macOS program'],
  ['cafebabe', 'it is a macOS universal program or a Java class'],
  ['213c617263683e0a', 'it is a static library (ar archive)'],
  ['0061736d', 'it is a WebAssembly module'],
  ['1f8b', 'it is gzip data'],
  ['28b52ffd', 'it is zstd data'],
]

/** What a file is that does not begin as ELF does, or undefined for one that does. */
function describeForeign(start: Uint8Array): string | undefined {
  const hex = Buffer.from(start).toString('hex')
  if (hex.length > 0 && '7f454c46'.startsWith(hex.slice(0, 8))) return undefined
  const known = foreignFormats.find(([magic]) => (magic === '' ? hex === '' : hex.startsWith(magic)))
  return known?.[1] ?? 'it does not begin with the ELF magic number'
}
