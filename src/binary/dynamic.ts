import { compareVersions } from '../util/versions.ts'
import type { ElfFile } from './elf-file.ts'

/** What the dynamic section asks of the program loader. */
export interface DynamicFacts {
  readonly needed: readonly string[]
  /** Whether the linker marked a position-independent program, not a library (DF_1_PIE). */
  readonly pie: boolean
  readonly glibc?: string
  readonly glibcxx?: string
}

const dynamicSegment = 2

/** Dynamic tags: gABI chapter 5, and "Symbol Versioning" of the LSB core specification. */
const tags = {
  end: 0,
  needed: 1,
  strings: 5,
  flags1: 0x6ffffffb,
  versionNeeds: 0x6ffffffe,
  versionNeedCount: 0x6fffffff,
} as const
const pieFlag = 0x08000000
/** VER_FLG_WEAK: the loader does not refuse a program for lack of this version (glibc, elf/dl-version.c). */
const weakVersion = 2

/** Far more than any linker writes; a table that claims more is not followed. */
const mostEntries = 8192

/**
 * Reads DT_NEEDED and the symbol versions by way of the program headers alone, so that a file without section headers
 * tells as much.
 * @throws {UnreadableBinary} when a table leaves the file, has no end or runs in a circle.
 */
export function readDynamic(file: ElfFile): DynamicFacts {
  const entries = dynamicEntries(file)
  const first = (tag: number) => entries.find(entry => entry.tag === tag)?.value
  const strings = first(tags.strings)
  const stringOffset = strings === undefined ? undefined : file.offsetOf(strings, 'its dynamic string table')
  const text = (offset: number, what: string) =>
    stringOffset === undefined
      ? file.fail('it has no dynamic string table')
      : file.text(stringOffset + offset, what)

  const needed = entries
    .filter(entry => entry.tag === tags.needed)
    .map(entry => text(entry.value, 'a library name'))
  const needs = first(tags.versionNeeds)
  const versions =
    needs === undefined
      ? []
      : versionNames(file, file.offsetOf(needs, 'its version table'), first(tags.versionNeedCount) ?? 0).map(
          offset => text(offset, 'a version name'),
        )
  const glibc = newest(versions, glibcVersion)
  const glibcxx = newest(versions, version => /^GLIBCXX_(\d{1,9}(?:\.\d{1,9})+)$/.exec(version)?.[1])
  return {
    needed,
    pie: ((first(tags.flags1) ?? 0) & pieFlag) !== 0,
    ...(glibc === undefined ? {} : { glibc }),
    ...(glibcxx === undefined ? {} : { glibcxx }),
  }
}

function dynamicEntries(file: ElfFile): { tag: number; value: number }[] {
  const segment = file.segments.find(({ type }) => type === dynamicSegment)
  if (!segment) return []
  const entrySize = file.class / 4
  const count = Math.floor(segment.size / entrySize)
  if (count > mostEntries) file.fail(`its dynamic section has ${count} entries`)
  const table = file.record(segment.offset, count * entrySize, 'its dynamic section')
  const entries = []
  for (let at = 0; at < count * entrySize; at += entrySize) {
    const entry = { tag: table.word(at), value: table.word(at + entrySize / 2) }
    if (entry.tag === tags.end) break
    entries.push(entry)
  }
  return entries
}

/** String table offsets of the versions that .gnu.version_r lists: a chain of libraries, each with a chain of names. */
function versionNames(file: ElfFile, start: number, libraries: number): number[] {
  const names: number[] = []
  let library = start
  let steps = 0
  for (let index = 0; index < libraries; index++) {
    const record = file.record(library, 16, 'its version table')
    let version = library + record.u32(8)
    for (let left = record.u16(2); left > 0; left--) {
      if (++steps > mostEntries) file.fail('its version table has no end')
      const entry = file.record(version, 16, 'its version table')
      if ((entry.u16(4) & weakVersion) === 0) names.push(entry.u32(8))
      if (entry.u32(12) === 0) break
      version += entry.u32(12)
    }
    if (++steps > mostEntries) file.fail('its version table has no end')
    if (record.u32(12) === 0) break
    library += record.u32(12)
  }
  return names
}

/** GLIBC_ABI_DT_RELR, which is no number, came with glibc 2.36; GLIBC_PRIVATE says nothing. */
function glibcVersion(version: string): string | undefined {
  if (version === 'GLIBC_ABI_DT_RELR') return '2.36'
  return /^GLIBC_(\d{1,9}(?:\.\d{1,9})+)$/.exec(version)?.[1]
}

function newest(names: readonly string[], read: (name: string) => string | undefined): string | undefined {
  return names
    .map(read)
    .filter(version => version !== undefined)
    .sort(compareVersions)
    .at(-1)
}
