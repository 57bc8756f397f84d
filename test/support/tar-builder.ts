/** An entry of a tar archive that a test makes, as right or wrong as it wants it. */
export interface TarInput {
  readonly name: string
  /** The type flag; default '5' for a name that ends in a slash, '2' where there is a link, else '0'. */
  readonly type?: string
  readonly content?: string | Uint8Array
  readonly link?: string
  readonly mode?: number
  /** The size field, where it shall not be the content's length. */
  readonly size?: number | Uint8Array
  /** PAX records before the entry. */
  readonly pax?: Readonly<Record<string, string>>
  readonly badChecksum?: boolean
}

const block = 512

/** A tar archive, ended by `trailer` bytes of zeros (two blocks by default). */
export function buildTar(entries: readonly TarInput[], trailer = 2 * block): Buffer {
  return Buffer.concat([...entries.flatMap(entryBlocks), Buffer.alloc(trailer)])
}

/** PAX records as they stand in an archive. */
export function paxRecords(records: Readonly<Record<string, string>>): string {
  return Object.entries(records)
    .map(([key, value]) => {
      const rest = ` ${key}=${value}\n`
      let length = Buffer.byteLength(rest) + 1
      while (String(length).length + Buffer.byteLength(rest) !== length) length++
      return `${length}${rest}`
    })
    .join('')
}

function entryBlocks(entry: TarInput): Buffer[] {
  const { name, link = '', pax } = entry
  const content = Buffer.from(entry.content ?? '')
  const type = entry.type ?? (name.endsWith('/') ? '5' : entry.link !== undefined ? '2' : '0')
  const header = Buffer.alloc(block)
  header.write(name, 0, 100)
  header.write((entry.mode ?? 0o755).toString(8).padStart(7, '0'), 100)
  header.write('0000000', 108)
  header.write('0000000', 116)
  const size = entry.size ?? content.length
  if (typeof size === 'number') header.write(size.toString(8).padStart(11, '0'), 124)
  else header.set(size, 124)
  header.write('00000000000', 136)
  header.write(type, 156)
  header.write(link, 157, 100)
  header.write('ustar\0' + '00', 257)
  header.write('        ', 148)
  const sum = header.reduce((total, byte) => total + byte, 0) + (entry.badChecksum ? 1 : 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  const padded = Buffer.alloc(Math.ceil(content.length / block) * block)
  content.copy(padded)
  return [...(pax ? entryBlocks({ name: 'pax', type: 'x', content: paxRecords(pax) }) : []), header, padded]
}
