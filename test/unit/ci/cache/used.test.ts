import { describe, expect, test } from 'vitest'
import { modulesOf } from '../../../../src/ci/cache/go.ts'
import { compiledFile, cratesOf } from '../../../../src/ci/cache/rust.ts'

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
  expect(cratesOf(lock)).toEqual([{ name: 'serde-json', version: '1.0.1' }])
})

describe('of the target folder', () => {
  const isKept = compiledFile(cratesOf(lock))
  const hash = '0123456789abcdef'
  test.each([
    [`aarch64-unknown-linux-musl/release/deps/libserde_json-${hash}.rlib`, true],
    [`release/deps/serde_json-${hash}.d`, true],
    [`release/.fingerprint/serde-json-${hash}/lib-serde_json`, true],
    [`release/build/serde-json-${hash}/out/gen.rs`, true],
    ['.rustc_info.json', true],
    [`release/deps/app-${hash}`, false],
    [`release/.fingerprint/app-${hash}/bin-app`, false],
    ['release/app', false],
    ['doc/index.html', false],
  ])('%s is kept: %s', (file, kept) => expect(isKept(file)).toBe(kept))
})
