import { expect, it, test } from 'vitest'
import { goOnBuilder } from '../../../../src/build/on-builder/go.ts'
import { bareUrl, identityOf } from '../../../../src/build/on-builder/identity.ts'
import { ignorePattern } from '../../../../src/build/on-builder/ignore-pattern.ts'
import { rustOnBuilder } from '../../../../src/build/on-builder/rust.ts'
import { project } from '../../../support/projects.ts'

test.each([
  ['dist', 'dist'],
  ['out/a b', 'out/a b'],
  ['!dist', '\\!dist'],
  ['#dist', '\\#dist'],
  ['-dist', '-dist'],
  [' dist ', '\\ dist[ ]'],
  ['a*?[b]\\', 'a\\*\\?\\[b\\]\\\\'],
  ['a\nb', 'a?b'],
  ["it's $HOME", "it's $HOME"],
])('the folder %j is %j among what is not sent', (path, pattern) => expect(ignorePattern(path)).toBe(pattern))

test.each([
  ['https://gitlab-ci-token:secret@gitlab.example.com/me/app.git', 'gitlab.example.com/me/app'],
  ['git@github.com:me/app.git', 'github.com/me/app'],
  ['https://github.com/me/app', 'github.com/me/app'],
  ['ssh://git@example.com:2222/me/app.git/', 'example.com:2222/me/app'],
  ['/srv/git/app.git', '/srv/git/app'],
])('the repository %s is %s', (url, bare) => expect(bareUrl(url)).toBe(bare))

test('caches are told apart by repository and name, and by path where there is no remote', async () => {
  const files = { 'go.mod': 'module example.com/app\n', 'cmd/go.mod': 'module example.com/cmd\n' }
  const [one, other] = [await project(files), await project(files)]
  const identity = (dir: string, remote?: string, below = '') =>
    identityOf(goOnBuilder, { dir: `${dir}${below}`, root: dir, remote })
  expect(await identity(one)).not.toBe(await identity(other))
  const urls = ['a', 'b'].map(token => `https://ci:${token}@example.com/me/app.git`)
  expect(await identity(one, urls[0])).toBe(await identity(other, urls[1]))
  expect(await identity(one, urls[0], '/cmd')).toBe('["go.mod","example.com/cmd","example.com/me/app","cmd"]')
})

it.each<[string | undefined, object]>([
  [undefined, { reference: 'rust:latest' }],
  ['stable', { reference: 'rust:latest' }],
  ['1.83', { reference: 'rust:1.83' }],
  ['1.83.0-x86_64-unknown-linux-gnu', { reference: 'rust:1.83.0' }],
  ['1.90.0-beta.2', { missing: expect.stringContaining('none of Rust 1.90.0-beta.2') }],
  ['nightly-2026-01-02', { missing: expect.stringContaining('rustlang/rust:nightly') }],
])('the channel %s is %j', async (channel, image) => {
  const dir = await project(
    channel === undefined ? {} : { 'rust-toolchain.toml': `[toolchain]\nchannel = "${channel}"\n` },
  )
  expect(await rustOnBuilder.imageFor(dir)).toEqual(image)
})
