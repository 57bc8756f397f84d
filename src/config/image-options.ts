import { resolve } from 'node:path'
import { Failure } from '../errors.ts'
import { isLocalBase } from '../oci/local-base.ts'
import { isReference, parseReference } from '../oci/reference.ts'
import type { OwnedFolder } from '../types.ts'
import type { BuildFlags } from './flags.ts'
import { folderOptions } from './folders.ts'
import { type RuntimeOptions, runtimeOptions } from './runtime.ts'
import type { ImageTable } from './schema.ts'

/** What an image is made of besides its program: one `[image]` or `[images.NAME]` table with the flags on top. */
export interface ImageOptions extends RuntimeOptions {
  /** The executable, for a table of `[images]` whose name is not its executable's. */
  readonly bin?: string
  /** References as given; `{name}` is replaced by the image's name. */
  readonly tags: readonly string[]
  readonly base?: string
  /** Replaces gcr.io/distroless. */
  readonly registry?: string
  readonly pin: boolean
  /** Registries that may be called without TLS, or with an untrusted certificate. */
  readonly insecureRegistries: readonly string[]
  /** Absolute path of the user's own Dockerfile template. */
  readonly template?: string
  readonly user?: string
  /** Absolute path of the program in the image. */
  readonly program?: string
  /** The executables that are in the image together, the one that it runs first; none for one of its own. */
  readonly programs: readonly string[]
  /** What each symbolic link points to, by its absolute path. */
  readonly links: Readonly<Record<string, string>>
  /** Path of a program that becomes process 1, with {platform} or {arch}, relative to the project. */
  readonly init?: string
  readonly entrypoint?: readonly string[]
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Normalised: "8080/tcp". */
  readonly ports: readonly string[]
  readonly workdir?: string
  readonly folders: readonly OwnedFolder[]
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: readonly string[]
  /** `from` is absolute; without a mode, what is executable in the project is so in the image. */
  readonly files: readonly {
    readonly from: string
    readonly to: string
    readonly mode?: number
    readonly owner?: string
    readonly exclude?: readonly string[]
  }[]
}

/**
 * The options of one image. Paths become absolute, ports get their protocol.
 * @throws {Failure} usage, for a port, mode, label, environment name or working directory that no image can have.
 */
export function imageOptions(
  table: ImageTable,
  dir: string,
  flags: BuildFlags,
  env: NodeJS.ProcessEnv = {},
): ImageOptions {
  const base = flags.base ?? (env['XBUILD_BASE'] || table.base)
  const registry = flags.baseRegistry ?? (env['XBUILD_BASE_REGISTRY'] || table.registry)
  const { bin, template, program, entrypoint, workdir } = table
  const user = flags.user ?? table.user
  if (workdir !== undefined && !workdir.startsWith('/'))
    throw notAnImageValue('workdir', workdir, 'an absolute path', ['workdir'])
  return {
    ...(bin && { bin }),
    tags: flags.tag?.flatMap(splitTags) ?? (table.tags ?? []).map(checkTableTag),
    ...(base && { base: base === table.base ? checkTableBase(base) : base }),
    ...(registry && { registry: checkRegistry(registry.replace(/\/+$/, ''), registry !== table.registry) }),
    pin: flags.pin ?? table.pin ?? false,
    insecureRegistries: flags.insecureRegistry
      ? registryHosts(flags.insecureRegistry)
      : registryHosts(table['insecure-registries'] ?? [], 'insecure-registries'),
    ...(template && { template: resolve(dir, template) }),
    ...(user !== undefined && { user: checkUser(user, flags.user === undefined ? ['user'] : undefined) }),
    ...(program !== undefined && { program: checkProgram(program) }),
    programs: [...new Set(table.programs ?? [])],
    links: table.links ?? {},
    ...(table.init && { init: table.init }),
    ...(entrypoint && { entrypoint }),
    args: table.args ?? [],
    env: checkNames('env', table.env ?? {}),
    ports: [...new Set((table.ports ?? []).map(normalizePort))],
    ...(workdir && { workdir }),
    ...runtimeOptions(table),
    folders: folderOptions(table.folders ?? []),
    labels: { ...table.labels, ...parseLabels((flags.label ?? []).flatMap(splitPairs)) },
    annotations:
      flags.annotation?.flatMap(splitPairs).map(annotation => checkAnnotation(annotation)) ??
      (table.annotations ?? []).map((annotation, at) => checkAnnotation(annotation, ['annotations', at])),
    files: (table.files ?? []).map(({ from, to, mode, owner, exclude }, at) => ({
      from: resolve(dir, from),
      to,
      ...(mode !== undefined && { mode: parseMode(mode, ['files', at, 'mode']) }),
      ...(owner !== undefined && { owner: checkUser(owner, ['files', at, 'owner']) }),
      ...(exclude && { exclude }),
    })),
  }
}

/**
 * A table of `[images]` on top of `[image]`. One that names its executable has no other programs.
 * @throws {Failure} usage, when it names its executable twice.
 */
export function onShared(name: string, table: ImageTable, shared: ImageTable): ImageTable {
  const { programs, ...rest } = shared
  if (table.bin === undefined) return { ...shared, ...table }
  if (table.programs === undefined) return { ...rest, ...table }
  throw new Failure({
    kind: 'usage',
    what: `[images.${name}] has bin and programs`,
    where: `[images.${name}] of xbuild.toml`,
    key: ['images', name, 'bin'],
    why: 'both say which executables are in the image',
    fix: `programs = ${JSON.stringify([...new Set([table.bin, ...table.programs])])}, without bin`,
  })
}

