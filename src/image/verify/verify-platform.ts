import { open, readFile, stat } from 'node:fs/promises'
import { readElfFile } from '../../binary/elf.ts'
import { findMismatches } from '../../binary/verify.ts'
import type { ImageManifest } from '../../oci/manifest.ts'
import { findPlatform, type Platform } from '../../platforms.ts'
import { printable } from '../../util/printable.ts'
import { entryPath } from '../read/tar-read.ts'
import { type CheckedLayers, checkLayers } from './checked-layers.ts'
import { entrypointPaths } from './entrypoint.ts'
import { asProblem, type ImageStructure, type InspectedImage } from './inspect.ts'
import type { LayerScan } from './layer-scan.ts'
import type { EntrypointReport, Expectation, PlatformReport } from './report.ts'
import type { Found, Rootfs } from './rootfs.ts'
import type { Scanner } from './scanner.ts'

/** What the check of one platform is given. */
interface PlatformContext {
  readonly scanner: Scanner
  /** Of the index. */
  readonly annotations: Readonly<Record<string, string>>
  /** The sha256 of files by absolute path; undefined where the whole image is checked. */
  readonly files: Readonly<Record<string, string>> | undefined
}

/** Where what was found is written down. */
interface Notes {
  readonly problems: string[]
  readonly remarks: string[]
}

const osRelease = '/etc/os-release'
const baseName = 'org.opencontainers.image.base.name'

/** The paths, without leading slash, of the files whose content a check of the image asks for. */
export function wantedFiles({ platforms }: ImageStructure, { files }: Expectation): Set<string> {
  const expected = Object.values(files ?? {}).flatMap(Object.keys)
  const entrypoints = platforms.flatMap(({ config }) => (config ? entrypointPaths(config) : []))
  const releases = files ? [] : [osRelease, '/usr/lib/os-release']
  return new Set([...expected, ...entrypoints, ...releases].map(path => entryPath(path) ?? path))
}

/**
 * Checks one platform's image: its layers, the files that are expected, and the program that it runs.
 * @throws {Failure} registry, when the registry fails; image, when there is no room for the files
 */
export async function verifyPlatform(
  image: InspectedImage,
  context: PlatformContext,
): Promise<PlatformReport> {
  const { platform: id, digest, manifest, config } = image
  const notes: Notes = { problems: [...image.problems], remarks: [] }
  const report = (more: Partial<PlatformReport>): PlatformReport => ({
    platform: id,
    digest,
    ...(manifest && { size: sizeOf(manifest) }),
    ok: notes.problems.length === 0,
    // They quote what the image says, which may be anything.
    problems: notes.problems.map(text => printable(text, 1000)),
    remarks: notes.remarks.map(text => printable(text, 1000)),
    ...more,
  })
  if (!manifest || !config) return report({})

  const { files, annotations, scanner } = context
  const layers = checkLayers(manifest, config, scanner)
  const all = files ? undefined : await layers.readAll()
  if (files) await checkFiles(files, layers, notes)
  const paths = entrypointPaths(config)
  const program = await findProgram(paths, layers.rootfs)
  const entrypoint = program && (await checkProgram(program, id, layers, notes))
  if (!program && !layers.blind)
    noteNoProgram(paths, [...config.config.Entrypoint, ...config.config.Cmd][0], notes)
  if (all && entrypoint && !layers.blind) await checkLoader(entrypoint, layers.rootfs, all, notes)
  const base =
    manifest.annotations[baseName] ??
    annotations[baseName] ??
    config.config.Labels[baseName] ??
    (all && (await readOsRelease(layers.rootfs)))
  notes.problems.unshift(...layers.problems)
  notes.remarks.unshift(...layers.remarks)
  return report({ ...(entrypoint && { entrypoint }), ...(base !== undefined && { base }) })
}

function sizeOf({ config, layers }: ImageManifest): number {
  return [config, ...layers].reduce((total, { size }) => total + size, 0)
}

