import { expect, test } from 'vitest'
import { isNumericUser, type KnownUsers, numericUser, parseUsers, usersOf } from '../../../src/base/users.ts'

const distroless = usersOf('static') as KnownUsers
const alpine = parseUsers(
  'root:x:0:0:root:/root:/bin/sh\nguest:x:405:100:guest:/dev/null:/sbin/nologin\n\nbroken\nno:x:one:1:\nroot:x:7:7::/:\n',
  'root:x:0:root\nusers:x:100:\nconstructor:x:12:\n',
)

test.each<[string, KnownUsers, string | undefined]>([
  ['nonroot', distroless, '65532:65532'],
  ['nonroot:nonroot', distroless, '65532:65532'],
  ['nobody', distroless, '65534:65534'],
  ['root', distroless, '0:0'],
  ['1000:staff', distroless, '1000:50'],
  ['nonroot:0', distroless, '65532:0'],
  ['1000', distroless, '1000'],
  ['app', distroless, undefined],
  ['nonroot:app', distroless, undefined],
  ['guest', alpine, '405:100'],
  ['guest:users', alpine, '405:100'],
  ['root', alpine, '0:0'],
  ['no', alpine, undefined],
  ['constructor', alpine, undefined],
  ['0:constructor', alpine, '0:12'],
  ['nonroot', usersOf('scratch') as KnownUsers, undefined],
])('user %s', (user, users, expected) => {
  expect(numericUser(user, users)).toBe(expected)
})

test.each([
  ['0', true],
  ['65532:65532', true],
  ['nonroot', false],
  ['65532:nonroot', false],
])('%s is a number: %s', (user, expected) => {
  expect(isNumericUser(user)).toBe(expected)
})
