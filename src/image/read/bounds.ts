import { Failure } from '../../errors.ts'

/** What an image may ask of the machine that reads it. Each bound is far above what real images have. */
export const bounds = {
  /** Bytes of a path or a link: PATH_MAX of Linux, without its NUL. */
  name: 4095,
  /** Folders in a path. */
  depth: 256,
  /** Files and folders, of all layers together; for all platforms of an image. */
  entries: 500_000,
  /** Bytes of the paths and links of all of them. */
  names: 64 * 1024 ** 2,
  /** Files and folders of an archive, in which blobs are. */
  archiveEntries: 100_000,
  layers: 500,
  /** Bytes of all manifests and configs. */
  documents: 16 * 1024 ** 2,
  /** Bytes of the programs that are kept on the disk while they are looked at. */
  captured: 4 * 1024 ** 3,
  /** Bytes of all layers, unpacked. */
  unpacked: 64 * 1024 ** 3,
  /** Unpacked bytes for each that is stored, of what is over a gigabyte. */
  ratio: 200,
} as const

/** Bytes that may be unpacked from next to nothing: files of zeros are not yet an attack. */
const freelyUnpacked = 1024 ** 3

/** What is left of the bounds while one image is read. Each call throws where it takes more. */
export interface Budget {
  /** An entry of a layer. */
  entry(path: string, link: string): void
  document(bytes: number): void
  captured(bytes: number): void
  /** Bytes of a layer as they are stored. */
  stored(bytes: number): void
  unpacked(bytes: number): void
}

/** @throws {Failure} verification, from every call, saying which bound was passed */
export function createBudget(): Budget {
  const used = { entries: 0, names: 0, documents: 0, captured: 0, stored: 0, unpacked: 0 }
  const take = (what: keyof typeof used, amount: number, limit: number, text: string) => {
    used[what] += amount
    if (used[what] > limit) throw tooMuch(text)
  }
  return {
    entry(path, link) {
      take('entries', 1, bounds.entries, `more than ${bounds.entries} files and folders`)
      take('names', path.length + link.length, bounds.names, `names of more than ${mega(bounds.names)}`)
    },
    document: bytes =>
      take(
        'documents',
        bytes,
        bounds.documents,
        `manifests and configs of more than ${mega(bounds.documents)}`,
      ),
    captured: bytes =>
      take('captured', bytes, bounds.captured, `programs of more than ${mega(bounds.captured)}`),
    stored(bytes) {
      used.stored += bytes
    },
    unpacked(bytes) {
      take('unpacked', bytes, bounds.unpacked, `layers of more than ${mega(bounds.unpacked)} unpacked`)
      if (used.unpacked > freelyUnpacked && used.unpacked > used.stored * bounds.ratio) {
        throw tooMuch(
          `layers that unpack to more than ${bounds.ratio} times their size, over ${mega(freelyUnpacked)}`,
        )
      }
    },
  }
}

/** The failure of an image that asks for too much. */
export function tooMuch(text: string, where?: string): Failure {
  return new Failure({
    kind: 'verification',
    what: 'The image asks for more than xbuild reads',
    where,
    why: `it has ${text}`,
  })
}

function mega(bytes: number): string {
  return `${bytes / 1024 ** 2} MiB`
}