async function checkFiles(
  files: Readonly<Record<string, string>>,
  layers: CheckedLayers,
  { problems, remarks }: Notes,
) {
  for (const [path, sha256] of Object.entries(files)) {
    const found = await layers.rootfs.resolve(path)
    if (!found) {
      if (layers.blind) remarks.push(`${path} was not checked`)
      else problems.push(`${path} is missing`)
      continue
    }
    const actual = await asProblem(() => layers.rootfs.read(found), problems)
    if (actual && actual.sha256 !== sha256) {
      problems.push(
        `${path} is not the file that was put there: its sha256 is ${actual.sha256}, not ${sha256}`,
      )
    }
  }
}

async function findProgram(paths: readonly string[], rootfs: Rootfs): Promise<Found | undefined> {
  for (const path of paths) {
    const found = await rootfs.resolve(path)
    if (found && found.entry.type !== 'directory') return found
  }
  return undefined
}

function noteNoProgram(paths: readonly string[], command: string | undefined, { problems, remarks }: Notes) {
  if (command === undefined) remarks.push('it has neither entrypoint nor command')
  else
    problems.push(
      `its program ${JSON.stringify(command)} is not in it${paths.length > 1 ? ', nowhere on PATH' : ''}`,
    )
}

/** Looks at the program itself: whether it may run, and for which platform it was made. */
async function checkProgram(
  found: Found,
  id: string,
  { rootfs, blind }: CheckedLayers,
  { problems, remarks }: Notes,
): Promise<EntrypointReport | undefined> {
  const file = await asProblem(() => rootfs.read(found), problems)
  if (!file) return undefined
  const { size } = await stat(file.path)
  const { path, entry } = found
  const program: EntrypointReport = { path, sha256: file.sha256, size }
  if ((entry.mode & 0o111) === 0)
    problems.push(`${path} is not executable: its mode is 0${entry.mode.toString(8)}`)
  const platform = platformOf(id)
  if (!platform) {
    remarks.push(`${path} was not looked into: xbuild knows no platform ${id}`)
    return program
  }
  const line = await firstLine(file.path)
  if (line.startsWith('#!')) {
    remarks.push(`${path} is a script (${printable(line)}), no ELF program`)
    // A line that ends as on Windows names another program: "/bin/sh\\r".
    const [interpreter] = line
      .slice(2)
      .replace(/^[ \t]+/, '')
      .split(/[ \t]/)
    if (!blind && interpreter && !(await rootfs.resolve(interpreter)))
      problems.push(
        `${path} is a script for ${printable(JSON.stringify(interpreter))}, which is not in the image`,
      )
    return program
  }
  const elf = await asProblem(async () => readElfFile(file.path), problems)
  if (!elf) return program
  for (const { text, runs } of findMismatches(elf, platform)) {
    if (runs) remarks.push(`${path}: ${text}`)
    else problems.push(`${path} is not a ${id} program: ${text}`)
  }
  return { ...program, elf }
}

/** Makes sure that what a dynamic program asks for is in the image. */
async function checkLoader(
  { path, elf }: EntrypointReport,
  rootfs: Rootfs,
  layers: readonly LayerScan[],
  { problems }: Notes,
) {
  if (elf?.interpreter !== undefined && !(await rootfs.resolve(elf.interpreter))) {
    problems.push(`${path} needs the program loader ${elf.interpreter}, which is not in the image`)
  }
  const missing = new Set(elf?.needed)
  for (const { entries } of layers) {
    if (missing.size === 0) break
    for (const path of entries.keys()) missing.delete(path.slice(path.lastIndexOf('/') + 1))
  }
  for (const library of missing) problems.push(`${path} needs ${library}, which is nowhere in the image`)
}

/** PRETTY_NAME of os-release(5). */
async function readOsRelease(rootfs: Rootfs): Promise<string | undefined> {
  const found = await rootfs.resolve(osRelease)
  if (!found || found.entry.type === 'directory' || found.entry.size > 65536) return undefined
  const text = await readFile((await rootfs.read(found)).path, 'utf8')
  const name = /^PRETTY_NAME=["']?([^"'\n]{1,100})/m.exec(text)?.[1]
  return name && printable(name)
}

/** The first line of a file, as far as it is short. */
async function firstLine(path: string): Promise<string> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(128), 0, 128, 0)
    return buffer.toString('utf8', 0, bytesRead).split('\n')[0] ?? ''
  } finally {
    await file.close()
  }
}

function platformOf(id: string): Platform | undefined {
  const [os = '', arch = '', variant] = id.split('/')
  return findPlatform(os, arch, variant)
}
