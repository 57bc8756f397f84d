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

const dependency = { name: 'openssl-sys', kind: null, optional: false, features: [] }

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
  const packages = [
    { id: 'path+file:///app#1.0.0', name: 'app', version: '1.0.0', dependencies: [dependency] },
  ]
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

describe('a build', () => {
  const dependencies = [{ name: 'two-sys', kind: null, optional: false, features: [] }]
  const packages = [{ id: 'path+file:///app#1.0.0', name: 'app', version: '1.0.0', dependencies }]
  const programs = { packages, executables: [{ name: 'app', package: 'app/app' }] }
  const lock = `version = 4\n${locked('app', 'two-sys')}\n${locked('two-sys', 'cc')}\n${locked('cc')}`
  const tree = 'app v1.0.0 (/app)\n`-- two-sys v1.0.0\n    [build-dependencies]\n    `-- cc v1.0.0\n'

  async function inspect(given: { lock?: string; download: boolean; toolchainArgs?: readonly string[] }) {
    const dir = await project(given.lock === undefined ? { 'Cargo.toml': '' } : { 'Cargo.lock': given.lock })
    const fakes = await fakeTools({
      cargo: [
        {
          when: /^fetch/,
          script: (call, { fs, path }) => {
            fs.writeFileSync(path.join(call.cwd, 'Cargo.lock'), call.env['FAKE_LOCK'] as string)
            fs.writeFileSync(path.join(call.cwd, 'fetched'), '')
          },
        },
        {
          when: /^tree/,
          script: (call, { fs, path }) => {
            if (!fs.existsSync(path.join(call.cwd, 'fetched'))) process.exit(101)
            process.stdout.write(call.env['FAKE_TREE'] as string)
          },
        },
      ],
    })
    vi.stubEnv('PATH', fakes.bin)
    vi.stubEnv('FAKE_LOCK', lock)
    vi.stubEnv('FAKE_TREE', tree)
    const context = { options: defaultOptions, platforms: parsePlatforms(['arm64']), ...given }
    const found = await readDependencies(dir, dir, programs, ['aarch64-unknown-linux-musl'], context)
    const calls = (await fakes.calls('cargo')).map(({ args }) => args.slice(0, 2).join(' '))
    return { ...found, fetched: calls.filter(call => call.startsWith('fetch')) }
  }
  const certain = { cCode: [{ dependency: 'two-sys' }], possibleCCode: [], remarks: [] }

  it.each([
    ['there is no Cargo.lock', undefined],
    ['crates are missing', lock],
    ['it is older than a dependency', `version = 4\n${locked('app', 'three')}\n${locked('three')}`],
    ['it is older than the program', `version = 4\n${locked('three')}`],
  ])('downloads first where %s, so that the linker is the one of a second build', async (_, given) => {
    const request = { download: true, toolchainArgs: ['--offline', '-Zx'], ...(given && { lock: given }) }
    expect(await inspect(request)).toMatchObject({ ...certain, fetched: ['fetch --offline'] })
  })

  it('that is only planned downloads nothing', async () => {
    expect(await inspect({ download: false })).toMatchObject({ cCode: [], fetched: [] })
    expect(await inspect({ download: false, lock })).toMatchObject({ cCode: [], fetched: [] })
    expect(await inspect({ download: false, lock: `version = 4\n${locked('app')}` })).toMatchObject({
      possibleCCode: [{ dependency: 'some dependency', executables: ['app/app'] }],
      remarks: [expect.stringMatching(/^Cargo\.lock is older than the dependencies: whether/)],
    })
  })
})
