import { type LockedPackage, lockedClosure, type Member } from './cargo-lock.ts'

/** Crates whose one purpose, as a build dependency, is to run a C or C++ compiler. */
const compilers = new Set([
  'cc',
  'cmake',
  'autotools',
  'autocxx-build',
  'cpp_build',
  'cxx-build',
  'gcc',
  'nasm-rs',
  'meson',
  'openssl-src',
])

/** Crates that depend on `cc` without ever calling it for Linux. */
const elsewhere = new Set(['iana-time-zone-haiku', 'errno-dragonfly', 'objc_exception', 'backtrace'])

/**
 * The crates of the closure of `roots` that may compile C. A lock file does not tell platforms or kinds of dependency
 * apart, so this is an upper bound.
 */
export function possibleCCode(packages: readonly LockedPackage[], roots: readonly Member[]): string[] {
  return lockedClosure(packages, roots)
    .filter(({ name }) => !compilers.has(name) && !elsewhere.has(name))
    .filter(({ dependencies }) => dependencies.some(item => compilers.has(item.split(' ')[0] ?? '')))
    .map(({ name }) => name)
    .sort()
}

/** A crate, and what it needs, by kind. */
interface Node {
  readonly normal: Set<string>
  readonly build: Set<string>
}

/**
 * The crates that compile C for the target, by the package of the workspace that needs them; from the output of `cargo
 * tree --charset ascii --edges normal,build,no-proc-macro --format {p}`. What only a build script needs is compiled for
 * the host and does not count.
 */
export function certainCCode(tree: string): ReadonlyMap<string, readonly string[]> {
  const { roots, nodes } = parseCargoTree(tree)
  return new Map(roots.map(root => [crateName(root), cCodeBelow(root, nodes)]))
}

function cCodeBelow(root: string, nodes: ReadonlyMap<string, Node>): string[] {
  const seen = new Set<string>()
  const queue = [root]
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (seen.has(name)) continue
    seen.add(name)
    queue.push(...(nodes.get(name)?.normal ?? []))
  }
  return [...seen]
    .filter(item => !compilers.has(crateName(item)) && !elsewhere.has(crateName(item)))
    .filter(item => [...(nodes.get(item)?.build ?? [])].some(child => compilers.has(crateName(child))))
    .map(crateName)
    .sort()
}

const crateName = (node: string) => node.split(' ')[0] ?? ''

/**
 * Each level is four columns of glyphs; `[build-dependencies]` is in a line of its own, in the column of the crate
 * whose dependencies follow it. A crate that was printed before has `(*)` and no children.
 */
function parseCargoTree(tree: string): { roots: readonly string[]; nodes: ReadonlyMap<string, Node> } {
  const roots: string[] = []
  const nodes = new Map<string, Node>()
  let path: { name: string; build: boolean }[] = []
  for (const line of tree.split('\n')) {
    const [, glyphs = '', text = ''] = /^((?:[|` ][ -]{3})*)(.*)$/.exec(line) ?? []
    const depth = glyphs.length / 4
    if (!text.trim()) continue
    if (text.startsWith('[')) {
      path = path.slice(0, depth + 1)
      const owner = path.at(-1)
      if (owner) owner.build = text.startsWith('[build')
      continue
    }
    path = path.slice(0, depth)
    const parent = path.at(-1)
    // A folder in brackets tells two packages of one name and version apart; `(*)` and `(proc-macro)` are not of the name.
    const name = text.replace(/( \((\*|proc-macro)\))+$/, '')
    if (!nodes.has(name)) nodes.set(name, { normal: new Set(), build: new Set() })
    if (parent) nodes.get(parent.name)?.[parent.build ? 'build' : 'normal'].add(name)
    else roots.push(name)
    path.push({ name, build: false })
  }
  return { roots, nodes }
}
