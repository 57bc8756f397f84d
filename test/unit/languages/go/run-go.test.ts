import { afterEach, expect, test, vi } from 'vitest'
import { resolveOptions } from '../../../../src/config/options.ts'
import { runGo } from '../../../../src/languages/go/run-go.ts'
import { fakeTools } from '../../../support/fake-tools.ts'
import { temporaryFolder } from '../../../support/projects.ts'

afterEach(() => vi.unstubAllEnvs())

test.each([
  [
    'a module whose download was interrupted',
    'go: downloading a.org/b v1.0.0\nverifying a.org/b@v1.0.0: open /c/v1.0.0.zip: no such file or directory\n',
    'verifying a.org/b@v1.0.0: open /c/v1.0.0.zip: no such file or directory',
    /&& go mod download a\.org\/b@v1\.0\.0$/,
  ],
  ['nothing but downloads', 'go: downloading a.org/b v1.0.0\n', 'go says no more than that', /&& go list/],
])('%s', async (_, stderr, why, fix) => {
  const dir = await temporaryFolder()
  const { path } = await fakeTools({ go: [{ when: /^list/, exitCode: 1, stderr }] })
  vi.stubEnv('PATH', path)
  const { language: options } = await resolveOptions({ dir }, {})
  await expect(runGo(dir, ['list'], { options, platforms: [] })).rejects.toMatchObject({
    kind: 'project',
    why,
    fix: expect.stringMatching(fix),
  })
})
