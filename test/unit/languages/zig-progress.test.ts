import { describe, expect, it } from 'vitest'
import { zigProgress } from '../../../src/languages/zig-progress.ts'

type Node = readonly [completed: number, total: number, name: string, parent: number]

function frame(...nodes: readonly Node[]): Buffer {
  const records = nodes.map(([completed, total, name]) => {
    const record = Buffer.alloc(48)
    record.writeUInt32LE(completed, 0)
    record.writeUInt32LE(total, 4)
    record.write(name.slice(0, 40), 8, 'latin1')
    return record
  })
  return Buffer.concat([Buffer.of(nodes.length), ...records, Buffer.from(nodes.map(node => node[3]))])
}

const first = frame([3, 0, 'Compile Build Script', 255], [93, 0, 'Semantic Analysis', 0])
const second = frame(
  [0, 0, '', 255],
  [2, 5, 'steps', 0],
  [0, 0, 'zig build-exe app', 1],
  [7, 0, 'Semantic Analysis', 2],
)

describe("zig's progress", () => {
  it('is what it does first, then its steps', () => {
    const read = zigProgress()
    expect(read(first)).toBe('Compile Build Script')
    expect(read(second)).toBe('2 of 5 steps: zig build-exe app')
    expect(read(frame([5, 5, 'steps', 255]))).toBe('5 of 5 steps')
  })

  it('is the last frame of a chunk', () => {
    expect(zigProgress()(Buffer.concat([first, second]))).toContain('2 of 5')
  })

  it('comes in pieces of any size', () => {
    const read = zigProgress()
    const all = Buffer.concat([first, second])
    const texts = [...all].map(byte => read(Buffer.of(byte))).filter(Boolean)
    expect(texts).toEqual(['Compile Build Script', '2 of 5 steps: zig build-exe app'])
  })

  it('is nothing for an empty tree', () => {
    expect(zigProgress()(frame())).toBeUndefined()
    expect(zigProgress()(Buffer.alloc(0))).toBeUndefined()
  })
})
