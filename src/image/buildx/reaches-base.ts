import type { Platform } from '../../platforms.ts'
import { run } from '../../process.ts'
import type { BuilderFacts } from './builder.ts'

/** Seconds that a builder has to find an image. */
const timeout = 60

/**
 * Whether a builder finds a base image, in its own way: by its cache, its mirrors or another network. It reads the
 * image's manifest and config and keeps nothing. Undefined where it does; else what it says of it.
 */
export async function builderMisses(
  reference: string,
  { name }: Pick<BuilderFacts, 'name'>,
  { platforms, cwd, signal }: { platforms: readonly Platform[]; cwd: string; signal?: AbortSignal },
): Promise<string | undefined> {
  const ids = platforms.map(({ baseline, id }) => baseline ?? id)
  const output = ['--output', 'type=cacheonly', '--provenance', 'false', '--progress', 'plain']
  const args = ['buildx', 'build', '--builder', name, '--platform', ids.join(','), ...output, '-']
  const options = { signal, timeout, input: `FROM ${reference}\n` }
  const { ok, stderr, timedOut } = await run({ tool: 'docker', args, cwd }, options)
  if (ok) return undefined
  if (timedOut) return `the builder ${name} did not find it within ${timeout} s`
  const [, why = stderr.trim().split('\n').at(-1) ?? ''] = /^ERROR: (.*)$/m.exec(stderr) ?? []
  return `the builder ${name} does not find it: ${why.slice(0, 400)}`
}
