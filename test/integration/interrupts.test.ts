import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { ownerMark } from '../../src/util/owner.ts'
import { dockerFacts } from '../support/bench-tools.ts'
import { xbuild } from '../support/cli.ts'
import { type FakeTools, fakeTools, type Reply } from '../support/fake-tools.ts'
import { type FaultRegistry, type RegistryOptions, startFaultRegistry } from '../support/fault-registry.ts'
import { needsTool } from '../support/needs-tool.ts'
import { helloGo, project, temporaryFolder } from '../support/projects.ts'

/** What a run waits for: everything that it needs, and whether it waits by now. */
interface Waiting {
  readonly dir: string
  readonly args: readonly string[]
  readonly env?: Record<string, string>
  /** Whether the wait has begun; asked again and again. */
  readonly begun: () => Promise<boolean> | boolean
}

const opened: FaultRegistry[] = []
afterEach(async () => {
  for (const registry of opened.splice(0)) await registry.close()
})

async function open(options: RegistryOptions): Promise<FaultRegistry> {
  const registry = await startFaultRegistry(options)
  opened.push(registry)
  return registry
}

const always = Number.POSITIVE_INFINITY
/** Takes requests like this one and never answers. */
const silent = (method: string, path = /./) =>
  open({ faults: [{ method, path, times: always, respond: () => {} }] })

/** A tool that never ends a call, whatever signal it gets. */
const deaf: Reply = { hang: true, ignoreTermination: true, script: () => void process.on('SIGINT', () => {}) }
const hangs = async (tools: FakeTools, tool: string, word: string) =>
  (await tools.calls(tool)).some(({ args }) => args.includes(word))

const flags = ['--platform=linux/amd64', '--progress=quiet']
const inProcess = ['--backend=oci', ...flags]
const onBuiltin = [...inProcess, '--base=builtin']

/** The wait for a call of a tool that does not end. */
async function onTool(
  tool: string,
  word: string,
  args: readonly string[],
  {
    files = helloGo,
    before = [],
    env = {},
  }: { files?: object; before?: readonly Reply[]; env?: object } = {},
): Promise<Waiting> {
  const tools = await fakeTools({ [tool]: [...before, deaf] })
  const dir = await project({ ...files })
  return { dir, args, env: { PATH: tools.path, ...env }, begun: () => hangs(tools, tool, word) }
}

const withStep = { ...helloGo, 'xbuild.toml': '[build]\nbefore = [["step", "one"]]\n' }
const goFacts: readonly Reply[] = [
  { when: /^env -json/, stdout: '{"GOVERSION":"go1.26.8","GOCACHE":"/nowhere","GOENV":"off","GOWORK":""}' },
]

