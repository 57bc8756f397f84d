import { Failure } from '../../errors.ts'
import { bounds } from './bounds.ts'
import type { ByteSource } from './byte-source.ts'

/** An entry of a tar stream. `content` is to be read before the next entry is asked for; what is left is skipped. */
export interface TarEntry {
  /** As written: it may be absolute, or climb out with "..". */
  readonly name: string
  readonly type: 'file' | 'directory' | 'symlink' | 'hardlink' | 'other'
  /** Bytes of content. */
  readonly size: number
  /** Permission bits. */
  readonly mode: number
  /** Where a link points to. */
  readonly link: string
  /** Where the content begins in the stream. */
  readonly offset: number
  content(): AsyncIterable<Uint8Array>
}

const block = 512
/** The most bytes of a long name or of PAX records; a path is at most 4096 on Linux. */
const maximumExtension = 1024 * 1024
/** One of each kind comes before a file, and some writers repeat themselves. */
const maximumExtensions = 16

/**
 * The entries of a tar stream: ustar, with the long names and links of PAX and GNU tar. Every length is checked before
 * it is used, and no name is ever used as a path on this machine.
 * @throws {Failure} verification, when it is damaged, cut short, or has sparse files.
 */
export async function* readTar(source: ByteSource, where: string): AsyncGenerator<TarEntry, void, undefined> {
  const damaged = (why: string) =>
    new Failure({
      kind: 'verification',
      what: 'Damaged tar archive',
      where,
      why: `${why}, at byte ${source.position}`,
    })

  const extension = async (size: number): Promise<Uint8Array> => {
    if (size > maximumExtension) throw damaged('a name is longer than any path')
    const bytes = await source.read(size)
    if (bytes.length < size) throw damaged('it ends in the middle of a name')
    await source.skip(padding(size))
    return bytes
  }

  let records: ReadonlyMap<string, string> = new Map()
  let longName: string | undefined
  let longLink: string | undefined
  let extensions = 0
  for (;;) {
    const header = Buffer.from(await source.read(block))
    if (header.length === 0) return
    if (header.length < block) throw damaged('it ends in the middle of a header')
    if (isEmpty(header)) {
      const second = await source.read(block)
      if (second.length > 0 && !isEmpty(second))
        throw damaged('there is a single empty header between entries')
      return
    }
    if (!hasChecksum(header)) throw damaged('the checksum of a header is wrong')
    const written = readNumber(header, 124, 12)
    if (written === undefined) throw damaged('the size of an entry is no number')

    const flag = String.fromCharCode(header[156] ?? 0)
    const isExtension = ['x', 'g', 'L', 'K'].includes(flag)
    extensions = isExtension ? extensions + 1 : 0
    if (extensions > maximumExtensions) throw damaged('it has headers that belong to no file')
    if (flag === 'x' || flag === 'g') {
      const read = readRecords(await extension(written))
      if (!read) throw damaged('a PAX record is malformed')
      if (flag === 'x') records = read
      continue
    }
    if (flag === 'L' || flag === 'K') {
      const name = text(await extension(written))
      if (flag === 'L') longName = name
      else longLink = name
      continue
    }
    const paxSize = records.get('size')
    const stated = paxSize === undefined ? written : /^\d{1,15}$/.test(paxSize) ? Number(paxSize) : undefined
    if (stated === undefined) throw damaged('the size of an entry is no number')
    if (flag === 'S' || [...records.keys()].some(key => key.startsWith('GNU.sparse'))) {
      throw damaged('it has a sparse file, which images do not have')
    }

    const name = records.get('path') ?? longName ?? shortName(header)
    const type =
      name.endsWith('/') && (flag === '\0' || flag === '0') ? 'directory' : (types[flag] ?? 'other')
    const size = headerOnly.includes(flag) || type === 'directory' ? 0 : stated
    const link = records.get('linkpath') ?? longLink ?? text(header.subarray(157, 257))
    if (isTooLong(name) || isTooLong(link))
      throw damaged(`a name is longer than any path (${bounds.name} bytes)`)
    const offset = source.position
    const end = offset + size
    yield {
      name,
      type,
      size,
      mode: (readNumber(header, 100, 8) ?? 0) & 0o7777,
      link,
      offset,
      async *content() {
        yield* source.pieces(end - source.position)
        if (source.position < end) throw damaged('it ends in the middle of a file')
      },
    }
    await source.skip(end - source.position)
    if (source.position < end) throw damaged('it ends in the middle of a file')
    await source.skip(padding(size))
    records = new Map()
    longName = longLink = undefined
  }
}

