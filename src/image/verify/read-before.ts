import * as v from 'valibot'
import { formatRepository, type Reference } from '../../oci/reference.ts'
import { type BlobCache, isRecent } from '../cache.ts'
import type { LayerScan, ScannedEntry } from './layer-scan.ts'

const entrySchema = v.object({
  type: v.picklist(['file', 'directory', 'symlink', 'hardlink', 'other']),
  size: v.number(),
  mode: v.number(),
  link: v.string(),
  sha256: v.optional(v.string()),
})
/** What was in a layer that was read from its first byte to its last. */
const layerSchema = v.object({
  /** When it was read, in milliseconds since 1970. */
  at: v.number(),
  diffId: v.string(),
  entries: v.array(v.tuple([v.string(), entrySchema])),
})
const recordSchema = v.array(v.tuple([v.string(), layerSchema]))
type Layer = v.InferOutput<typeof layerSchema>

/** Layers of a repository that are kept, the ones read last; and entries of a layer: those of programs have few. */
const most = { layers: 100, entries: 50 }
const kind = 'read-back'

/** The layers of a repository that were read back whole within a day. */
export interface ReadBefore {
  /** What they hold, by digest. */
  readonly layers: ReadonlyMap<string, LayerScan>
  /** Notes a layer that was read whole just now. */
  note(digest: string, scan: LayerScan): void
  /** Keeps what was noted. */
  save(): Promise<void>
}

/**
 * What earlier builds read back of a repository. A digest names one content, and the registry served all of it: to learn
 * whether it still has it, a build does not have to fetch it again.
 * @param files the files that are expected in the image, on this machine, by their SHA-256 in hex: a layer with a file of
 * other content is left out, for nobody could look into it
 * @param except layers that were uploaded just now, whatever was there before
 */
export async function openReadBefore(
  cache: Pick<BlobCache, 'recall' | 'remember'>,
  repository: Pick<Reference, 'registry' | 'repository'>,
  {
    files,
    except,
  }: { readonly files: ReadonlyMap<string, string>; readonly except?: ReadonlySet<string> | undefined },
): Promise<ReadBefore> {
  const key = formatRepository(repository)
  const known = new Map(await recall(cache, key))
  const layers = new Map<string, LayerScan>()
  for (const [digest, layer] of known) {
    const scan = scanOf(layer, files)
    if (scan && !except?.has(digest)) layers.set(digest, scan)
  }
  const noted = new Map<string, Layer>()
  return {
    layers,
    note(digest, scan) {
      const layer = layerOf(scan)
      if (layer) noted.set(digest, layer)
    },
    async save() {
      if (noted.size === 0) return
      const kept = [...noted, ...[...known].filter(([digest]) => !noted.has(digest))]
      await cache.remember(kind, key, kept.slice(0, most.layers))
    },
  }
}

async function recall(cache: Pick<BlobCache, 'recall'>, key: string): Promise<[string, Layer][]> {
  const { success, output } = v.safeParse(recordSchema, await cache.recall(kind, key))
  return success ? output.filter(([, { at }]) => isRecent(at)) : []
}

function scanOf({ diffId, entries }: Layer, files: ReadonlyMap<string, string>): LayerScan | undefined {
  const scanned = new Map<string, ScannedEntry>()
  for (const [path, { sha256, ...entry }] of entries) {
    const here = sha256 === undefined ? undefined : files.get(sha256)
    if (sha256 !== undefined && here === undefined) return undefined
    scanned.set(path, { ...entry, ...(sha256 && here && { captured: { path: here, sha256 } }) })
  }
  return { diffId, entries: scanned, whiteouts: new Set(), opaque: new Set(), hostile: [] }
}

/** What is kept of a layer; undefined for one that hides something of those below, or has more than programs need. */
function layerOf({ diffId, entries, whiteouts, opaque, hostile }: LayerScan): Layer | undefined {
  const isPlain = whiteouts.size + opaque.size + hostile.length === 0
  if (!isPlain || entries.size > most.entries) return undefined
  return {
    at: Date.now(),
    diffId,
    entries: [...entries].map(([path, { captured, ...entry }]) => [
      path,
      { ...entry, ...(captured && { sha256: captured.sha256 }) },
    ]),
  }
}