/** What is known to be wrong before its placeholders are filled in. */
function checkTableTag(tag: string, at: number): string {
  const values = /\{(?:version|commit|short-commit|date|branch|tag|name|platform|env\.\w+)\}/g
  if (!tag.includes('{{') && !isReference(tag.replace(values, 'x'))) checkReference(tag, ['tags', at])
  return tag
}

function checkTableBase(base: string): string {
  if (base !== 'scratch' && !isLocalBase(base)) checkReference(base, ['base'])
  return base
}

function checkReference(text: string, key: Key): void {
  try {
    parseReference(text)
  } catch (error) {
    throw error instanceof Failure ? error.with({ key: ['image', ...key] }) : error
  }
}

/** A list by comma or line, as docker/metadata-action gives it: no reference holds either. */
export function splitTags(text: string): string[] {
  const tags = text
    .split(/[\n,]/)
    .map(tag => tag.trim())
    .filter(Boolean)
  return tags.length > 0 ? tags : [text]
}

/** A list by line. A value may hold a line break itself, so every line must be a pair; a comma is always the value's. */
export function splitPairs(text: string): string[] {
  const lines = text
    .split(/\r?\n/)
    .map(line => line.trim())
    .filter(Boolean)
  return lines.length > 1 && lines.every(line => /^[\w.:,/[\]-]+=/.test(line)) ? lines : [text]
}

/**
 * Hosts as references name them.
 * @throws {Failure} usage, for what is no host.
 */
export function registryHosts(hosts: readonly string[], name = '--insecure-registry'): readonly string[] {
  for (const [at, host] of hosts.entries()) {
    if (!/[/@]/.test(host) && isHost(host)) continue
    throw notAnImageValue(name, host, 'a host as in references: registry.example.com:5000', [name, at])
  }
  return hosts
}

/** A host, with a folder of its repositories or without. */
function checkRegistry(registry: string, isFlag: boolean): string {
  try {
    parseReference(`${registry}/static`)
    return registry
  } catch {
    const expected =
      'a registry, with or without a folder, as references have it: mirror.example.com/distroless'
    throw notAnImageValue(isFlag ? '--base-registry' : 'registry', registry, expected, ['registry'])
  }
}

function isHost(host: string): boolean {
  return isReference(`${host}/name`) && parseReference(`${host}/name`).registry === host
}

/** `80`, `"53/udp"` → `80/tcp`, `53/udp` (image-spec config.md, ExposedPorts). */
function normalizePort(port: number | string, at: number): string {
  const match = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(String(port))
  const number = Number(match?.[1])
  if (!match || number < 1 || number > 65535)
    throw notAnImageValue('ports', String(port), '8080 or "53/udp"', ['ports', at])
  return `${number}/${match[2] ?? 'tcp'}`
}

function parseMode(mode: string, key: Key): number {
  if (!/^0?[0-7]{3,4}$/.test(mode)) throw notAnImageValue('files.mode', mode, '"0644"', key)
  return Number.parseInt(mode, 8)
}

/** `key=value`, or with the types it is meant for before it: `index,manifest[linux/amd64]:key=value` (buildx build). */
function checkAnnotation(annotation: string, key?: Key): string {
  if (/^[^=:\n]*:?[^=:\n]+=/.test(annotation)) return annotation
  throw notAnImageValue(key ? 'annotations' : '--annotation', annotation, '[type:]key=value', key)
}

function parseLabels(labels: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    labels.map(label => {
      const at = label.indexOf('=')
      if (at < 1) throw notAnImageValue('--label', label, 'key=value')
      return [label.slice(0, at), label.slice(at + 1)]
    }),
  )
}

function checkNames(key: string, values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(values)) {
    if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name))
      throw notAnImageValue(key, name, 'a name of letters, digits and _', [key, name])
    if (value.includes('\0'))
      throw notAnImageValue(`${key}.${name}`, value, 'a text without NUL', [key, name])
  }
  return values
}

function checkProgram(path: string): string {
  if (/^(\/[^/\0\n]+)+$/.test(path) && !/\/\.\.?(\/|$)/.test(path)) return path
  throw notAnImageValue('program', path, 'the absolute path of a file, such as "/usr/bin/server"', [
    'program',
  ])
}

/** The largest number of a user that engines take ("uids and gids must be in range 0-2147483647"). */
const largestId = 2 ** 31 - 1

/** uid, uid:gid or names, as image-spec config.md has `User`. */
function checkUser(user: string, key: Key | undefined): string {
  const isTooLarge = user.split(':').some(part => /^\d+$/.test(part) && Number(part) > largestId)
  const isUser = /^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$/.test(user)
  if (isUser && !isTooLarge) return user
  const name = key ? key.filter(part => typeof part === 'string').join('.') : '--user'
  const expected = isTooLarge ? `numbers of at most ${largestId}, such as` : '"65532",'
  throw notAnImageValue(name, user, `${expected} "65532:65532"${isTooLarge ? '' : ' or "nonroot"'}`, key)
}

/** Below `[image]`. */
type Key = readonly (string | number)[]

/** @param key where the value is in the table; without it, or with a flag as `name`, a flag has it */
function notAnImageValue(name: string, value: string, expected: string, key?: Key): Failure {
  const isFlag = name.startsWith('--')
  return new Failure({
    kind: 'usage',
    what: `${name} cannot be ${JSON.stringify(value)}`,
    where: isFlag ? name : '[image] of xbuild.toml',
    why: `${name} is ${expected}`,
    fix: `set ${name} to ${expected}`,
    ...(key && !isFlag && { key: ['image', ...key] }),
  })
}
