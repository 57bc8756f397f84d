import { execFileSync } from 'node:child_process'
import { afterAll, describe, expect, it } from 'vitest'
import { hostArch } from '../../src/util/host-arch.ts'
import { cliPath, xbuild } from '../support/cli.ts'
import { fakeTools, type Reply } from '../support/fake-tools.ts'
import { startFaultRegistry } from '../support/fault-registry.ts'
import { helloGo, project } from '../support/projects.ts'

/** Accepts connections and says nothing. */
const silent = await startFaultRegistry({ faults: [{ times: 100, respond: () => {} }] })
afterAll(() => silent.close())

const inspected = (driver: string, labels = '') =>
  `Name:   default\nDriver: ${driver}\n\nNodes:\nName:     default\nEndpoint: default\nStatus:   running\nBuildKit version: v0.25.0\nPlatforms: linux/amd64, linux/arm64\n${labels}`
const store = 'Labels:\n org.mobyproject.buildkit.worker.snapshotter: overlayfs\n'
const info = JSON.stringify({
  ServerVersion: '29.0.0',
  DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']],
  ClientInfo: { Context: 'default' },
})
const answers: readonly Reply[] = [
  { when: /^buildx version/, stdout: 'github.com/docker/buildx v0.29.1 abc\n' },
  { when: /^buildx inspect/, stdout: inspected('docker', store) },
  { when: /^info/, stdout: info },
]

interface Looking {
  readonly tools?: Record<string, Reply | readonly Reply[]>
  readonly files?: Record<string, string>
  readonly args?: readonly string[]
  readonly env?: Record<string, string | undefined>
}

/** Runs doctor in a folder without a project, with a Go that says its version and a base that no registry is asked for. */
async function doctor({ tools = {}, files = {}, args = [], env = {} }: Looking = {}) {
  const fakes = await fakeTools({
    docker: answers,
    go: { stdout: 'go version go1.26.8 linux/amd64\n' },
    ...tools,
  })
  const cwd = await project(files)
  const home = await project({})
  const started = performance.now()
  const result = await xbuild(['doctor', '--base=builtin', ...args], {
    cwd,
    env: {
      PATH: fakes.path,
      HOME: home,
      DOCKER_CONFIG: undefined,
      DOCKER_HOST: undefined,
      CI: undefined,
      GITHUB_ACTIONS: undefined,
      ...env,
    },
  })
  return { ...result, calls: await fakes.calls('docker'), seconds: (performance.now() - started) / 1000 }
}

interface Report {
  readonly ok: boolean
  readonly checks: readonly {
    readonly id: string
    readonly status: string
    readonly why: string
    readonly seconds: number
    readonly details?: readonly string[]
  }[]
  readonly repairs: readonly { readonly id: string; readonly result: string; readonly why?: string }[]
}

const reportOf = ({ stdout }: { stdout: string }) => JSON.parse(stdout) as Report
const find = (report: Report, id: string) => report.checks.find(check => check.id === id)

describe('doctor', () => {
  it('says in a line each how things are, and ends with 0 where there is no problem', async () => {
    const { code, stdout, stderr } = await doctor({ args: ['--tag=127.0.0.1:1/app:1'], files: {} })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^xbuild .*\n\/.*, for linux\/amd64, linux\/arm64\n\n✔ Configuration/)
    expect(stdout).toMatch(/✔ Builder +default \(docker driver, buildx 0\.29\.1, BuildKit v0\.25\.0\)/)
    expect(stdout).toMatch(/✖ Push +127\.0\.0\.1:1\/app: The registry cannot be reached/)
    expect(stderr).toMatch(/^xbuild: A problem: Push\n[\s\S]*fix {4}/)
    const fine = await doctor({ tools: {} })
    expect(fine).toMatchObject({ code: 0, stderr: '' })
    expect(fine.stdout).toMatch(/0 problem|\d ok/)
  })

  it('prints JSON, with the problems as with an error', async () => {
    const fine = await doctor({ args: ['--json'] })
    expect(fine.code).toBe(0)
    expect(reportOf(fine)).toMatchObject({ ok: true, repairs: [], platforms: ['linux/amd64', 'linux/arm64'] })
    const bad = await doctor({ args: ['--json'], files: { 'xbuild.toml': 'platfroms = []\n' } })
    expect(bad.code).toBe(1)
    expect(reportOf(bad)).toMatchObject({
      ok: false,
      error: { kind: 'no', what: 'A problem: Configuration' },
    })
    expect(find(reportOf(bad), 'configuration')?.why).toMatch(/platfroms/)
    expect(find(reportOf(bad), 'node')).toBeDefined()
    const flag = await doctor({ args: ['--json', '--platform=linux/arm46'] })
    expect(find(reportOf(flag), 'configuration')).toMatchObject({
      status: 'problem',
      why: expect.stringContaining('linux/arm46'),
    })
    expect(reportOf(flag)).toMatchObject({ platforms: ['linux/amd64', 'linux/arm64'] })
  })

  it('takes what hangs as a result after five seconds: a daemon, a helper and a registry at once', async () => {
    const { code, seconds, ...result } = await doctor({
      tools: {
        docker: { hang: true, ignoreTermination: true },
        'docker-credential-slow': { hang: true, ignoreTermination: true },
      },
      args: ['--json', `--tag=${silent.host}/app:1`],
      env: { DOCKER_AUTH_CONFIG: '{"credsStore": "slow"}' },
    })
    expect(code).toBe(1)
    expect(seconds).toBeLessThan(15)
    const report = reportOf(result)
    for (const id of ['builder', 'engine', 'credentials', 'push'])
      expect(find(report, id)).toMatchObject({
        status: 'problem',
        why: expect.stringMatching(/no answer|not answer|says nothing|silent|within/),
      })
    for (const { seconds } of report.checks) expect(seconds).toBeLessThan(8)
  }, 30_000)

  it('ends with 2 for a folder that is not there', async () => {
    expect(await xbuild(['doctor', '/nowhere'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/There is no folder \/nowhere/),
    })
  })

  it.skipIf(process.getuid?.() !== 0)(
    'sees a file system that is full, and one whose programs may not run',
    async () => {
      const mount = await project({ 'mnt/keep': '' })
      const cwd = await project(helloGo)
      const script = `mount -t tmpfs -o size=1m,noexec none '${mount}/mnt' && exec '${process.execPath}' "$@"`
      let stdout = ''
      try {
        execFileSync(
          'unshare',
          [
            '-m',
            'sh',
            '-c',
            script,
            'sh',
            cliPath,
            'doctor',
            '--backend=oci',
            '--base=builtin',
            '--json',
            `--insecure-registry=x:1`,
          ],
          {
            cwd,
            env: { ...process.env, XDG_CACHE_HOME: `${mount}/mnt`, TMPDIR: `${mount}/mnt` },
            stdio: ['ignore', 'pipe', 'pipe'],
          },
        )
      } catch (error) {
        stdout = String((error as { stdout: Buffer }).stdout)
      }
      expect(find(JSON.parse(stdout), 'emulation')?.details).toContain(
        `linux/${hostArch()}: was not tried, for programs in TMPDIR may not run`,
      )
      expect(find(JSON.parse(stdout), 'disk')).toMatchObject({
        status: 'problem',
        why: expect.stringMatching(/xbuild’s cache .* free$/),
      })
    },
  )
})

