import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Descriptor } from '../../src/oci/manifest.ts'
import { parsePlatform } from '../../src/platforms.ts'
import { buildElf, type ElfOptions } from './elf-builder.ts'
import { type FaultRegistry, sha256 } from './fault-registry.ts'
import { buildTar, type TarInput } from './tar-builder.ts'

/** What a test image's platform is; everything is right unless something here says otherwise. */
export interface TestPlatform {
  /** Such as linux/arm64. */
  readonly platform: string
  /** From the lowest up: entries, or the bytes of the layer as it is stored. Default: a layer with the program. */
  readonly layers?: readonly (readonly TarInput[] | Buffer)[]
  /** Changes to the config's `config`. */
  readonly run?: object
  /** The architecture that the config claims, where that is not the platform's. */
  readonly claims?: string
  readonly diffIds?: readonly string[]
  readonly annotations?: Readonly<Record<string, string>>
  /** Changes to the entry in the index. */
  readonly entry?: object
}

/** An image in pieces, for a registry, a folder or an archive. */
export interface TestImage {
  readonly index: Descriptor
  /** In the order of the platforms. */
  readonly manifests: readonly Descriptor[]
  /** Every document and layer, by digest. */
  readonly blobs: Map<string, Stored>
}

interface Stored {
  readonly mediaType: string
  readonly bytes: Buffer
}

const oci = 'application/vnd.oci.image'
export const types = {
  index: `${oci}.index.v1+json`,
  manifest: `${oci}.manifest.v1+json`,
  config: `${oci}.config.v1+json`,
  layer: `${oci}.layer.v1.tar+gzip`,
}

/** A program for a platform, as an ELF file without code. */
export function programFor(id: string, options: ElfOptions = {}): Buffer {
  const platform = parsePlatform(id)
  const { machine, class: width, endian } = platform.elf
  const flags = platform.elf.armFloat ? 0x5000000 | (platform.elf.armFloat === 'hard' ? 0x400 : 0x200) : 0
  return Buffer.from(buildElf({ machine, class: width, endian, flags, ...options }))
}

/** An image of some platforms; `more` are entries of the index besides them. */
export function buildImage(
  platforms: readonly (string | TestPlatform)[],
  more: readonly object[] = [],
): TestImage {
  const blobs = new Map<string, Stored>()
  const store = (mediaType: string, content: object | Buffer): Descriptor => {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content))
    const digest = sha256(bytes)
    blobs.set(digest, { mediaType, bytes })
    return { mediaType, digest, size: bytes.length }
  }
  const manifests = platforms.map(given => {
    const image = typeof given === 'string' ? { platform: given } : given
    return { ...storePlatform(image, store), ...platformField(image.platform), ...image.entry }
  })
  const index = store(types.index, {
    schemaVersion: 2,
    mediaType: types.index,
    manifests: [...manifests, ...more],
  })
  return { index, manifests, blobs }
}

function storePlatform(
  { platform, layers, run, claims, diffIds, annotations }: TestPlatform,
  store: (mediaType: string, content: object | Buffer) => Descriptor,
): Descriptor {
  const tars = (layers ?? [[{ name: 'app', content: programFor(platform) }]]).map(layer =>
    Buffer.isBuffer(layer) ? { stored: layer, tar: layer } : packed(buildTar(layer)),
  )
  const { os, arch, variant } = parsePlatform(platform)
  const config = store(types.config, {
    os,
    architecture: claims ?? arch,
    ...(variant && !claims ? { variant } : {}),
    config: { Entrypoint: ['/app'], ...run },
    rootfs: { type: 'layers', diff_ids: diffIds ?? tars.map(({ tar }) => sha256(tar)) },
  })
  return store(types.manifest, {
    schemaVersion: 2,
    mediaType: types.manifest,
    config,
    layers: tars.map(({ stored }) => store(types.layer, stored)),
    annotations,
  })
}

function packed(tar: Buffer) {
  return { tar, stored: gzipSync(tar) }
}

function platformField(id: string): object {
  const { os, arch, variant } = parsePlatform(id)
  return { platform: { os, architecture: arch, ...(variant && { variant }) } }
}

/** Puts an image into a registry under a tag. */
export function intoRegistry(
  registry: FaultRegistry,
  { index, blobs }: TestImage,
  name: string,
  tag: string,
): void {
  for (const [digest, { mediaType, bytes }] of blobs) {
    if (mediaType === types.index || mediaType === types.manifest) {
      registry.addManifest(name, mediaType, bytes, digest === index.digest ? tag : undefined)
    } else registry.addBlob(name, bytes)
  }
}

/** The files of an OCI layout that holds an image, by path. */
export function layoutFiles(
  { index, blobs }: TestImage,
  entries: readonly object[] = [index],
): Map<string, Buffer> {
  return new Map([
    ['oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}')],
    ['index.json', Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: entries }))],
    ...[...blobs].map(([digest, { bytes }]) => [`blobs/${digest.replace(':', '/')}`, bytes] as const),
  ])
}

/** Writes files, by path, into a folder. */
export function writeFolder(folder: string, files: ReadonlyMap<string, Buffer>): string {
  for (const [path, bytes] of files) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), bytes)
  }
  return folder
}

/** Writes files, by path, into a tar archive. */
export function writeArchive(path: string, files: ReadonlyMap<string, Buffer>): string {
  writeFileSync(path, buildTar([...files].map(([name, content]) => ({ name, content }))))
  return path
}
