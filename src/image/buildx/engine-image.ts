import { run } from '../../process.ts'
import type { BuilderFacts } from './builder.ts'

/** Whether the engine itself holds an image, which the engine's own builder, and no other, can build on. */
export async function isInEngine(
  reference: string,
  { driver }: Pick<BuilderFacts, 'driver'>,
  { cwd, signal }: { readonly cwd: string; readonly signal?: AbortSignal },
): Promise<boolean> {
  if (driver !== 'docker') return false
  const args = ['image', 'inspect', '--format', '{{.Id}}', '--', reference]
  const { ok } = await run({ tool: 'docker', args, cwd }, { signal, timeout: 30 })
  return ok
}
