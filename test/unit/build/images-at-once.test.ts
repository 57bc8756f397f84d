import { expect, it } from 'vitest'
import { imagesAtOnce } from '../../../src/build/images-at-once.ts'

const layout = { type: 'layout', path: '/out' } as const
const own = { type: 'buildx', value: 'type=local,dest=/out' } as const

it.each([
  ['nothing in common', { cacheTo: [] }, layout, 3],
  ['one metadata file', { cacheTo: [], metadataFile: '/m.json' }, layout, 1],
  ['one cache', { cacheTo: ['type=local,dest=/cache'] }, layout, 1],
  ['one output of buildx', { cacheTo: [] }, own, 1],
])('of images with %s', (_, buildx, destination, expected) => {
  expect(imagesAtOnce({ buildx, images: [{ destinations: [destination] }] })).toBe(expected)
})