describe('doctor --fix', () => {
  const classic = [
    answers[0],
    { when: /^buildx inspect/, stdout: inspected('docker'), times: 4 },
    { when: /^buildx inspect/, stdout: inspected('docker', store) },
    { when: /^info/, stdout: info.replace('io.containerd.snapshotter', 'overlay') },
  ] as Reply[]
  const create = 'docker buildx create --name xbuild --driver docker-container --bootstrap --use'

  it('says what it would run where nobody can be asked, and runs nothing', async () => {
    const { code, stderr, calls } = await doctor({ args: ['--fix'], tools: { docker: classic } })
    expect(stderr).toContain(`Builder: not run: ${create}   (nobody can be asked here: --yes runs it)\n`)
    expect(calls.some(({ args }) => args.includes('create'))).toBe(false)
    expect(code).toBe(0)
  })

  it('makes a builder with --yes, and looks again', async () => {
    const made: Reply = {
      when: /^buildx create/,
      script: (call, { fs }) => fs.writeFileSync(`${call.cwd}/made`, ''),
    }
    const inspect: Reply = {
      when: /^buildx inspect/,
      script: (call, { fs }) => {
        const made = fs.existsSync(`${call.cwd}/made`)
        const labels = made ? 'Labels:\n org.mobyproject.buildkit.worker.snapshotter: overlayfs\n' : ''
        process.stdout.write(
          `Name:   ${made ? 'xbuild' : 'default'}\nDriver: ${made ? 'docker-container' : 'docker'}\n\nNodes:\nName: x0\nEndpoint: default\nStatus: running\nPlatforms: linux/amd64\n${labels}`,
        )
      },
    }
    const { code, stderr, ...result } = await doctor({
      args: ['--fix', '--yes', '--json'],
      tools: { docker: [made, inspect, ...answers] },
    })
    expect(stderr).toContain(`Builder: ${create}\n`)
    expect(code).toBe(0)
    const report = reportOf(result)
    expect(report.repairs).toEqual([{ id: 'builder', commands: [create], result: 'done' }])
    expect(find(report, 'builder')).toMatchObject({
      status: 'ok',
      why: expect.stringMatching(/^xbuild \(docker-container/),
    })
  })

  it('reads the answer of tonistiigi/binfmt, which exits with 0 when it fails', async () => {
    const Dockerfile = 'FROM alpine:3.22\nRUN true\n'
    const run: Reply = { when: /^run /, stdout: '{\n  "supported": ["linux/amd64"],\n  "emulators": []\n}\n' }
    const result = await doctor({
      args: ['--fix', '--yes', '--json', '--platform=linux/loong64'],
      files: { Dockerfile },
      tools: { docker: [run, ...answers] },
    })
    expect(result.calls.find(({ args }) => args[0] === 'run')?.args).toEqual([
      'run',
      '--privileged',
      '--rm',
      'tonistiigi/binfmt',
      '--install',
      'loong64',
    ])
    expect(reportOf(result).repairs).toMatchObject([
      { id: 'emulation', result: 'failed', why: 'it supports linux/amd64, and no linux/loong64' },
    ])
    expect(result.stderr).toContain('Emulators: failed: it supports linux/amd64, and no linux/loong64')
  })

  it('says why a repair failed', async () => {
    const refused: Reply = {
      when: /^buildx create/,
      exitCode: 1,
      stderr: 'ERROR: existing instance for "xbuild"\n',
    }
    const result = await doctor({
      args: ['--fix', '--yes', '--json'],
      tools: { docker: [refused, { when: /^buildx inspect/, stdout: inspected('docker') }, ...answers] },
    })
    expect(reportOf(result).repairs).toMatchObject([
      { result: 'failed', why: 'ERROR: existing instance for "xbuild"' },
    ])
    expect(result.code).toBe(0)
  })
})
