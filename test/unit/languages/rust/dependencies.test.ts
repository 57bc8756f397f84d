import { afterEach, describe, expect, it, vi } from 'vitest'
import { readDependencies } from '../../../../src/languages/rust/dependencies.ts'
import type { RustOptions } from '../../../../src/languages/rust/options.ts'
import { parsePlatforms } from '../../../../src/platforms.ts'
import { defaultOptions } from '../../../support/compile-request.ts'
import { fakeTools, type Reply } from '../../../support/fake-tools.ts'
import { project } from '../../../support/projects.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

const locked = (name: string, ...dependencies: string[]) =>
  `[[package]]\nname = "${name}"\nversion = "1.0.0"\ndependencies = [\n${dependencies.map(item => ` "${item}",\n`).join('')}]\n`

/** The dependencies of `app`, which needs openssl-sys, which needs `needs` to be built. */
async function read(needs: readonly string[], rust: Partial<RustOptions> = {}, reply: Partial<Reply> = {}) {
  const dir = await project({
    'Cargo.lock': [
      'version = 4\n',
      locked('app', 'openssl-sys'),
      locked('openssl-sys', ...needs),
      ...needs.map(name => locked(name)),
    ].join('\n'),
  })
  const tree = [
    'app v1.0.0 (/app)',
    '`-- openssl-sys v1.0.0',
    '    [build-dependencies]',
    ...needs.map(name => `    |-- ${name} v1.0.0`),
  ].join('\n')
  const fakes = await fakeTools({ cargo: [{ when: /^tree/, stdout: tree, ...reply }] })
  vi.stubEnv('PATH', fakes.bin)
  const options = { ...defaultOptions, rust: { ...defaultOptions.rust, ...rust } }
  const context = { options, platforms: parsePlatforms(['arm64']) }
  const executables = [{ name: 'app', package: 'app/app' }]
  const packages = [{ id: 'path+file:///app#1.0.0', name: 'app', version: '1.0.0' }]
  return readDependencies(dir, dir, { packages, executables }, ['aarch64-unknown-linux-musl'], context)
}

describe('a program that needs OpenSSL', () => {
  it("has a word on it before anything is compiled, where it is to be the system's and for musl", async () => {
    const { cCode, remarks } = await read(['cc', 'pkg-config'])
    expect(cCode).toEqual([{ dependency: 'openssl-sys', executables: ['app/app'] }])
    expect(remarks).toEqual([expect.stringContaining('the feature "vendored"')])
  })

  it.each([
    ['the crate compiles it', ['cc', 'openssl-src'], {}],
    ['there is one for glibc', ['cc'], { libc: 'gnu' as const }],
    ['the user names one', ['cc'], { env: { AARCH64_UNKNOWN_LINUX_MUSL_OPENSSL_DIR: '/opt/openssl' } }],
  ])('has none where %s', async (_, needs, rust) => {
    expect((await read(needs, rust)).remarks).toEqual([])
  })
})

describe('crates that have not been downloaded', () => {
  const missing = { exitCode: 101, stdout: '' }

  it('are said to leave the linker open where they may hold C code and musl is linked', async () => {
    const { cCode, possibleCCode, remarks } = await read(['cc', 'openssl-src'], {}, missing)
    expect(cCode).toEqual([])
    expect(possibleCCode).toMatchObject([{ dependency: 'openssl-sys' }])
    expect(remarks).toEqual([expect.stringMatching(/openssl-sys compiles C, and so which linker/)])
    expect((await read(['cc', 'openssl-src'], { libc: 'gnu' }, missing)).remarks).toEqual([])
  })
})
