import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readEvent } from '../../../../src/ci/action/event.ts'
import { temporaryFolder } from '../../../support/projects.ts'

const from = (head: unknown) => ({
  repository: { full_name: 'Owner/app' },
  pull_request: { head: { repo: head } },
})

test.each<[string, string, unknown, object]>([
  ['a push', 'push', { repository: { full_name: 'owner/app' } }, { isPullRequest: false }],
  ['a pull request of a branch', 'pull_request', from({ full_name: 'owner/app' }), { isPullRequest: true }],
  ['one of a fork', 'pull_request', from({ full_name: 'a/app' }), { isPullRequest: true, fork: 'a/app' }],
  ['one whose fork is gone', 'pull_request', from(null), { isPullRequest: true }],
  ['one that may write', 'pull_request_target', from({ full_name: 'a/app' }), { isPullRequest: true }],
  [
    'a name with commands in it',
    'pull_request',
    from({ full_name: 'a\n::add-path::/x' }),
    { isPullRequest: true, fork: 'a ::add-path::/x' },
  ],
  [
    'a payload of another form',
    'pull_request',
    { repository: 3, pull_request: 'x' },
    { isPullRequest: true },
  ],
  ['none', 'pull_request', null, { isPullRequest: true }],
])('%s', async (_, name, payload, expected) => {
  const path = join(await temporaryFolder(), 'event.json')
  await writeFile(path, JSON.stringify(payload))
  expect(await readEvent({ GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: path })).toEqual(expected)
})

test('a file that is missing or no JSON says nothing', async () => {
  const path = join(await temporaryFolder(), 'event.json')
  const env = { GITHUB_EVENT_NAME: 'pull_request', GITHUB_EVENT_PATH: path }
  expect(await readEvent(env)).toEqual({ isPullRequest: true })
  await writeFile(path, '{')
  expect(await readEvent(env)).toEqual({ isPullRequest: true })
  expect(await readEvent({})).toEqual({ isPullRequest: false })
})
