import { describe, expect, it, test } from 'vitest'
import { planOnBuilder } from '../../../../src/build/on-builder/plan-compile.ts'
import { stageSecrets } from '../../../../src/build/on-builder/secrets.ts'
import { parsePlatforms } from '../../../../src/platforms.ts'
import { compileRequest, defaultOptions } from '../../../support/compile-request.ts'
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

function plan(rust: Partial<typeof defaultOptions.rust> = {}, image?: string) {
  const project = rustProject({ toolchain: { name: 'rustc', version: '1.96.0' } })
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

  it.each([
    ['refuses the libc of one platform', { platform: { 'linux/arm64': { libc: 'gnu' } } }, false],
    ['takes that of each', { libc: 'gnu', platform: both({ libc: 'musl' }) }, true],
  ] as const)('%s', (_, rust, fits) => {
    const planned = () => plan(rust as object)
    if (fits) expect(planned().steps).toHaveLength(2)
    else expect(planned).toThrow(/compiles Rust for musl alone/)
  })
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
