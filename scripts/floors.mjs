// Holds the floors of the house (CONTRIBUTING.md): each folder of src/ imports only from lower floors, and no files import
// one another in a circle. Imports of types count.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Folders and files of src/, from the lowest floor up. Those of one floor do not import each other. A folder that is named
 * with its parent has a floor of its own; what else is in the parent is on the parent's.
 */
const floors = [
  ['errors.ts'],
  ['util'],
  ['version.ts'],
  ['platforms.ts'],
  ['binary', 'dockerfile', 'oci'],
  ['types.ts'],
  ['watchdog.ts'],
  ['recorder.ts', 'process.ts'],
  ['interrupt.ts'],
  ['c-toolchains', 'registry'],
  ['languages'],
  ['base', 'config'],
  ['image'],
  ['image/layout'],
  ['image/read'],
  ['image/publish/copy-image.ts'],
  ['image/buildx', 'image/verify', 'image/writer'],
  ['image/base-rootfs.ts'],
  ['image/base-links.ts', 'image/base-users.ts', 'image/make.ts', 'image/publish'],
  ['build/on-builder'],
  ['build'],
  ['bench/languages'],
  ['bench/measure'],
  ['bench/compare'],
  ['bench/render'],
  ['ui'],
  ['lint'],
  ['doctor', 'init', 'ci'],
  ['commands'],
  ['yargs-adapter.ts'],
  ['program.ts'],
  ['start'],
  ['cli.ts'],
  ['action.ts'],
]

const rooms = floors.flat()

/**
 * The imports below `root` that break the rule, each as a line to read.
 * @param {string} root absolute folder
 * @returns {string[]}
 */
export function findBrokenFloors(root) {
  const imports = new Map(
    sourceFiles(root).map(file => [file, importsOf(join(root, file)).map(path => relative(root, path))]),
  )
  return [...findArrowsUp(imports), ...findCycles(imports)]
}

/** @param {Map<string, string[]>} imports */
function findArrowsUp(imports) {
  const lines = []
  for (const [file, targets] of imports) {
    if (floorOf(file) < 0) lines.push(`${file} is on no floor: add it to scripts/floors.mjs`)
    for (const target of targets) {
      if (roomOf(target) === roomOf(file) || floorOf(target) < floorOf(file)) continue
      lines.push(`${file} imports ${target}, which is not on a lower floor`)
    }
  }
  return lines
}

/** @param {Map<string, string[]>} imports */
function findCycles(imports) {
  /** @type {string[]} */
  const lines = []
  const done = new Set()
  /** @param {string} file @param {string[]} path */
  const visit = (file, path) => {
    const at = path.indexOf(file)
    if (at >= 0) lines.push(`a cycle: ${[...path.slice(at), file].join(' → ')}`)
    if (at >= 0 || done.has(file)) return
    for (const target of imports.get(file) ?? []) visit(target, [...path, file])
    done.add(file)
  }
  for (const file of imports.keys()) visit(file, [])
  return lines
}

/** @param {string} file @returns the room that it is in: the longest of the folders and files above that fits */
function roomOf(file) {
  const path = file.split(sep).join('/')
  const fits = rooms.filter(room => path === room || path.startsWith(`${room}/`))
  return fits.sort((a, b) => b.length - a.length)[0] ?? path.split('/')[0] ?? path
}

/** @param {string} file */
const floorOf = file => floors.findIndex(names => names.includes(roomOf(file)))

/** @param {string} root */
const sourceFiles = root =>
  readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))

/** @param {string} file @returns the absolute paths of the files that it imports, at once or later */
const importsOf = file =>
  [...readFileSync(file, 'utf8').matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+\.ts)'/g)].map(([, path]) =>
    join(dirname(file), path ?? ''),
  )

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const broken = findBrokenFloors(fileURLToPath(new URL('../src', import.meta.url)))
  for (const line of broken) process.stderr.write(`${line}\n`)
  process.exitCode = broken.length > 0 ? 1 : 0
}
