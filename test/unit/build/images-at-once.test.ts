import { expect, it } from 'vitest'
import { imagesAtOnce } from '../../../src/build/images-at-once.ts'

it.each([
  ['nothing in common', { cacheTo: [] }, 3],
  ['one metadata file', { cacheTo: [], metadataFile: '/m.json' }, 1],
  ['one cache', { cacheTo: ['type=local,dest=/cache'] }, 1],
])('of images with %s', (_, buildx, expected) => {
  expect(imagesAtOnce({ buildx })).toBe(expected)
})
