import { Failure } from '../../errors.ts'
import type { ConfigFile, ImageManifest } from '../../oci/manifest.ts'
import { UnreadableCompression } from '../read/decompress.ts'
import type { LayerScan } from './layer-scan.ts'
import { createRootfs, type Rootfs } from './rootfs.ts'
import type { Scanner } from './scanner.ts'

/** The layers of one platform's image, checked as they are looked into. */
export interface CheckedLayers {
  /** What the layers make together. Only the layers that are needed for an answer are read. */
  readonly rootfs: Rootfs
  /** What is wrong with the layers that were read so far. */
  readonly problems: readonly string[]
  readonly remarks: readonly string[]
  /** Whether a layer could not be looked into, so that what is not found may be in it. */
  readonly blind: boolean
  /** Reads every layer. @returns what each holds, the lowest first */
  readAll(): Promise<readonly LayerScan[]>
}

const nothing: LayerScan = {
  diffId: '',
  entries: new Map(),
  whiteouts: new Set(),
  opaque: new Set(),
  hostile: [],
}

/** What is wrong with a layer is a problem; a failure to get at it is thrown by what needs it. */
export function checkLayers(
  { layers }: ImageManifest,
  { diffIds }: ConfigFile,
  scanner: Scanner,
): CheckedLayers {
  const problems: string[] = []
  const remarks: string[] = []
  const scans = new Map<number, Promise<LayerScan>>()
  let blind = false

  const read = async (number: number): Promise<LayerScan> => {
    const layer = layers[number]
    if (!layer) return nothing
    const name = `layer ${number + 1} of ${layers.length}`
    try {
      const scan = await scanner.scan(layer)
      const expected = diffIds[number]
      if (expected !== undefined && scan.diffId !== expected) {
        problems.push(`${name}: its content is ${scan.diffId}, its diff_id in the config ${expected}`)
      }
      if (scan.hostile.length > 0) {
        problems.push(
          `${name}: names that lead out of the image: ${scan.hostile.map(text => JSON.stringify(text)).join(', ')}`,
        )
      }
      return scan
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      if (error instanceof UnreadableCompression) remarks.push(`${name}: not looked into, for ${error.why}`)
      else if (error.kind === 'verification')
        problems.push(`${name}: ${[error.what, error.why].filter(Boolean).join(': ')}`)
      else throw error
      blind = true
      return nothing
    }
  }
  const scan = (number: number) => {
    const known = scans.get(number) ?? read(number)
    scans.set(number, known)
    return known
  }

  return {
    problems,
    remarks,
    get blind() {
      return blind
    },
    rootfs: createRootfs(layers.length, scan, (number, path) => {
      const layer = layers[number]
      if (!layer) throw new Error(`no layer ${number}`)
      return scanner.extract(layer, path)
    }),
    async readAll() {
      const all: LayerScan[] = []
      for (const number of layers.keys()) all.push(await scan(number))
      return all
    },
  }
}
