import { isAlias, isMap, isPair, isScalar, isSeq, type Node, parseDocument } from 'yaml'
import { joinPieces, type Mapped, type Piece } from '../../util/source-text.ts'
import type { Value } from './model.ts'

/** A node of a YAML file, without what the rules do not need. */
export type YamlNode = Node | null | undefined

/** A YAML file, or why and where it is none. */
export type YamlFile =
  | { readonly root: Tree }
  | { readonly fault: { readonly start: number; readonly end: number; readonly message: string } }

/** Reads nodes of one file. Aliases are followed. */
export interface Tree {
  /** The entries of a mapping, its merged ones included; none for anything else. */
  entries(): readonly { readonly key: Value; readonly tree: Tree }[]
  /** The value of a key; a tree of nothing where there is none. */
  get(key: string): Tree
  /** The items of a sequence; a scalar counts as one item, nothing as none. */
  items(): readonly Tree[]
  scalar(): Value | undefined
  /** A scalar's text with each character's place. */
  script(): Mapped | undefined
  readonly start: number
  readonly end: number
  readonly isMap: boolean
}

/** Parses a file of one YAML document. */
export function parseYaml(text: string): YamlFile {
  try {
    const document = parseDocument(text, { merge: true, uniqueKeys: false, logLevel: 'silent' })
    const [error] = document.errors
    if (error) {
      const [start, end] = error.pos.map(offset => Math.min(offset, text.length)) as [number, number]
      return { fault: { start, end, message: error.message.replace(/ at line \d+[\s\S]*$/, '') } }
    }
    const resolve = (node: YamlNode): YamlNode => (isAlias(node) ? node.resolve(document) : node)
    return { root: toTree(text, document.contents as YamlNode, resolve, 0) }
  } catch (error) {
    // Nested deeper than the parser's stack, or aliases beyond its limit.
    return { fault: { start: 0, end: 0, message: (error as Error).message } }
  }
}

type Resolve = (node: YamlNode) => YamlNode

/** An alias may lead back to where it came from. */
const deepest = 100

function toTree(text: string, given: YamlNode, resolve: Resolve, depth: number): Tree {
  const node = depth > deepest ? undefined : resolve(given)
  const [start = 0, end = start] = node?.range ?? []
  const inner = (child: unknown) => toTree(text, child as YamlNode, resolve, depth + 1)
  const entries = () => {
    if (!isMap(node)) return []
    return node.items.filter(isPair).flatMap(pair => {
      const [from = 0, to = from] = (pair.key as Node | null)?.range ?? []
      const name = isScalar(pair.key) ? String(pair.key.value) : ''
      const tree = inner(pair.value)
      if (name === '<<') return tree.items().flatMap(one => one.entries())
      return [{ key: { value: name, start: from, end: to }, tree }]
    })
  }
  return {
    start,
    end,
    isMap: isMap(node),
    entries,
    get: key => entries().findLast(entry => entry.key.value === key)?.tree ?? inner(undefined),
    items: () => (isSeq(node) ? node.items.map(inner) : node ? [inner(node)] : []),
    scalar: () =>
      isScalar(node) && node.value !== null ? { value: String(node.value), start, end } : undefined,
    script: () => (isScalar(node) ? mapScalar(text, start, end) : undefined),
  }
}

/** The lines of a block scalar without their indent, or another scalar without its quotes. */
function mapScalar(text: string, start: number, end: number): Mapped {
  const source = text.slice(start, end)
  const header = /^([|>])[^\n]*\n/.exec(source)
  if (!header) {
    const quoted = /^(["'])[\s\S]*\1$/.test(source) ? 1 : 0
    return joinPieces(text, [{ start: start + quoted, end: end - quoted }])
  }
  const folded = header[1] === '>'
  const pieces: Piece[] = []
  let position = start + header[0].length
  const indent = /^[ \t]*(?=\S)/m.exec(text.slice(position, end))?.[0].length ?? 0
  while (position < end) {
    const newline = text.indexOf('\n', position)
    const next = newline < 0 || newline >= end ? end : newline + 1
    const lineEnd = text[next - 1] === '\n' ? next - 1 : next
    const from = Math.min(position + indent, lineEnd)
    pieces.push({ start: from, end: lineEnd })
    pieces.push({ start: lineEnd, end: next, own: folded ? ' ' : '\n' })
    position = next
  }
  return joinPieces(text, pieces)
}
