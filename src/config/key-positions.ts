import { indexLines, type Position } from '../util/source-text.ts'

/**
 * Where the keys of a TOML text are, for messages: the parser does not say. The text is one that it has accepted.
 * @returns a lookup by path, `['image', 'files', 0, 'mode']`: the key itself, else the nearest above it.
 */
export function keyPositions(text: string): (path: readonly (string | number)[]) => Position | undefined {
  const offsets = scanKeys(text)
  const lines = indexLines(text)
  return path => {
    for (let length = path.length; length > 0; length--) {
      const offset = offsets.get(nameOf(path.slice(0, length)))
      if (offset !== undefined) return lines.positionAt(offset)
    }
    return undefined
  }
}

type Path = readonly string[]
const nameOf = (path: readonly (string | number)[]) => JSON.stringify(path.map(String))

const blank = /(?:[ \t\r\n]|#[^\n]*)*/y
const inLine = /[ \t]*/y
const keyPattern = /"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s=.,#"'[\]{}]+/y
const scalar = /"""(?:[^\\]|\\[\s\S])*?"{3,5}|'''[\s\S]*?'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^,\]}\n#]+/y

function scanKeys(text: string): Map<string, number> {
  const offsets = new Map<string, number>()
  /** The number of tables so far of each array of tables. */
  const counts = new Map<string, number>()
  let at = 0

  const read = (pattern: RegExp): string => {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0] ?? ''
    at += found.length
    return found
  }
  const take = (char: string): boolean => {
    if (!text.startsWith(char, at)) return false
    at += char.length
    return true
  }
  const note = (path: Path, offset: number) => {
    const name = nameOf(path)
    if (!offsets.has(name)) offsets.set(name, offset)
  }
  /** A dotted key below `parent`; in a header, what is below an array of tables is in its last one. */
  const readKey = (parent: Path, header: boolean): Path => {
    let path = parent
    do {
      read(inLine)
      const index = header ? counts.get(nameOf(path)) : undefined
      if (index !== undefined) path = [...path, String(index)]
      const offset = at
      const key = read(keyPattern)
      if (at === offset) break
      path = [...path, unquoted(key)]
      note(path, offset)
      read(inLine)
    } while (take('.'))
    return path
  }
  const readPair = (parent: Path) => {
    const path = readKey(parent, false)
    if (take('=')) readValue(path)
  }
  const readList = (close: string, one: (index: number) => void) => {
    for (let index = 0; at < text.length; index++) {
      read(blank)
      if (take(close)) return
      const before = at
      one(index)
      read(blank)
      take(',')
      if (at === before) return
    }
  }
  const readValue = (path: Path) => {
    read(inLine)
    if (take('['))
      readList(']', index => {
        note([...path, String(index)], at)
        readValue([...path, String(index)])
      })
    else if (take('{')) readList('}', () => readPair(path))
    else read(scalar)
  }
  const readHeader = (): Path => {
    const isArray = take('[')
    const path = readKey([], true)
    const name = nameOf(path)
    const last = counts.get(name)
    if (isArray) counts.set(name, (last ?? -1) + 1)
    while (take(']'));
    const index = counts.get(name)
    const table = index === undefined ? path : [...path, String(index)]
    if (index !== undefined) note(table, offsets.get(name) ?? at)
    return table
  }

  let table: Path = []
  while (at < text.length) {
    read(blank)
    const before = at
    if (take('[')) table = readHeader()
    else readPair(table)
    // What is not understood is skipped, so that this always ends.
    if (at === before) at++
  }
  return offsets
}

function unquoted(key: string): string {
  if (key.startsWith("'")) return key.slice(1, -1)
  if (!key.startsWith('"')) return key
  try {
    return JSON.parse(key) as string
  } catch {
    return key.slice(1, -1)
  }
}
