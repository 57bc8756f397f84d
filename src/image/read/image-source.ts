import type { Descriptor } from '../../oci/manifest.ts'
import type { Reference } from '../../oci/reference.ts'

/** An image where it is kept: in a registry, an OCI layout folder, or an archive. */
export interface ImageSource {
  /** The place, for people: a reference or a path. */
  readonly name: string
  /** The repository that it is in, where that is a registry's. */
  readonly repository?: Pick<Reference, 'registry' | 'repository'>
  /**
   * What the name stands for: an index or a manifest.
   * @throws {Failure} registry, when there is none; usage, when a layout holds several and none was chosen.
   */
  root(): Promise<Descriptor>
  /**
   * The bytes of an index, manifest or config, checked against its digest; undefined when it is missing.
   * @throws {Failure} registry, when the registry fails; verification, when the bytes are others.
   */
  document(descriptor: Descriptor): Promise<Uint8Array | undefined>
  /** The bytes of a blob; the iteration throws a Failure when it is missing or other than its digest says. */
  blob(descriptor: Descriptor): AsyncIterable<Uint8Array>
  /** Whether it has a blob, which is not fetched; absent where fetching costs no more. */
  holds?(descriptor: Descriptor): Promise<boolean>
  close(): Promise<void>
}
