import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import toml from 'toml'
import { expect, test, vi } from 'vitest'
import { rustBench } from '../../../../src/bench/languages/rust.ts'
import { fakeTools } from '../../../support/fake-tools.ts'
import { project } from '../../../support/projects.ts'

const printed = `[source.crates-io]
replace-with = "vendored-sources"

[source.vendored-sources]
directory = ".xbuild-vendor"
`
const mirror = `[build]
rustflags = [
  "-C", "debuginfo=1",
]

[source.crates-io]
replace-with = "mirror"

[source.mirror]
registry = "sparse+https://mirror.example.com/"

[net]
retry = 1
`

/** The calls of cargo, and its configuration afterwards, where dependencies are staged in a project with that one. */
async function stage(config: string) {
  const top = await project({ '.cargo/config.toml': config })
  const fakes = await fakeTools({ cargo: { when: /^vendor /, stdout: printed } })
  vi.stubEnv('PATH', fakes.path)
  const { signal } = new AbortController()
  await rustBench.stageDependencies({ original: top, top, root: top, seed: top, signal })
  vi.unstubAllEnvs()
  const after = await readFile(join(top, '.cargo', 'config.toml'), 'utf8')
  return { calls: (await fakes.calls('cargo')).map(({ args }) => args), after }
}

test.each([
  ['tables', mirror],
  ['dotted keys', 'source.crates-io.replace-with = "mirror"\n[net]\nretry = 1\n'],
])('crates come from the mirror of a configuration with %s, and stand in its place', async (_, config) => {
  const { calls, after } = await stage(config)
  expect(calls).toEqual([['vendor', '--versioned-dirs', '--respect-source-config', '.xbuild-vendor']])
  const { source: _replaced, ...others } = toml.parse(config)
  expect(toml.parse(after)).toEqual({ ...others, ...toml.parse(printed) })
})

test('crates that are vendored already stay as they are', async () => {
  const config = printed.replace('.xbuild-vendor', 'vendor')
  expect(await stage(config)).toEqual({ calls: [], after: config })
  const dotted = 'source.v.directory = "vendor"\nsource.crates-io.replace-with = "v"\n'
  expect(await stage(dotted)).toEqual({ calls: [], after: dotted })
})