const waits: Readonly<Record<string, () => Promise<Waiting>>> = {
  'a registry that has the base': async () => {
    const registry = await silent('GET')
    const args = [...inProcess, `--base=${registry.host}/base:1`]
    return { dir: await project(helloGo), args, begun: () => registry.requests.length > 0 }
  },
  'a registry that is asked whether it may be pushed to': async () => {
    const registry = await silent('POST')
    const args = [...onBuiltin, `--tag=${registry.host}/a:1`, '--push']
    return { dir: await project(helloGo), args, begun: () => registry.requests.length > 0 }
  },
  'a registry that is pushed to': async () => {
    const registry = await silent('PUT')
    const begun = () => registry.requests.some(({ method }) => method === 'PUT')
    return {
      dir: await project(helloGo),
      args: [...onBuiltin, `--tag=${registry.host}/a:1`, '--push'],
      begun,
    }
  },
  'a registry that asks to try again later': async () => {
    const headers = { 'retry-after': '50' }
    const registry = await open({ faults: [{ path: /./, status: 429, headers, times: always }] })
    return {
      dir: await temporaryFolder(),
      args: ['verify', `${registry.host}/a:1`],
      begun: () => registry.requests.length > 0,
    }
  },
  'a credential helper': async () => {
    const registry = await open({ auth: { type: 'basic', user: 'me', password: 'x' } })
    const config = JSON.stringify({ credHelpers: { [registry.host]: 'slow' } })
    const env = { DOCKER_CONFIG: await project({ 'config.json': config }) }
    return onTool('docker-credential-slow', 'get', ['verify', `${registry.host}/a:1`], { env })
  },
  git: () => onTool('git', 'log', onBuiltin),
  'go env': () => onTool('go', 'env', onBuiltin),
  'go list': () => onTool('go', 'list', onBuiltin, { before: goFacts }),
  cargo: () =>
    onTool('cargo', 'metadata', onBuiltin, {
      files: { 'Cargo.toml': '[package]\nname = "a"\n' },
      before: [{ when: /^-V/, stdout: 'cargo 1.95.0\n' }],
    }),
  zig: () => onTool('zig', 'version', onBuiltin, { files: { 'build.zig': '' } }),
  'a step before the build': () => onTool('step', 'one', onBuiltin, { files: withStep }),
  'docker buildx inspect': () =>
    onTool('docker', 'inspect', [...flags, '--load', '--tag=a:1', '--base=scratch']),
  'docker buildx build': () =>
    onTool(
      'docker',
      'build',
      [...flags, '--backend=buildx', '--tag=a:1', '--base=scratch', '-o=type=local,dest=o'],
      {
        before: dockerFacts,
      },
    ),
  'docker, asked by doctor': () => onTool('docker', 'info', ['doctor', '--base=builtin']),
  'git, asked by lint': () => onTool('git', 'ls-files', ['lint']),
  'docker, asked by lint': () =>
    onTool('docker', 'bake', ['lint', 'docker-bake.hcl'], {
      files: { 'docker-bake.hcl': 'target "a" {}\n' },
    }),
  'the lock of a layout': async () => {
    const dir = await project(helloGo)
    const args = [...onBuiltin, '-o=layout', '--tag=a:1']
    expect((await xbuild(args, { cwd: dir })).code).toBe(0)
    await writeFile(join(dir, 'layout/index.json.lock'), ownerMark())
    const binary = join(dir, 'dist/linux_amd64/hello')
    execFileSync('rm', [binary])
    // The image follows at once.
    const begun = async () =>
      existsSync(binary) && new Promise<boolean>(resolve => setTimeout(resolve, 700, true))
    return { dir, args, begun }
  },
  'the reader of a FIFO': async () => {
    const dir = await project(helloGo)
    execFileSync('mkfifo', [join(dir, 'fifo')])
    const binary = join(dir, 'dist/linux_amd64/hello')
    const begun = async () =>
      existsSync(binary) && new Promise<boolean>(resolve => setTimeout(resolve, 700, true))
    return { dir, args: [...onBuiltin, '-o=type=oci,dest=fifo'], begun }
  },
}

/** Runs until it waits, sends the signal; gives the milliseconds until the end. */
async function interrupt({ dir, args, env, begun }: Waiting, signal: NodeJS.Signals) {
  let pid = 0
  let isRunning = true
  const running = xbuild(args, { cwd: dir, ...(env && { env }), onStart: started => (pid = started) })
  const ended = running.then(result => {
    isRunning = false
    return { ...result, at: performance.now() }
  })
  const deadline = performance.now() + 60_000
  while (isRunning && !(await begun())) {
    if (performance.now() > deadline) {
      process.kill(pid, 'SIGKILL')
      throw new Error(`it never waited: ${(await running).stderr}`)
    }
    await new Promise(resolve => setTimeout(resolve, 30))
  }
  expect(isRunning, isRunning ? '' : (await running).stderr).toBe(true)
  const sent = performance.now()
  process.kill(pid, signal)
  const { at, ...result } = await ended
  return { ...result, milliseconds: at - sent }
}

describe.each(Object.entries(waits))('a wait for %s', (_, prepare) => {
  it.each(['SIGINT', 'SIGTERM'] as const)('ends with %s within 2 s', async (signal, context) => {
    needsTool(context as never, 'go')
    const waiting = await prepare()
    const { milliseconds, code, stderr } = await interrupt(waiting, signal)
    // 2 s, and what a busy machine takes to start and end processes.
    expect(milliseconds).toBeLessThan(3000)
    expect([130, null], stderr).toContain(code)
    expect(stderr).not.toMatch(/\n\s+at |bug in xbuild/)
    const left = await readdir(join(waiting.dir, 'dist')).catch(() => [])
    expect(left.filter(name => name.includes('xbuild'))).toEqual([])
  })
})
