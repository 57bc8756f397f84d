import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { guessGoEnv, isSameEnv, readGoEnv } from '../../../../src/languages/go/go-env.ts'
import { defaultOptions } from '../../../support/compile-request.ts'
import { failureOf } from '../../../support/failure-of.ts'
import { project, temporaryFolder } from '../../../support/projects.ts'

afterEach(() => vi.unstubAllEnvs())

// Go makes a folder for its telemetry there.
const configFolder = await temporaryFolder()
const files = { 'go.mod': 'module x\n\ngo 1.21\n', 'ws/go.work': 'go 1.21\n', 'ws/a/go.mod': 'module a\n' }

test.each<[string, string, Record<string, string>]>([
  ['a module', '.', {}],
  ['a module of a workspace', 'ws/a', {}],
  ['a workspace that is turned off', 'ws/a', { GOWORK: 'off' }],
  ['no settings', '.', { GOENV: 'off' }],
  ['settings elsewhere', '.', { XDG_CONFIG_HOME: configFolder }],
])('%s is guessed as go says it', async (_, folder, env) => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  const dir = join(await project(files), folder)
  const real = await readGoEnv(dir, { options: defaultOptions, platforms: [] })
  expect(isSameEnv(await guessGoEnv(dir, {}), real)).toBe(true)
})

test.each([
  ['GOROOT', '/nowhere'],
  ['GOEXPERIMENT', 'bogus'],
  ['GOTOOLCHAIN', 'go9.99'],
])('%s that go refuses is what the fix takes back', async (name, value) => {
  const dir = await project(files)
  vi.stubEnv(name, value)
  const failure = await failureOf(() => readGoEnv(dir, { options: defaultOptions, platforms: [] }))
  expect(failure.fix).toBe(`unset ${name}`)
  vi.unstubAllEnvs()
  const options = { ...defaultOptions, go: { ...defaultOptions.go, env: { [name]: value } } }
  const inTable = await failureOf(() => readGoEnv(dir, { options, platforms: [] }))
  expect(inTable.fix).toBe(`remove ${name} from [go] env in xbuild.toml`)
})
