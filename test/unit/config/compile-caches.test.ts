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
