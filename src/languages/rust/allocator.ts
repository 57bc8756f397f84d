import { type LockedPackage, lockedClosure, type Member } from './cargo-lock.ts'
import type { CargoDependency } from './metadata.ts'

/** Crates that replace musl's allocator when a program uses them. */
const allocators = ['mimalloc', 'tikv-jemallocator', 'jemallocator', 'snmalloc-rs', 'rpmalloc', 'tcmalloc']

/** Crates that a program has for serving many requests at once. */
const servers = [
  'axum',
  'actix-web',
  'warp',
  'rocket',
  'tonic',
  'tiny_http',
  'tide',
  'poem',
  'salvo',
  'hyper',
]

/** Crates that read the command line of a program with commands. */
const commandLines = ['clap', 'structopt', 'argh', 'bpaf', 'gumdrop', 'pico-args', 'lexopt']

/** Whether the packages, with all that they need, bring an allocator of their own. */
export function hasAllocator(packages: readonly LockedPackage[], roots: readonly Member[]): boolean {
  return lockedClosure(packages, roots).some(({ name }) => allocators.includes(name))
}

/**
 * Whether a package is a server, by what its manifest names: a server's crate that is always there, and no commands. A
 * command-line tool that can serve, too, has such a crate among its dependencies, as every client has hyper.
 */
export function isServer(dependencies: readonly CargoDependency[] = []): boolean {
  const normal = dependencies.filter(({ kind, optional }) => kind === null && !optional)
  const names = new Set(normal.filter(serves).map(({ name }) => name))
  return (
    servers.some(name => names.has(name)) && !dependencies.some(({ name }) => commandLines.includes(name))
  )
}

const serves = ({ name, features }: CargoDependency) =>
  name !== 'hyper' || features.some(feature => ['server', 'full'].includes(feature))
