// A zip archive whose bytes depend on its content alone (PKWARE's APPNOTE, without zip64).
import { crc32, deflateRawSync } from 'node:zlib'

/** The first of January 1980, the earliest day that zip knows. */
const date = 0x0021

/** @param {{ name: string, content: Buffer, mode: number }[]} files */
export function zip(files) {
  const entries = files.map(({ name, content, mode }) => ({
    name: Buffer.from(name),
    mode,
    size: content.length,
    crc: crc32(content),
    packed: deflateRawSync(content, { level: 6 }),
  }))
  const pieces = []
  const central = []
  let offset = 0
  for (const { name, mode, size, crc, packed } of entries) {
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0) // needs version 2.0
    common.writeUInt16LE(8, 4) // deflated
    common.writeUInt16LE(date, 8)
    common.writeUInt32LE(crc, 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(size, 18)
    common.writeUInt16LE(name.length, 22)
    pieces.push(Buffer.from('PK\x03\x04', 'latin1'), common, name, packed)
    const head = Buffer.alloc(46)
    head.write('PK\x01\x02', 0, 'latin1')
    head.writeUInt16LE(0x0314, 4) // made on Unix, so that modes count
    common.copy(head, 6, 0, 24)
    head.writeUInt32LE((0o100000 | mode) * 0x10000, 38)
    head.writeUInt32LE(offset, 42)
    central.push(head, name)
    offset += 30 + name.length + packed.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 0, 'latin1')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...pieces, directory, end])
}
