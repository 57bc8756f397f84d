import { describe, expect, it, test, vi } from 'vitest'
import { goOnBuilder } from '../../../../src/build/on-builder/go.ts'
import { planOnBuilder } from '../../../../src/build/on-builder/plan-compile.ts'
import { stageSecrets } from '../../../../src/build/on-builder/secrets.ts'
import { parsePlatforms } from '../../../../src/platforms.ts'
import { compileRequest, defaultOptions } from '../../../support/compile-request.ts'
import { project } from '../../../support/projects.ts'
import { rustProject } from '../../../support/rust-project.ts'

const facts = {
  image: 'rust:1.96.0',
  root: '/app',
  ignore: [],
  identity: 'app',
  official: true,
  remarks: [],
  cwd: '/app',
  cached: { name: 'app', tags: [], destinations: [] },
}

function plan(
  rust: Partial<typeof defaultOptions.rust> = {},
  image?: string,
  target: Parameters<typeof rustProject>[2] = {},
) {
  const project = rustProject({ toolchain: { name: 'rustc', version: '1.96.0' } }, 'musl', target)
  const options = { ...defaultOptions, rust: { ...defaultOptions.rust, ...rust } }
  const compile = { place: 'builder' as const, secrets: [], ssh: [], exclude: [], ...(image && { image }) }
  const request = compileRequest(project, parsePlatforms(['amd64,arm64']), { options })
  const settings = { buildx: { cacheFrom: [], cacheTo: [] }, compile }
  return planOnBuilder(project, request, settings, { ...facts, ...(image && { image }) })
}
const dockerfiles = (...args: Parameters<typeof plan>) =>
  plan(...args).steps.map(({ stage }) => stage?.dockerfile ?? '')

describe('a program with settings of its own', () => {
  it('has a stage of its own, whose binaries go to the same place', () => {
    const { steps } = plan({ program: { app: { features: ['x'], platform: {} } } })
    expect(steps.map(({ title }) => title)).toEqual([
      'Compile app for linux/amd64 on the builder',
      'Compile app for linux/arm64 on the builder',
    ])
    const args = steps[0]?.stage?.command.args ?? []
    expect(args).toContain('\0work\0/compile/linux_amd64-app/Dockerfile')
    expect(args).toContain('type=local,dest=\0work\0/linux_amd64')
    expect(steps[0]?.command.args).toContain('x')
  })
})

describe('a stage for Rust', () => {
  it('makes the sources newer than what the cache has: cargo compares times, of two machines here', () => {
    for (const dockerfile of dockerfiles())
      expect(dockerfile).toMatch(
        /\["\/bin\/sh","-c","for lock in [^;]*; do ln -sf registry\/\$lock [^;]*; done; find \/app -name \.git -prune -o -type f -exec touch \{\} \+ && /,
      )
  })

  it('takes the toolchain of the official image, whatever channel rust-toolchain.toml names', () => {
    expect(dockerfiles()[0]).toContain('ENV RUSTUP_TOOLCHAIN="1.96.0"')
    expect(dockerfiles({}, 'example.com/rust:1')[0]).not.toContain('RUSTUP_TOOLCHAIN')
  })

  it('has no linker and no flags of this machine’s own files, and those of files that are sent', () => {
    const linker = (source: string) => dockerfiles({}, undefined, { linker: { value: 'mine', source } })[0]
    const own = 'ENV CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_LINKER="rust-lld"'
    expect(linker('CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_LINKER')).toContain(own)
    expect(linker('/home/me/.cargo/config.toml')).toContain(own)
    expect(linker('/app/.cargo/config.toml')).not.toContain(own)
    const flags = (source: string) =>
      dockerfiles({}, undefined, { hiddenRustflags: ['-Cx'], flagSources: [{ source, flags: ['-Cx'] }] })[0]
    expect(flags('/home/me/.cargo/config.toml')).not.toContain('-Cx')
    expect(flags('/app/.cargo/config.toml')).toContain('-Cx')
    expect(flags('CARGO_BUILD_RUSTFLAGS')).toContain('-Cx')
  })

  it('runs no wrapper of rustc that the official image has not', () => {
    expect(dockerfiles()[0]).toContain('ENV RUSTC_WRAPPER=""')
    expect(dockerfiles({}, 'example.com/rust:1')[0]).not.toContain('RUSTC_WRAPPER')
  })

  it('has the settings of the network', () => {
    vi.stubEnv('CARGO_HTTP_TIMEOUT', '7')
    vi.stubEnv('CARGO_HTTP_CAINFO', '/here/ca.crt')
    vi.stubEnv('RUSTC_BOOTSTRAP', '1')
    const [text = ''] = dockerfiles()
    vi.unstubAllEnvs()
    expect(text).toMatch(/CARGO_HTTP_TIMEOUT="7"/)
    expect(text).toMatch(/RUSTC_BOOTSTRAP="1"/)
    expect(text).not.toContain('CAINFO')
  })

  it.each([
    ['refuses the libc of one platform', { platform: { 'linux/arm64': { libc: 'gnu' } } }, false],
    ['takes that of each', { libc: 'gnu', platform: both({ libc: 'musl' }) }, true],
  ] as const)('%s', (_, rust, fits) => {
    const planned = () => plan(rust as object)
    if (fits) expect(planned().steps).toHaveLength(2)
    else expect(planned).toThrow(/compiles Rust for musl alone/)
  })
})

test.each([
  ['1.26.8', { reference: 'golang:1.26.8' }],
  ['1.26.8 (Red Hat 1.26.8-1.el10)', { reference: 'golang:1.26.8' }],
  ['1.26.8-X:nocoverageredesign', { reference: 'golang:1.26.8' }],
  ['1.27rc1 X:synctest', { reference: 'golang:1.27rc1' }],
  ['devel go1.28-abc', { missing: expect.stringContaining('devel go1.28-abc') }],
])('the image of go %s', (version, image) => expect(goOnBuilder.image(version)).toEqual(image))

test.each([
  ['go 1.12', 'latest'],
  ['go 1.20', 'latest'],
  ['go 1.21', '1.21'],
  ['go 1.22.3', '1.22.3'],
  ['go 1.22\ntoolchain go1.24.1', '1.24.1'],
  ['', 'latest'],
])('a module that says "%s" is compiled where there is no Go by golang:%s', async (line, tag) => {
  const dir = await project({ 'go.mod': `module example.com/a\n\n${line}\n` })
  expect(await goOnBuilder.imageFor(dir)).toEqual({ reference: `golang:${tag}` })
})

test.each(['npm_token', 'NPM_TOKEN'])('the secret variable %s is one in the stage, too', name =>
  expect(stageSecrets({ secrets: [], ssh: [] }, { [name]: 'hunter2' })).toMatchObject({
    mounts: [`--mount=type=secret,id=${name},required=true,env=${name}`],
    plain: {},
  }),
)

function both<T>(own: T) {
  return { 'linux/amd64': own, 'linux/arm64': own }
}
