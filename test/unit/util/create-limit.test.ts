import { expect, it } from 'vitest'
import { createLimit } from '../../../src/util/create-limit.ts'

it('lets so many works run at once, and goes on after one that throws', async () => {
  const limited = createLimit(2)
  let running = 0
  let most = 0
  const work = (number: number) =>
    limited(async () => {
      most = Math.max(most, ++running)
      await new Promise(resolve => setTimeout(resolve, 5))
      running--
      if (number === 1) throw new Error('one')
      return number
    })
  const ended = await Promise.allSettled([0, 1, 2, 3, 4].map(work))
  expect(ended.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'fulfilled',
    'fulfilled',
    'fulfilled',
  ])
  expect(most).toBe(2)
})
