import { isFailure } from '../errors.ts'
import { type BuilderNode, parseNodes } from '../image/buildx/nodes.ts'
import { run } from '../process.ts'

/** The nodes of a builder, that of buildx where none is named; none where buildx has none to tell. */
export async function readNodes(
  dir: string,
  builder: string | undefined,
  signal: AbortSignal,
): Promise<BuilderNode[]> {
  const args = ['buildx', 'inspect', ...(builder ? ['--builder', builder] : [])]
  const result = await run({ tool: 'docker', args, cwd: dir }, { signal }).catch(error => {
    if (isFailure(error, 'tool')) return undefined
    throw error
  })
  return parseNodes(result?.stdout ?? '')
}
