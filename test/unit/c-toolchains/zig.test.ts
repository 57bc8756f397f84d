import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { findZig } from '../../../src/c-toolchains/zig.ts'
import { failureOf } from '../../support/failure-of.ts'
import { fakeTools, type Reply } from '../../support/fake-tools.ts'
import { project } from '../../support/projects.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

/** As a version manager's: it knows which version to start only where the project says so. */
const managed: Reply = {
  when: /^version$/,
  stdout: '0.14.1\n',
  script: (call, { fs, path }) => {
    if (!fs.existsSync(path.join(call.cwd, '.tool-versions'))) process.exit(126)
  },
}

/** The zig that is found with these tools on PATH, in a folder for which a version was chosen and in one of none. */
async function found(tools: Record<string, Reply>, named: Record<string, string> = {}) {
  const [chosen, none] = [await project({ '.tool-versions': 'zig 0.14.1\n' }), await project({})]
  const fakes = await fakeTools(tools)
  vi.stubEnv('PATH', fakes.bin)
  vi.stubEnv('XBUILD_ZIG', undefined)
  for (const [name, tool] of Object.entries(named)) vi.stubEnv(name, join(fakes.bin, tool))
  return { chosen: await findZig(chosen), inNone: () => findZig(none), bin: fakes.bin }
}

describe("a version manager's zig", () => {
  it('is asked where the project is, and passed over where it does not answer', async () => {
    const wheel = await fakeTools({ zig: { stdout: '0.15.2\n' } })
    const python: Reply = { stdout: `${wheel.bin}\n` }
    const { chosen, inNone } = await found({ zig: managed, python3: python })
    expect(chosen).toEqual({ command: ['zig'], version: '0.14.1' })
    expect(await inNone()).toEqual({ command: [join(wheel.bin, 'zig')], version: '0.15.2' })
  })

  it('may be XBUILD_ZIG, which nothing else stands in for', async () => {
    const { chosen, inNone, bin } = await found({ shim: managed }, { XBUILD_ZIG: 'shim' })
    expect(chosen).toEqual({ command: [join(bin, 'shim')], version: '0.14.1' })
    expect(await failureOf(inNone())).toMatchObject({
      kind: 'tool',
      what: 'XBUILD_ZIG does not name a zig that runs',
    })
  })
})
