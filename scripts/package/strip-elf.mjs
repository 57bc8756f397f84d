// Takes the symbols and debug information out of a 64-bit little-endian ELF program of any architecture, as `strip` does: what
// is never loaded goes, the rest keeps its place. A host's own strip often knows one architecture only.

const sectionHeader = 64
const typeNoBits = 8
const flagAlloc = 2n

/**
 * @param {Buffer} file
 * @returns {Buffer}
 */
export function stripElf(file) {
  if (file.toString('latin1', 0, 6) !== '\x7fELF\x02\x01')
    throw new Error('not a 64-bit little-endian ELF file')
  const table = Number(file.readBigUInt64LE(40))
  const count = file.readUInt16LE(60)
  const sections = Array.from({ length: count }, (_, index) =>
    file.subarray(table + index * sectionHeader, table + (index + 1) * sectionHeader),
  )
  const names = sections[file.readUInt16LE(62)]
  // The first section is the empty one that every table begins with.
  const kept = sections.filter(
    (section, index) => index === 0 || section === names || (section.readBigUInt64LE(8) & flagAlloc) !== 0n,
  )
  const loadedEnd = Math.max(...kept.filter(section => section !== names).map(endOf), endOfSegments(file))
  const nameBytes = file.subarray(offsetOf(names), offsetOf(names) + sizeOf(names))
  const tableAt = align(loadedEnd + nameBytes.length)
  const stripped = Buffer.alloc(tableAt + kept.length * sectionHeader)
  file.copy(stripped, 0, 0, loadedEnd)
  nameBytes.copy(stripped, loadedEnd)
  for (const [index, section] of kept.entries()) {
    const at = tableAt + index * sectionHeader
    section.copy(stripped, at)
    if (section === names) stripped.writeBigUInt64LE(BigInt(loadedEnd), at + 24)
    // Sections name each other by number.
    const link = kept.indexOf(sections[section.readUInt32LE(40)])
    stripped.writeUInt32LE(Math.max(link, 0), at + 40)
    const info = kept.indexOf(sections[section.readUInt32LE(44)])
    const infoIsSection = (section.readBigUInt64LE(8) & 0x40n) !== 0n
    if (infoIsSection) stripped.writeUInt32LE(Math.max(info, 0), at + 44)
  }
  stripped.writeBigUInt64LE(BigInt(tableAt), 40)
  stripped.writeUInt16LE(kept.length, 60)
  stripped.writeUInt16LE(kept.indexOf(names), 62)
  return stripped
}

/** @param {Buffer} section */
const offsetOf = section => Number(section.readBigUInt64LE(24))
/** @param {Buffer} section */
const sizeOf = section => (section.readUInt32LE(4) === typeNoBits ? 0 : Number(section.readBigUInt64LE(32)))
/** @param {Buffer} section */
const endOf = section => offsetOf(section) + sizeOf(section)
/** @param {number} offset */
const align = offset => Math.ceil(offset / 16) * 16

/** @param {Buffer} file */
function endOfSegments(file) {
  const table = Number(file.readBigUInt64LE(32))
  const ends = Array.from({ length: file.readUInt16LE(56) }, (_, index) => {
    const at = table + index * 56
    return Number(file.readBigUInt64LE(at + 8) + file.readBigUInt64LE(at + 32))
  })
  return Math.max(...ends)
}
