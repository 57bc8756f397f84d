import { setImmediate } from 'node:timers/promises'
import type { Options } from '../config/options.ts'

/**
 * Loads the parts that the end of a build needs, while the toolchain reads the project: this process only waits for it
 * then, and later the compilers use every processor. A module that cannot be loaded fails where it is needed.
 */
export async function preloadModules(options: Options): Promise<void> {
  await load(options).catch(() => {})
}

async function load({ backend }: Options): Promise<void> {
  // Behind the commands that were asked for just before: each waits for execa too.
  await import('execa')
  await setImmediate()
  await import('undici')
  if (backend === 'oci') await import('../image/writer/write-image.ts')
  await import('../image/read/source.ts')
  await import('../image/verify/verify.ts')
}
