import { describe, expect, it, test } from 'vitest'
import { chooseExecutables, otherChoices } from '../../../src/languages/choose.ts'
import type { Executable, Project } from '../../../src/languages/language.ts'
import { mainExecutable } from '../../../src/languages/main-executable.ts'
import { failureOf } from '../../support/failure-of.ts'

/** A project in the folder `caddy`, with programs as `place` or `name@place`. */
function project(programs: readonly string[], more: Partial<Project> = {}): Project {
  const executables = programs.map((text): Executable => {
    const [name = '', place = name] = text.includes('@') ? text.split('@') : [text.split('/').at(-1), text]
    return { name, package: place }
  })
  const toolchain = { name: 'go', version: '1.26' }
  return { language: 'go', root: '/src/caddy', executables, toolchain, cCode: [], remarks: [], ...more }
}

test.each<[string, readonly string[], string | undefined, Partial<Project>?]>([
  ['the only one, a tool too', ['./tools/gen'], 'gen'],
  ['the default of the project', ['./cmd/a', './cmd/b'], 'b', { defaultExecutable: 'b' }],
  [
    'the default by its package',
    ['./examples/a', './tools/a', 'x@.'],
    'a',
    { defaultExecutable: './examples/a' },
  ],
  ['the one at the root', ['fzf@.', './cmd/other'], 'fzf'],
  ['the one named after the folder', ['./cmd/caddy', './cmd/worker'], 'caddy'],
  ['the one named after the module', ['./cmd/gotify', './cmd/worker'], 'gotify', { name: 'gotify' }],
  ['the one that is no tool', ['./cmd/server', './hack/release', './internal/gen', './examples/x'], 'server'],
  ['the one that is no test', ['./server', './test/e2e', './_examples/hello'], 'server'],
  ['no crate called xtask', ['app', 'xtask'], 'app'],
  ['none of two that could be meant', ['./cmd/a', './cmd/b', './tools/gen'], undefined],
  ['none of two that are tools', ['./tools/a', './tools/b'], undefined],
])('%s', (_, programs, expected, more) => {
  expect(mainExecutable(project(programs, more))?.name).toBe(expected)
})

test('one that cannot be built does not stand in the way', () => {
  const found = project(['./cmd/a', './cmd/b'])
  const executables = found.executables.map(item => (item.name === 'a' ? { ...item, problem: 'cgo' } : item))
  expect(mainExecutable({ ...found, executables })?.name).toBe('b')
})

test('one at the root that lacks something yet is still the one that is meant', async () => {
  const found = project(['server@.', './plugin/example/echo', './plugin/a', './plugin/b'])
  const executables = found.executables.map(item =>
    item.package === '.' ? { ...item, problem: 'no matching files found', problemFix: 'npm ci' } : item,
  )
  const failure = await failureOf(() => chooseExecutables({ ...found, executables }, []))
  expect(failure).toMatchObject({ what: 'server cannot be built', fix: 'npm ci' })
})

test('the others are listed in a spelling that selects them', async () => {
  const found = project(['./cmd/caddy', 'x@./a/x', 'x@./b/x', './cmd/y'])
  const [chosen] = chooseExecutables(found, [])
  const others = otherChoices(found, chosen as Executable)
  expect(others).toEqual(['--bin ./a/x', '--bin ./b/x', '--bin y'])
  for (const other of others) expect(chooseExecutables(found, [other.slice('--bin '.length)])).toHaveLength(1)
})

test('several stop with each in a spelling that selects it, examples last', async () => {
  const found = project(['./examples/e', 'x@./a/x', 'x@./b/x', './cmd/y'])
  const { fix } = await failureOf(() => chooseExecutables(found, []))
  expect(fix).toBe('--bin ./a/x\n--bin ./b/x\n--bin y   (./cmd/y)\n--bin e   (./examples/e)')
})

test('an import path or a package name selects too', () => {
  const found = project(['./cmd/a', './cmd/b'])
  const executables = found.executables.map(item => ({
    ...item,
    aliases: [`example.com/caddy/cmd/${item.name}`],
  }))
  expect(chooseExecutables({ ...found, executables }, ['example.com/caddy/cmd/b'])[0]?.name).toBe('b')
})

describe('a program of the top folder, which Go calls "."', () => {
  const two = project(['caddy@.', './cmd/caddy', './cmd/server'])

  test.each(['.', './'])('is chosen by %s', name =>
    expect(chooseExecutables(two, [name])).toMatchObject([{ package: '.' }]),
  )

  it('is named in a list by what a person sees', async () => {
    const { fix } = await failureOf(() =>
      chooseExecutables(project(['caddy@.', 'server@./cmd/server']), ['zebra']),
    )
    expect(fix).toContain('--bin caddy   (the top folder)')
    expect(fix).toContain('--bin server   (./cmd/server)')
  })

  it('is where it cannot be built, as a folder', async () => {
    const broken = { ...two, executables: [{ name: 'caddy', package: '.', problem: 'no Go files' }] }
    expect((await failureOf(() => chooseExecutables(broken, []))).where).toBe('/src/caddy')
  })
})
