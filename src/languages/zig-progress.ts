/** Bytes of a node: two u32 (done, of how many), and a name of at most 40 bytes. */
const nodeSize = 48
const nameOffset = 8

/** A node of zig's progress tree. `parent` is the index of another node, or 255 for none. */
interface ProgressNode {
  readonly completed: number
  readonly total: number
  readonly name: string
  readonly parent: number
}

/**
 * A reader of what zig writes to the file descriptor that ZIG_PROGRESS names (std.Progress): frames of a count n, n nodes
 * and n bytes of parents, little-endian. Gives a short text for the last whole frame of a chunk, or nothing.
 */
export function zigProgress(): (chunk: Uint8Array) => string | undefined {
  let pending = Buffer.alloc(0)
  return chunk => {
    pending = Buffer.concat([pending, chunk])
    let frame: ProgressNode[] | undefined
    for (;;) {
      const count = pending[0]
      const size = count === undefined ? Number.POSITIVE_INFINITY : 1 + count * (nodeSize + 1)
      if (size > pending.length) return frame && describe(frame)
      frame = readFrame(pending.subarray(0, size))
      pending = pending.subarray(size)
    }
  }
}

function readFrame(bytes: Buffer): ProgressNode[] {
  const count = bytes[0] as number
  return Array.from({ length: count }, (_, index) => {
    const at = 1 + index * nodeSize
    const name = bytes.toString('latin1', at + nameOffset, at + nodeSize)
    return {
      completed: bytes.readUInt32LE(at),
      total: bytes.readUInt32LE(at + 4),
      name: name.replace(/\0.*$/s, ''),
      parent: bytes[1 + count * nodeSize + index] as number,
    }
  })
}

/** `2 of 5 steps: zig build-exe app`; before there are steps, what zig does first, such as compiling build.zig. */
function describe(nodes: readonly ProgressNode[]): string | undefined {
  const steps = nodes.findIndex(({ name }) => name === 'steps')
  const node = nodes[steps]
  if (!node) return nodes[0]?.name || undefined
  const current = nodes.find(({ parent, name }) => parent === steps && name)
  return `${node.completed} of ${node.total} steps${current ? `: ${current.name}` : ''}`
}
