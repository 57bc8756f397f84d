import { setTimeout as wait } from 'node:timers/promises'
import { isFailure } from '../../errors.ts'
import type { ImageSource } from './image-source.ts'

/** Seconds to wait after each time that something was not there: some registries show a push only after a while. */
const pauses = [0.5, 1, 2, 3, 4]

/**
 * A source of what was pushed a moment ago: what is not there is asked for again for ten seconds. The content of a blob is
 * not: manifests that name it are shown no earlier.
 */
export function patientSource(source: ImageSource, signal: AbortSignal): ImageSource {
  const patiently = async <T>(look: () => Promise<T>, isThere: (found: T) => boolean): Promise<T> => {
    for (const seconds of pauses) {
      const found = await look()
      if (isThere(found)) return found
      await wait(seconds * 1000, undefined, { signal }).catch(() => {}) // the next look ends it
    }
    return look()
  }
  return {
    ...source,
    async root() {
      const look = () =>
        source.root().catch(error => {
          if (isFailure(error, 'registry') && error.what === noSuchImage) return error
          throw error
        })
      const found = await patiently(look, value => !isFailure(value))
      if (isFailure(found)) throw found
      return found
    },
    document: descriptor =>
      patiently(
        () => source.document(descriptor),
        found => found !== undefined,
      ),
  }
}

/** What a source in a registry says where its name stands for nothing. */
export const noSuchImage = 'There is no such image'
