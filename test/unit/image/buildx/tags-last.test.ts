import { expect, it } from 'vitest'
import { planTagsLast, withTagsByBuildx } from '../../../../src/image/buildx/tags-last.ts'
import type { Destination } from '../../../../src/image/destination.ts'

const push: Destination = { type: 'push', references: ['r.io/a:1'] }
const image = (...destinations: Destination[]) => ({ destinations })
const able = { driver: 'docker-container', containerdStore: true, nodes: 1 }

it.each([
  ['a builder pushes by digest', able, 'digest'],
  ['the docker driver hands over a layout', { ...able, driver: 'docker' }, 'layout'],
] as const)('%s', (_, builder, tagsLast) => {
  const images = [image({ type: 'load' }, push), image(push)]
  const planned = planTagsLast(images, builder)
  const marked = { ...push, tagsLast }
  expect(planned).toEqual({ images: [image({ type: 'load' }, marked), image(marked)] })
  expect(withTagsByBuildx(planned.images)).toEqual(images)
})

const raw: Destination = { type: 'buildx', value: 'type=registry' }
it.each([
  ['one image', [image(push)], able, undefined],
  ['nothing pushed', [image({ type: 'load' }), image({ type: 'load' })], able, undefined],
  ['by digest', [image({ ...push, byDigest: true }), image({ ...push, byDigest: true })], able, undefined],
  ['an output of buildx', [image(push, raw), image(push)], able, /-o type=registry takes its names/],
  ['several nodes', [image(push), image(push)], { ...able, nodes: 2 }, /several nodes/],
  [
    'the classic store',
    [image(push), image(push)],
    { driver: 'docker', containerdStore: false, nodes: 1 },
    /classic store/,
  ],
])('leaves tags to buildx: %s', (_, images, builder, remark) => {
  const planned = planTagsLast(images, builder)
  expect(planned.images).toEqual(images)
  if (remark === undefined) expect(planned).not.toHaveProperty('remark')
  else expect(planned.remark).toMatch(remark)
})
