import type { ElfFacts } from '../../binary/elf.ts'
import type { Platform } from '../../platforms.ts'
import type { LayerScan } from './layer-scan.ts'

/** What an image is expected to be. */
export interface Expectation {
  /** Its platforms: these and no others. */
  readonly platforms?: readonly Platform[]
  /**
   * The sha256 in hex of files, by platform id and absolute path. With it, only the layers that hold these files are
   * read, from the last one down; without it, every layer of the image.
   */
  readonly files?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** What layers hold that were packed here, by digest: with the digest, their content is the one that was packed. */
  readonly layers?: ReadonlyMap<string, LayerScan>
  /** What layers hold that were read whole from the same place before: it is asked whether it has them still. */
  readonly readBefore?: ReadonlyMap<string, LayerScan>
  /** Is told of each layer that was read whole. */
  readonly onRead?: (digest: string, scan: LayerScan) => void
}

/** What was found when an image was checked. Every problem is one line of text. */
export interface VerifyReport {
  /** The reference or path. */
  readonly reference: string
  /** Digest of the index; of the manifest where there is no index. */
  readonly indexDigest: string
  readonly ok: boolean
  readonly platforms: readonly PlatformReport[]
  /** Provenance and SBOM entries, which are no platforms. */
  readonly attestations: number
  /** What is wrong with the image as a whole. */
  readonly problems: readonly string[]
  /** What is worth knowing and not wrong. */
  readonly remarks: readonly string[]
}

/** What was found of one platform. */
export interface PlatformReport {
  readonly platform: string
  /** Of its manifest. */
  readonly digest: string
  /** Bytes of config and layers as they are kept, compressed as a rule: what a pull moves. */
  readonly size?: number
  readonly ok: boolean
  readonly problems: readonly string[]
  readonly remarks: readonly string[]
  readonly entrypoint?: EntrypointReport
  /** The base image: its name where the image says it, else the system that its files say they are. */
  readonly base?: string
}

/** The file that a container of the image runs. */
export interface EntrypointReport {
  /** Its place in the image, symbolic links followed. */
  readonly path: string
  /** In hex. */
  readonly sha256: string
  /** Bytes. */
  readonly size: number
  /** Absent for what is no ELF file, such as a script. */
  readonly elf?: ElfFacts
}
