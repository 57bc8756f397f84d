import { expect, test } from 'vitest'
import { withCompileCaches } from '../../../src/config/compile-caches.ts'
import { parseConfig } from '../../../src/config/load.ts'

const caches = async (text: string, env: NodeJS.ProcessEnv = {}) => {
  const { go, rust } = withCompileCaches(await parseConfig(text, 'xbuild.toml'), env)
  return [go.env, rust.env]
}

test('[cache] go and rust are variables of every command of the toolchain', async () => {
  expect(await caches('[cache]\ngo = "cacheprog -x"\nrust = "sccache"\n')).toEqual([
    { GOCACHEPROG: 'cacheprog -x' },
    { RUSTC_WRAPPER: 'sccache' },
  ])
})

test('the environment and the tables of the languages go first', async () => {
  const text = '[cache]\ngo = "a"\nrust = "b"\n[go.env]\nGOCACHEPROG = "own"\n'
  expect(await caches(text, { RUSTC_WRAPPER: '' })).toEqual([{ GOCACHEPROG: 'own' }, {}])
})

test('a wrapper that cargo is given by its own variable goes first', async () => {
  const text = '[cache]\nrust = "b"\n'
  expect((await caches(text, { CARGO_BUILD_RUSTC_WRAPPER: 'own' }))[1]).toEqual({})
  const table = '[rust.env]\nCARGO_BUILD_RUSTC_WRAPPER = "own"\n'
  expect((await caches(text + table))[1]).toEqual({ CARGO_BUILD_RUSTC_WRAPPER: 'own' })
})
