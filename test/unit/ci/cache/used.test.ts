import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { cratesOf, isRepositoryOf } from '../../../../src/ci/cache/cargo-lock.ts'
import { modulesOf } from '../../../../src/ci/cache/go.ts'
import { compiledFile } from '../../../../src/ci/cache/rust.ts'
import { usedFile } from '../../../../src/ci/cache/zig.ts'
import { packageHashes } from '../../../../src/ci/cache/zig-packages.ts'
import { project } from '../../../support/projects.ts'

test('modules are spelled as the module cache spells them', () => {
  const sum = 'github.com/BurntSushi/toml v1.3.2 h1:x=\ngithub.com/BurntSushi/toml v1.3.2/go.mod h1:y=\n\n'
  expect(modulesOf(sum)).toEqual([
    'github.com/!burnt!sushi/toml@v1.3.2',
    'github.com/!burnt!sushi/toml@v1.3.2',
  ])
})

const lock = `version = 4

[[package]]
name = "app"
version = "0.1.0"
dependencies = ["serde-json"]

[[package]]
name = "serde-json"
version = "1.0.1"
source = "registry+https://example.com/index"
checksum = "x"
`

test('crates are those with a source', () => {
  const source = 'registry+https://example.com/index'
  expect(cratesOf(lock)).toEqual([{ name: 'serde-json', version: '1.0.1', source }])
})

describe('of the target folder', () => {
  const hash = '0123456789abcdef'
  const old = 'fedcba9876543210'
  const renamed = '1111222233334444'
  const names = new Set(cratesOf(lock).map(({ name }) => name))
  const isKept = compiledFile(names, ['aarch64-unknown-linux-musl'], {
    units: new Set([hash, old, renamed]),
    stale: new Set([old]),
  })
  test.each([
    [`aarch64-unknown-linux-musl/release/deps/libserde_json-${hash}.rlib`, true],
    [`release/deps/serde_json-${hash}.d`, true],
    [`release/.fingerprint/serde-json-${hash}/lib-serde_json`, true],
    [`release/build/serde-json-${hash}/out/gen.rs`, true],
    [`release/deps/serde_json-9999888877776666.d`, true],
    [`release/deps/libanother_name-${renamed}.rlib`, true],
    [`release/deps/libanother_name-${old}.rlib`, false],
    [`release/deps/libanother_name-9999888877776666.rlib`, false],
    ['.rustc_info.json', true],
    [`release/deps/libserde_json-${old}.rlib`, false],
    [`release/.fingerprint/serde-json-${old}/lib-serde_json`, false],
    [`release/build/serde-json-${old}/out/gen.rs`, false],
    [`x86_64-unknown-linux-gnu/release/deps/libserde_json-${hash}.rlib`, false],
    ['release/deps/app-9999888877776666', false],
    ['release/.fingerprint/app-9999888877776666/bin-app', false],
    ['release/app', false],
    ['doc/index.html', false],
  ])('%s is kept: %s', (file, kept) => expect(isKept(file)).toBe(kept))
})

test.each([
  ['tokio-0123456789abcdef/objects/pack/a', true],
  ['foo-bar-0123456789abcdef/HEAD', true],
  ['other-0123456789abcdef/HEAD', false],
  ['tokio-0123456789abcdef', true],
])('of crates from git, %s is kept: %s', (file, kept) => {
  const sources = [
    'source = "git+https://example.com/a/tokio.git?branch=x#0123"',
    'source = "git+ssh://git@example.com/foo-bar#4567"',
  ]
  expect(isRepositoryOf(sources.join('\n'))(file)).toBe(kept)
})

describe('of the packages of Zig', () => {
  const zon = (dependencies: string) => `.{ .name = .app, .dependencies = .{ ${dependencies} } }`
  const setUp = (packages: Readonly<Record<string, string>>) =>
    project({
      'build.zig.zon': zon('.one = .{ .url = "https://x", .hash = "one-1" }, .near = .{ .path = "near" }'),
      'near/build.zig.zon': zon('.two = .{ .url = "https://x", .hash = "two-1" }'),
      ...packages,
    })

  test('those that are named are kept, by whichever package', async () => {
    const dir = await setUp({
      'p/one-1/build.zig.zon': zon('.three = .{ .url = "https://x", .hash = "three-1" }'),
      'p/two-1/src/main.zig': '',
      'p/three-1/build.zig.zon': zon('.again = .{ .url = "https://x", .hash = "one-1" }'),
    })
    const hashes = await packageHashes(dir, join(dir, 'p'))
    expect([...(hashes ?? [])].sort()).toEqual(['one-1', 'three-1', 'two-1'])
    const isUsed = usedFile(1, undefined, hashes)
    const kept = ['p/one-1/a', 'p/two-1.tar.gz', 'p/old-1/a', 'o/x/lib.a', 'tmp/x'].filter(file =>
      isUsed(file, 0),
    )
    expect(kept).toEqual(['p/one-1/a', 'p/two-1.tar.gz', 'o/x/lib.a'])
  })

  test.each([[{ 'p/one-1/build.zig.zon': '.{ .dependencies = .{ "' }], [{ 'p/one-1.tar.gz': '' }]])(
    'all are kept where one cannot be read: %j',
    async packages => {
      const dir = await setUp(packages)
      const hashes = await packageHashes(dir, join(dir, 'p'))
      expect(hashes).toBeUndefined()
      expect(usedFile(1, undefined, hashes)('p/old-1/a', 0)).toBe(true)
    },
  )
})