/**
 * A name in an image or archive as a path without leading slash, "." and doubled slashes; undefined for one that climbs
 * out of its root or holds a NUL, which no entry of an image has a use for.
 */
export function entryPath(name: string): string | undefined {
  const parts = name.split('/').filter(part => part !== '' && part !== '.')
  return parts.includes('..') || name.includes('\0') ? undefined : parts.join('/')
}

function isTooLong(name: string): boolean {
  return name.length > bounds.name || Buffer.byteLength(name) > bounds.name
}

const types: Readonly<Record<string, TarEntry['type']>> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '5': 'directory',
}
/** Types without content whatever their size says, as in Go's archive/tar (isHeaderOnlyType). */
const headerOnly = ['1', '2', '3', '4', '5', '6']

function padding(size: number): number {
  return (block - (size % block)) % block
}

function isEmpty(header: Uint8Array): boolean {
  return header.every(byte => byte === 0)
}

/** The sum of the header's bytes, its own field taken as spaces; some writers added signed bytes. */
function hasChecksum(header: Buffer): boolean {
  const stored = readNumber(header, 148, 8)
  let unsigned = 0
  let signed = 0
  for (let at = 0; at < block; at++) {
    const byte = at >= 148 && at < 156 ? 32 : (header[at] as number)
    unsigned += byte
    signed += byte > 127 ? byte - 256 : byte
  }
  return stored === unsigned || stored === signed
}

/** An octal number, or GNU tar's binary one; undefined for what is neither, is negative, or is too large. */
function readNumber(header: Buffer, start: number, length: number): number | undefined {
  const field = header.subarray(start, start + length)
  if ((field[0] as number) >= 0x80) {
    if (field[0] !== 0x80) return undefined
    const value = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0)
    return Number.isSafeInteger(value) ? value : undefined
  }
  const digits = text(field).trim()
  return /^[0-7]*$/.test(digits) ? Number.parseInt(digits || '0', 8) : undefined
}

/** The bytes up to the first NUL. */
function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString()
}

function shortName(header: Buffer): string {
  const name = text(header.subarray(0, 100))
  // GNU tar's own format has other fields where ustar has the prefix
  const prefix = header.toString('latin1', 257, 263) === 'ustar\0' ? text(header.subarray(345, 500)) : ''
  return prefix ? `${prefix}/${name}` : name
}

/** Keys of records that are read. Others, such as extended attributes, may be large, and nobody asks for them. */
const isRead = (key: string) => ['path', 'linkpath', 'size'].includes(key) || key.startsWith('GNU.sparse')
const longestKey = 64

/**
 * PAX records: "LENGTH KEY=VALUE\n", the length counting itself (POSIX pax, "Extended Header"). By position and number,
 * for a layer may hold little else.
 */
function readRecords(data: Uint8Array): Map<string, string> | undefined {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length)
  const records = new Map<string, string>()
  for (let start = 0; start < bytes.length; ) {
    let length = 0
    let at = start
    for (; at < start + 7 && isDigit(bytes[at]); at++) length = length * 10 + (bytes[at] as number) - 48
    const end = start + length
    const isWhole = at > start && bytes[at] === 32 && end > at + 2 && end <= bytes.length
    if (!isWhole || bytes[end - 1] !== 10) return undefined
    const equals = bytes.indexOf(61, at)
    if (equals <= at + 1 || equals >= end) return undefined
    const key = equals - at > longestKey ? '' : bytes.toString('latin1', at + 1, equals)
    if (isRead(key)) records.set(key, bytes.toString('utf8', equals + 1, end - 1))
    start = end
  }
  return records
}

const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 48 && byte <= 57
