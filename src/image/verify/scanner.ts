import { Failure } from '../../errors.ts'
import type { Descriptor } from '../../oci/manifest.ts'
import { createLimit } from '../../util/create-limit.ts'
import { type Budget, createBudget } from '../read/bounds.ts'
import { UnreadableCompression } from '../read/decompress.ts'
import type { ImageSource } from '../read/image-source.ts'
import { type CapturedFile, type LayerScan, scanLayer } from './layer-scan.ts'

/** Looks into layers, into each once however many platforms share it. */
export interface Scanner {
  /** @throws {Failure} verification, when it is damaged or missing; UnreadableCompression; registry */
  scan(layer: Descriptor): Promise<LayerScan>
  /** Reads a layer again for a file that was not known to be wanted. */
  extract(layer: Descriptor, path: string): Promise<CapturedFile>
}

/** What layers are looked into for. */
export interface ScannerOptions {
  /** Paths of the files whose content is kept when a layer is looked into. */
  readonly wanted: ReadonlySet<string>
  /** Where it is kept. */
  readonly folder: string
  /** What is known of layers by their digests: these are read, to see that they are whole, and not unpacked. */
  readonly known?: ReadonlyMap<string, LayerScan> | undefined
  /** What is known of layers that were read from this source before: it is only asked whether it has them still. */
  readonly readBefore?: ReadonlyMap<string, LayerScan> | undefined
  /** Is told of each layer that was read. */
  readonly onRead?: ((digest: string, scan: LayerScan) => void) | undefined
  /** What the image may ask for. */
  readonly budget?: Budget | undefined
}

/** Layers that are unpacked at once: each may take what its compression asks for. */
const parallel = 2

export function createScanner(
  source: ImageSource,
  { wanted, folder, known, readBefore, onRead, budget = createBudget() }: ScannerOptions,
): Scanner {
  const scans = new Map<string, Promise<LayerScan>>()
  const inTurn = createLimit(parallel)
  const where = (layer: Descriptor) => `${source.name}@${layer.digest}`

  const look = async (layer: Descriptor): Promise<LayerScan> => {
    const before = readBefore?.get(layer.digest)
    if (before && (await source.holds?.(layer))) return known?.get(layer.digest) ?? before
    const scan = await read(layer)
    onRead?.(layer.digest, scan)
    return scan
  }
  const read = async (layer: Descriptor): Promise<LayerScan> => {
    const packed = known?.get(layer.digest)
    if (packed) {
      for await (const _ of source.blob(layer));
      return packed
    }
    try {
      return await inTurn(() => scanLayer(source.blob(layer), wanted, folder, where(layer), budget))
    } catch (error) {
      // Its digest can be checked all the same.
      if (error instanceof UnreadableCompression) for await (const _ of source.blob(layer));
      throw error
    }
  }

  return {
    scan(layer) {
      const scan = scans.get(layer.digest) ?? look(layer)
      scans.set(layer.digest, scan)
      return scan
    },
    async extract(layer, path) {
      // Its files were counted; what it takes to unpack them again counts again.
      const { entry } = createBudget()
      const { entries } = await inTurn(() =>
        scanLayer(source.blob(layer), new Set([path]), folder, where(layer), { ...budget, entry }),
      )
      const captured = entries.get(path)?.captured
      if (captured) return captured
      throw new Failure({
        kind: 'verification',
        what: 'A file of the image cannot be read',
        where: where(layer),
        why: `${JSON.stringify(path)} has no content`,
      })
    },
  }
}
