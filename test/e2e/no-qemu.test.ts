import { execFileSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { helloGo, project, temporaryFolder } from '../support/projects.ts'
import { describeWith, rig, rigEnvironment, rigValue } from '../support/rig.ts'

const emulators = () => readdirSync('/proc/sys/fs/binfmt_misc').filter(name => name.startsWith('qemu-'))

describeWith(['registry', 'bases', 'buildx', 'buildkit', 'crane', 'no-qemu'], 'without any emulator', () => {
  const builder = `no-qemu-${process.pid}`
  const [socket = ''] = (rig['XBUILD_RIG_REMOTE_BUILDKIT'] ?? '').split(' ')
  let env: Record<string, string>
  const docker = (...args: string[]) =>
    execFileSync(rigValue('XBUILD_RIG_DOCKER'), args, { encoding: 'utf8', env: { ...process.env, ...env } })

  beforeAll(async () => {
    env = { ...rigEnvironment(), BUILDX_CONFIG: join(await temporaryFolder(), 'buildx') }
    docker('buildx', 'create', '--name', builder, '--driver', 'remote', socket)
  })
  afterAll(() => {
    docker('buildx', 'rm', builder)
  })

  it('foreign platforms are built, pushed and read back, by a BuildKit that could emulate nothing', async () => {
    expect(emulators()).toEqual([])

    const dir = await project(helloGo)
    writeFileSync(join(dir, 'xbuild.toml'), `[image]\nregistry = "${rigValue('XBUILD_RIG_DISTROLESS')}"\n`)
    const tag = `${rigValue('XBUILD_RIG_REGISTRY')}/no-qemu-${process.pid}/hello:1`
    const platforms = 'linux/amd64,linux/arm64,linux/riscv64'
    const dockerfile = await xbuild(['dockerfile', `--platform=${platforms}`, `--builder=${builder}`], {
      cwd: dir,
      env,
    })
    expect(dockerfile).toMatchObject({ code: 0 })
    expect(dockerfile.stdout).not.toMatch(/^\s*RUN\b/im)

    const result = await xbuild(
      [`--platform=${platforms}`, `--builder=${builder}`, `--tag=${tag}`, '--push'],
      { cwd: dir, env },
    )
    expect(result.stderr).toContain('by buildx')
    expect(result.stderr).toContain('3 platforms, every binary equal to the one compiled')
    expect(result.code).toBe(0)
    const config = execFileSync(rigValue('XBUILD_RIG_CRANE'), ['config', '--platform=linux/riscv64', tag], {
      encoding: 'utf8',
    })
    expect(JSON.parse(config)).toMatchObject({ architecture: 'riscv64' })

    const looked = await xbuild(
      [
        'doctor',
        '--json',
        `--platform=${platforms}`,
        `--builder=${builder}`,
        `--tag=${tag}`,
        `--image=${tag}`,
      ],
      { cwd: dir, env },
    )
    expect(looked.code).toBe(0)
    const { checks } = JSON.parse(looked.stdout) as {
      checks: { id: string; status: string; details: string[] }[]
    }
    expect(checks.find(({ id }) => id === 'image')).toMatchObject({ status: 'ok' })
    expect(checks.find(({ id }) => id === 'emulation')).toMatchObject({
      status: 'ok',
      details: expect.arrayContaining(['linux/arm64: no emulator, and nothing needs it']),
    })
  }, 600_000)

  it('what does need one fails there, so its absence is real', async () => {
    const dir = await project({
      Dockerfile: `FROM ${rigValue('XBUILD_RIG_DISTROLESS')}/static-debian13:nonroot\nRUN ["/bin/true"]\n`,
    })
    expect(() =>
      docker(
        'buildx',
        'build',
        '--builder',
        builder,
        '--platform=linux/arm64',
        '--output=type=cacheonly',
        dir,
      ),
    ).toThrow()
  }, 120_000)
})
