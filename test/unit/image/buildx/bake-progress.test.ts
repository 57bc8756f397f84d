import { expect, it } from 'vitest'
import { readBakeProgress } from '../../../../src/image/buildx/bake-progress.ts'

const started = '2026-01-01T00:00:00Z'
const vertex = (digest: string, name: string, more = {}) => ({
  vertexes: [{ digest, name, started, ...more }],
})

/** What each line tells, and the reader of it all. */
function fed(...lines: (object | string)[]) {
  const progress = readBakeProgress(['one', 'one-2'])
  const told = lines.map(line => progress.line(typeof line === 'string' ? line : JSON.stringify(line)))
  return { progress, told }
}

it('tells the target of a step, and calls it as a build of that target alone does', () => {
  const { told } = fed(
    vertex('a', '[one linux/amd64->arm64 2/3] COPY x y'),
    vertex('b', '[one-2] exporting to image'),
    vertex('c', '[internal] load local bake definitions'),
  )
  expect(told).toEqual([
    [{ target: 'one', detail: 'linux/arm64 · COPY x y' }],
    [{ target: 'one-2', detail: 'exporting to image' }],
    [],
  ])
})

it('gives each target the transfers and the output of its own vertices, and of those that several have', () => {
  const transfer = { statuses: [{ id: 'layer', vertex: 'a', current: 5, total: 10 }] }
  const logs = { logs: [{ vertex: 'a', data: Buffer.from('said').toString('base64') }] }
  const alone = fed(vertex('a', '[one 1/2] FROM x'), transfer, logs)
  expect(alone.told.at(1)).toEqual([{ target: 'one', detail: expect.stringContaining('50%') }])
  expect(alone.progress.of('one').log()).toContain('said')
  expect(alone.progress.of('one-2').log()).not.toContain('said')

  const shared = fed(vertex('a', '[one 1/2] FROM x'), vertex('a', '[one-2 1/2] FROM x'), transfer, logs)
  expect(shared.told.at(2)).toHaveLength(2)
  expect(shared.progress.of('one-2').log()).toContain('said')
})

it('keeps what buildx itself says for each, and reads objects over several lines', () => {
  const lines = JSON.stringify(vertex('a', '[one 1/2] FROM x'), undefined, 1).split('\n')
  const { progress, told } = fed(...lines, 'ERROR: target one: failed to solve: boom')
  expect(told.flat()).toEqual([{ target: 'one', detail: 'FROM x' }])
  expect(progress.plain()).toBe('ERROR: target one: failed to solve: boom')
  expect(progress.of('one-2').log()).toContain('boom')
})
