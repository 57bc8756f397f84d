/**
 * One entry of a tar stream. Names are relative, with forward slashes; a directory's ends in one.
 * Times are whole seconds since 1970.
 */
export interface TarHeader {
  readonly name: string
  readonly type: 'file' | 'directory' | 'symlink'
  /** What a symbolic link points to. */
  readonly link?: string
  /** Permission bits with set-uid, set-gid and sticky. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Bytes; 0 for what is no file. */
  readonly size: number
  readonly mtime: number
}

const block = 512
const nameField = 100
const prefixField = 155
const typeFlags = { file: '0', symlink: '2', directory: '5' } as const

/**
 * The header of an entry, byte for byte as Go's archive/tar writes it for BuildKit and containerd, so that both
 * backends give layers with equal diff IDs: POSIX ustar with empty owner names and zero device numbers, long names
 * split at a slash, and a PAX record only for what ustar cannot hold (archive/tar writer.go, writeUSTARHeader,
 * writePAXHeader).
 */
export function tarHeader(entry: TarHeader): Buffer {
  const split = splitName(entry.name)
  const records: [key: string, value: string][] = []
  if (!split) records.push(['path', entry.name])
  if (!fitsField(entry.link ?? '')) records.push(['linkpath', entry.link ?? ''])
  if (!fitsOctal(entry.size, 12)) records.push(['size', String(entry.size)])
  if (!fitsOctal(entry.mtime, 12)) records.push(['mtime', String(entry.mtime)])
  if (!fitsOctal(entry.uid, 8)) records.push(['uid', String(entry.uid)])
  if (!fitsOctal(entry.gid, 8)) records.push(['gid', String(entry.gid)])
  if (records.length === 0) return mainHeader(entry, split?.name ?? '', split?.prefix ?? '')
  return Buffer.concat([paxHeader(entry.name, records), mainHeader(entry, toAscii(entry.name), '')])
}

/** The zero bytes that fill an entry's content up to a whole block. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((block - (size % block)) % block)
}

/** The two empty blocks that end a tar stream; Go writes no further padding. */
export function tarEnd(): Buffer {
  return Buffer.alloc(2 * block)
}

function mainHeader(entry: TarHeader, name: string, prefix: string): Buffer {
  const header = Buffer.alloc(block)
  putString(header, 0, nameField, name)
  putOctal(header, 100, 8, entry.mode)
  putOctal(header, 108, 8, entry.uid)
  putOctal(header, 116, 8, entry.gid)
  putOctal(header, 124, 12, entry.size)
  putOctal(header, 136, 12, entry.mtime)
  header[156] = typeFlags[entry.type].charCodeAt(0)
  putString(header, 157, nameField, toAscii(entry.link ?? ''))
  putOctal(header, 329, 8, 0)
  putOctal(header, 337, 8, 0)
  putString(header, 345, prefixField, prefix)
  return seal(header)
}

/** An extended header (typeflag x) with PAX records; Go leaves its device numbers unset. */
function paxHeader(name: string, records: readonly (readonly [string, string])[]): Buffer {
  const content = Buffer.from(
    [...records]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => paxRecord(key, value))
      .join(''),
  )
  const slash = name.lastIndexOf('/') + 1
  const headerName = toAscii(`${name.slice(0, slash)}PaxHeaders.0/${name.slice(slash)}`)
  const header = Buffer.alloc(block)
  putString(header, 0, nameField, headerName.slice(0, nameField).replace(/\/+$/, ''))
  for (const [offset, length] of [
    [100, 8],
    [108, 8],
    [116, 8],
    [136, 12],
  ] as const) {
    putOctal(header, offset, length, 0)
  }
  putOctal(header, 124, 12, content.length)
  header[156] = 'x'.charCodeAt(0)
  return Buffer.concat([seal(header), content, tarPadding(content.length)])
}

/** `LENGTH KEY=VALUE\n`, where LENGTH counts itself (POSIX pax). */
function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`)
  let length = rest + String(rest).length
  length = rest + String(length).length
  return `${length} ${key}=${value}\n`
}

function fitsField(text: string): boolean {
  return toAscii(text) === text && text.length <= nameField
}

/** The name as ustar holds it, or undefined where it cannot (archive/tar writer.go, splitUSTARPath). */
function splitName(name: string): { name: string; prefix: string } | undefined {
  if (toAscii(name) !== name) return undefined
  if (name.length <= nameField) return { name, prefix: '' }
  const searched =
    name.length > prefixField + 1 ? prefixField + 1 : name.endsWith('/') ? name.length - 1 : name.length
  const at = name.slice(0, searched).lastIndexOf('/')
  const rest = name.length - at - 1
  if (at <= 0 || rest > nameField || rest === 0) return undefined
  return { name: name.slice(at + 1), prefix: name.slice(0, at) }
}

function fitsOctal(value: number, field: number): boolean {
  return value >= 0 && value < 8 ** (field - 1)
}

/** Zero-filled octal that ends in NUL; a number too large is in a PAX record, and 0 here. */
function putOctal(header: Buffer, offset: number, length: number, value: number): void {
  const fitting = fitsOctal(value, length) ? value : 0
  header.write(fitting.toString(8).padStart(length - 1, '0'), offset, 'latin1')
}

/** Cut to the field; a cut may not end in a slash, which old readers take for a directory. */
function putString(header: Buffer, offset: number, length: number, text: string): void {
  const cut = text.slice(0, length)
  header.write(cut, offset, 'latin1')
  if (text.length > length && cut.endsWith('/')) header[offset + cut.replace(/\/+$/, '').length] = 0
}

/** Magic, version and checksum. */
function seal(header: Buffer): Buffer {
  header.write('ustar\x0000', 257, 'latin1')
  header.fill(' ', 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0`, 148, 'latin1')
  return header
}

/** The text without what is no ASCII, as Go's toASCII. */
function toAscii(text: string): string {
  let ascii = ''
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    if (code > 0 && code < 0x80) ascii += character
  }
  return ascii
}
