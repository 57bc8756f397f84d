import type { ElfFile } from './elf-file.ts'

/** The build information that the Go linker leaves in every program (Go's debug/buildinfo). */
export interface GoBuildInfo {
  /** Toolchain version, such as "go1.26.8". */
  readonly version: string
  /** Import path of the main package. */
  readonly path?: string
  /** The main module. */
  readonly module?: { readonly path: string; readonly version?: string }
  /** GOARCH, GOARM, CGO_ENABLED, -trimpath, -ldflags, vcs.revision and the like, by name. */
  readonly settings: Readonly<Record<string, string>>
}

const magic = Buffer.from('\xff Go buildinf:', 'latin1')
const alignment = 16
const headerSize = 32
/** Header byte 15: set since Go 1.18, where both strings follow the header; before, it held pointers to them. */
const inlineStrings = 2
/** The linker puts 16 bytes of its own before and after the module information. */
const frame = 16

/** The linker puts the header near the beginning of the data, so no more than this is searched. Bytes. */
const searchSize = 16 * 1024 * 1024

const loadSegment = 1
const flagExecutable = 1
const flagWritable = 2

/**
 * Reads the build information of a Go program; undefined for any other. What a toolchain before Go 1.18 left is only
 * recognised: it records no settings.
 * @throws {UnreadableBinary} when the information is there but leaves the file.
 */
export function readGoBuildInfo(file: ElfFile): GoBuildInfo | undefined {
  const start = findHeader(file)
  if (start === undefined) return undefined
  const header = file.bytes(start, headerSize, 'its Go build information')
  if (((header[15] ?? 0) & inlineStrings) === 0) return { version: 'go1.17 or older', settings: {} }
  const version = readString(file, start + headerSize)
  const modules = readString(file, version.end)
  return { version: printable(version.bytes.toString()), ...parseModules(modules.bytes) }
}

/** Looks in the section that Go names, or in the first writable data of a file whose section headers were removed. */
function findHeader(file: ElfFile): number | undefined {
  const place =
    file.sections.length > 0
      ? file.section('.go.buildinfo')
      : file.segments.find(
          ({ type, flags }) =>
            type === loadSegment && (flags & (flagWritable | flagExecutable)) === flagWritable,
        )
  if (!place) return undefined
  const start = Math.ceil(place.offset / alignment) * alignment
  const size = Math.min(searchSize, place.offset + place.size - start)
  if (size < headerSize) return undefined
  const data = Buffer.from(file.bytes(start, size, 'its data'))
  for (let at = data.indexOf(magic); at >= 0; at = data.indexOf(magic, at + 1)) {
    if (at % alignment === 0) return start + at
  }
  return undefined
}

/** A string after its length, a base-128 varint as in Go's encoding/binary. */
function readString(file: ElfFile, offset: number): { bytes: Buffer; end: number } {
  let length = 0
  let at = offset
  for (let factor = 1; ; factor *= 128) {
    if (at - offset > 4) file.fail('its Go build information holds a length that is too large')
    const [byte] = file.bytes(at++, 1, 'its Go build information') as Uint8Array & [number]
    length += (byte & 0x7f) * factor
    if (byte < 0x80) break
  }
  return { bytes: Buffer.from(file.bytes(at, length, 'its Go build information')), end: at + length }
}

/** Lines of tab-separated fields, as runtime/debug.ParseBuildInfo reads them; empty in a build without modules. */
function parseModules(framed: Buffer): Omit<GoBuildInfo, 'version'> {
  const bytes = framed.subarray(frame, Math.max(frame, framed.length - frame))
  const lines = bytes
    .toString()
    .split('\n')
    .map(line => line.split('\t'))
  const line = (kind: string) => lines.find(([first]) => first === kind)?.map(printable)
  const path = line('path')?.[1]
  const [, modulePath, moduleVersion] = line('mod') ?? []
  return {
    ...(path ? { path } : {}),
    ...(modulePath
      ? { module: { path: modulePath, ...(moduleVersion ? { version: moduleVersion } : {}) } }
      : {}),
    settings: Object.fromEntries(
      lines.filter(([kind]) => kind === 'build').map(([, ...rest]) => parseSetting(rest.join('\t'))),
    ),
  }
}

/** `key=value`, where Go quotes a value that has spaces or quotes in it. */
function parseSetting(text: string): [key: string, value: string] {
  const equals = text.indexOf('=')
  const value = text.slice(equals + 1)
  return [printable(text.slice(0, equals)), printable(unquote(value))]
}

function unquote(text: string): string {
  if (text.length < 2 || text.at(0) !== text.at(-1)) return text
  if (text.startsWith('`')) return text.slice(1, -1)
  if (!text.startsWith('"')) return text
  try {
    return String(JSON.parse(text))
  } catch {
    return text.slice(1, -1)
  }
}

/** The text is shown to people, and control characters would reach their terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ')
}
