import { expect, it } from 'vitest'
import { imagesAtOnce } from '../../../src/build/images-at-once.ts'

it.each([
  ['nothing in common', { cacheTo: [] }, 3],
  ['one metadata file', { cacheTo: [], metadataFile: '/m.json' }, 1],
  ['one cache', { cacheTo: ['type=local,dest=/cache'] }, 1],
])('of images with %s', (_, buildx, expected) => {
  expect(imagesAtOnce({ buildx }, 'buildx')).toBe(expected)
})

it('makes more of them in this process, where each mostly waits for the registry', () => {
  expect(imagesAtOnce({ buildx: { cacheTo: [] } }, 'oci')).toBe(6)
})
