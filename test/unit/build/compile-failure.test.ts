import { expect, it } from 'vitest'
import { compileFailed } from '../../../src/build/compile-failure.ts'
import { parsePlatforms } from '../../../src/platforms.ts'

const failed = (platform: string, advice?: string) => ({
  platform,
  message: 'error: no such file',
  advice,
  log: `/app/dist/logs/${platform.replace('/', '_')}.log`,
})
const plan = (ids: string) => ({ project: { root: '/app' }, platforms: parsePlatforms([ids]) }) as never

it('counts the platforms where there are several, and says one message and one fix once', () => {
  const one = compileFailed([failed('linux/amd64')], plan('amd64'))
  expect(one).toMatchObject({
    what: 'linux/amd64 did not compile',
    fix: 'fix the errors above; no image was made',
  })
  const some = compileFailed([failed('linux/amd64')], plan('amd64,arm64'))
  expect(some.what).toBe('1 of 2 platforms did not compile: linux/amd64')
  expect(some.fix).toContain('(linux/arm64 compiled); no image was made')
  const both = compileFailed(
    [failed('linux/amd64', 'go away'), failed('linux/arm64', 'go away')],
    plan('amd64,arm64'),
  )
  expect(both.fix).toBe('go away; no image was made')
  expect(both.why?.match(/error: no such file/g)).toHaveLength(1)
})
