import { afterEach, expect, test, vi } from 'vitest'
import { zigCache } from '../../../../src/ci/cache/zig.ts'
import { resolveOptions } from '../../../../src/config/options.ts'
import { fakeTools } from '../../../support/fake-tools.ts'
import { project } from '../../../support/projects.ts'

afterEach(() => vi.unstubAllEnvs())

test.each([
  ['', '.zig-cache/xbuild'],
  ['kept', 'kept/xbuild'],
  ['/cache/zig', '/cache/zig/xbuild'],
])('with ZIG_LOCAL_CACHE_DIR=%s compiled code is kept in %s', async (folder, path) => {
  const { bin } = await fakeTools({ zig: { stdout: '0.14.1\n' } })
  vi.stubEnv('XBUILD_ZIG', `${bin}/zig`)
  const dir = await project({
    'build.zig': '',
    'xbuild.toml': `[zig]\nenv = { ZIG_LOCAL_CACHE_DIR = ${JSON.stringify(folder)} }\n`,
  })
  const { folders } = await zigCache.read(await resolveOptions({ dir }, {}), AbortSignal.timeout(60_000))
  expect(folders[1]?.path).toBe(path.startsWith('/') ? path : `${dir}/${path}`)
})
