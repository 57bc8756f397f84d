import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { helloGo, project, temporaryFolder } from '../support/projects.ts'
import { describeWith, rig, rigEnvironment, rigValue } from '../support/rig.ts'

interface Check {
  readonly id: string
  readonly status: string
  readonly why: string
  readonly details: readonly string[]
  readonly fix?: string
}

describeWith(
  ['engine', 'classic', 'registry', 'auth-registry', 'bases', 'buildx', 'buildkit', 'qemu'],
  'doctor',
  () => {
    /** Looks at a small Go project; the checks by their id. */
    const look = async (args: readonly string[], env: Record<string, string | undefined> = {}) => {
      const cwd = await project(helloGo)
      const result = await xbuild(
        ['doctor', '--json', `--base-registry=${rigValue('XBUILD_RIG_DISTROLESS')}`, ...args],
        { cwd, env: { ...rigEnvironment(), BUILDX_CONFIG: await temporaryFolder(), ...env } },
      )
      const { checks } = JSON.parse(result.stdout) as { checks: Check[] }
      return { code: result.code, checks: Object.fromEntries(checks.map(check => [check.id, check])) }
    }

    it('finds all well with the engine, the registry and QEMU', async () => {
      const { code, checks } = await look([
        `--tag=${rigValue('XBUILD_RIG_REGISTRY')}/doctor-${process.pid}/hello:1`,
        '--platform=linux/amd64,linux/arm64,linux/riscv64',
      ])
      expect(code).toBe(0)
      const ids = [
        'toolchain',
        'targets',
        'builder',
        'nodes',
        'engine',
        'emulation',
        'base-images',
        'push',
        'clock',
      ]
      for (const id of ids) expect(checks[id], id).toMatchObject({ status: 'ok' })
      expect(checks['builder']?.details).toEqual([
        'can: several platforms, push, load several platforms, OCI archives, caches, attestations',
      ])
      expect(checks['emulation']?.details).toEqual([
        'linux/amd64: this machine runs it',
        expect.stringMatching(/^linux\/arm64: qemu-aarch64 .*F.* runs$/),
        expect.stringMatching(/^linux\/riscv64: qemu-riscv64 .*F.* runs$/),
      ])
    }, 60_000)

    it('sees what an engine without containerd’s store lacks, and an engine that is gone', async () => {
      const classic = await look([], { DOCKER_HOST: rigValue('XBUILD_RIG_CLASSIC_DOCKER_HOST') })
      expect(classic).toMatchObject({
        code: 0,
        checks: {
          builder: {
            status: 'warning',
            why: expect.stringMatching(/several platforms/),
            fix: expect.stringMatching(/^docker buildx create/),
          },
        },
      })
      const gone = await look(['--backend=buildx'], { DOCKER_HOST: 'unix:///nowhere/docker.sock' })
      expect(gone).toMatchObject({
        code: 1,
        checks: { builder: { status: 'problem' }, engine: { status: 'warning' } },
      })
    }, 60_000)

    it('says which of two joined nodes builds what', async () => {
      const [first = '', second = ''] = (rig['XBUILD_RIG_REMOTE_BUILDKIT'] ?? '').split(' ')
      const env = { ...rigEnvironment(), BUILDX_CONFIG: await temporaryFolder() }
      const buildx = (...args: string[]) =>
        execFileSync(rigValue('XBUILD_RIG_DOCKER'), ['buildx', ...args], {
          stdio: 'pipe',
          env: { ...process.env, ...env },
        })
      buildx('create', '--name', 'two', '--driver', 'remote', '--platform', 'linux/amd64', first)
      buildx('create', '--name', 'two', '--append', '--platform', 'linux/arm64', second)
      const { checks } = await look(['--builder=two'], env)
      expect(checks['nodes']).toMatchObject({ status: 'ok', why: '2 nodes' })
      expect(checks['nodes']?.details).toEqual([
        expect.stringContaining(`linux/amd64: two0 (${first})`),
        expect.stringContaining(`linux/arm64: two1 (${second}), which was created for it`),
      ])
    }, 60_000)

    it('asks the registry for the right to push', async () => {
      const registry = rigValue('XBUILD_RIG_AUTH_REGISTRY')
      const args = ['--backend=oci', `--tag=${registry}/doctor/hello:1`]
      const stranger = await look(args)
      expect(stranger).toMatchObject({
        code: 1,
        checks: { push: { status: 'problem', fix: `docker login ${registry}` } },
      })
      const login = `${rigValue('XBUILD_RIG_AUTH_USER')}:${rigValue('XBUILD_RIG_AUTH_PASSWORD')}`
      const auths = { [registry]: { auth: Buffer.from(login).toString('base64') } }
      const DOCKER_CONFIG = await project({ 'config.json': JSON.stringify({ auths }) })
      const { checks } = await look(args, { DOCKER_CONFIG })
      expect(checks['push']).toMatchObject({ status: 'ok' })
      expect(checks['credentials']).toMatchObject({ status: 'ok' })
    }, 60_000)
  },
)
