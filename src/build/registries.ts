import type { Options } from '../config/options.ts'
import { createCachedBaseLookup } from '../image/base-documents.ts'
import { createRegistryClient, type RegistryClient } from '../registry/client.ts'
import { type Prepared, prepareBuild } from './prepare.ts'

/** One client for all that a build asks of registries, so that connections, log-ins and tokens serve the whole of it. */
export async function withRegistries<T>(
  { image, images, registryTimeout: timeout }: Pick<Options, 'image' | 'images' | 'registryTimeout'>,
  signal: AbortSignal,
  use: (registries: RegistryClient) => Promise<T>,
  onWait?: (text: string) => void,
): Promise<T> {
  const insecure = [image, ...Object.values(images)].flatMap(options => options.insecureRegistries)
  const ended = new AbortController()
  const either = AbortSignal.any([signal, ended.signal])
  const registries = createRegistryClient({ signal: either, insecure, timeout, onWait })
  try {
    return await use(registries)
  } finally {
    // A question that nobody waits for any more is not asked again.
    ended.abort()
    await registries.close()
  }
}

/**
 * Prepares a build that is only shown.
 * @throws {Failure} as {@link prepareBuild} does.
 */
export function prepareOnly(options: Options, signal: AbortSignal): Promise<Prepared> {
  return withRegistries(options, signal, registries =>
    prepareBuild(options, { lookUpBase: createCachedBaseLookup(registries), signal }),
  )
}
