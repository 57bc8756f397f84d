import { expect, test } from 'vitest'
import { folderOptions } from '../../../src/config/folders.ts'
import { failureOf } from '../../support/failure-of.ts'

test.each([
  [{ path: '/data' }, { path: '/data', mode: 0o755 }],
  [
    { path: '/data', owner: '1000' },
    { path: '/data', mode: 0o755, owner: { uid: 1000, gid: 1000 } },
  ],
  [
    { path: '/data', owner: '1:2', mode: '1777' },
    { path: '/data', mode: 0o1777, owner: { uid: 1, gid: 2 } },
  ],
])('%j', (folder, expected) => expect(folderOptions([folder])).toEqual([expected]))

test.each([
  ['owner', { path: '/data', owner: 'nonroot' }],
  ['owner', { path: '/data', owner: '1:' }],
  ['owner', { path: '/data', owner: '-1' }],
  ['owner', { path: '/data', owner: '4294967295' }],
  ['mode', { path: '/data', mode: '8' }],
  ['mode', { path: '/data', mode: 'rwx' }],
  ['mode', { path: '/data', mode: '77777' }],
])('the %s of %j is refused', async (key, folder) =>
  expect(await failureOf(() => folderOptions([folder]))).toMatchObject({
    kind: 'usage',
    what: expect.stringContaining(`The ${key} of the folder "/data"`),
  }),
)
