import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Measurement } from '../../src/bench/measure/measurement.ts'
import { readMeasurements } from '../../src/bench/measure/store.ts'
import { type BenchTools, benchTools } from '../support/bench-tools.ts'
import { type CliOptions, xbuild } from '../support/cli.ts'
import { helloGo } from '../support/projects.ts'

const bench = ({ dir, env }: BenchTools, args: readonly string[] = [], options: CliOptions = {}) =>
  xbuild(['bench', dir, '--platform', 'linux/riscv64', '--progress', 'plain', ...args], {
    ...options,
    env: { ...env, ...options.env },
  })
const kept = async ({ dir }: BenchTools) => (await readMeasurements(dir)).at(-1) as Measurement
const keptBy = ({ env }: BenchTools, what: string) =>
  readFileSync(`${env['FAKE_ELF']}.${what}`, 'utf8').split('\0').slice(0, -1)
const outcomes = ({ samples }: Measurement) =>
  samples.map(({ strategy, scenario, outcome }) => [strategy, scenario, outcome.kind])

test('three strategies and three states of the caches are measured and kept', async () => {
  const tools = await benchTools()
  const { code, stdout, stderr } = await bench(tools, ['--runs', '2'])
  expect([code, stderr]).toEqual([0, expect.stringMatching(/✔ .*linux\/riscv64 emulated/)])
  const measurement = await kept(tools)
  const once = (strategy: string) =>
    ['cold', 'unchanged', 'edited'].map(scenario => [strategy, scenario, 'measured'])
  expect(outcomes(measurement)).toEqual([
    ...[...once('native'), ...once('native')],
    ...[...once('dockerfile-cross'), ...once('dockerfile-cross')],
    ...once('emulated'),
  ])
  const compiles = measurement.samples
    .filter(({ strategy }) => strategy !== 'native')
    .map(({ outcome }) => outcome)
  for (const outcome of compiles) expect(outcome).toMatchObject({ compile: 7 })
  expect(measurement).toMatchObject({
    project: { language: 'go', executables: ['hello'], toolchain: { name: 'go', version: '1.26.8' } },
    engine: { builder: 'default', driver: 'docker', docker: '28.5.2', buildx: '0.29.1', buildkit: 'v0.25.0' },
    emulators: { 'linux/riscv64': { kind: 'unknown' } },
    toolchains: {
      'linux/riscv64 dockerfile-cross': 'golang:1.26.8',
      'linux/riscv64 emulated': 'golang:1.26.8',
    },
  })
  expect(stdout).toContain('native, dockerfile-cross, emulated gave the same binary')
  expect(stdout).toContain('stays under the five minutes')
})

test('every strategy runs the same command with the same settings', async () => {
  const tools = await benchTools()
  await bench(tools, ['--runs', '1', '--scenario', 'cold', '--', '-gcflags=-m'])
  const builds = (await tools.fakes.calls('go')).filter(({ args }) => args[0] === 'build')
  const words = builds[0]?.args.map(arg => arg.replace(/^.*\/linux_riscv64\/$/, '/out/linux_riscv64/'))
  expect(words).toEqual(expect.arrayContaining(['build', '-trimpath', '-buildvcs=false', '-gcflags=-m']))
  // Flags that would bypass the vendored dependencies are taken out, the others stay.
  const set = { GOOS: 'linux', GOARCH: 'riscv64', CGO_ENABLED: '0', GOFLAGS: '-tags=x', GOPROXY: 'off' }
  expect(builds[0]?.env).toMatchObject(set)
  const [cross, emulated] = keptBy(tools, 'dockerfiles')
  for (const text of [cross, emulated]) {
    expect(text).toContain(JSON.stringify(['go', ...(words ?? [])]))
    for (const [name, value] of Object.entries(set)) expect(text).toContain(`ENV ${name}="${value}"`)
  }
  expect([cross, emulated].map(text => text?.includes('--platform=$BUILDPLATFORM'))).toEqual([true, false])
})

test('cold builds begin with empty caches, warm ones with those of the cold one before', async () => {
  const tools = await benchTools()
  await bench(tools, ['--runs', '2', '--strategy', 'native,dockerfile-cross'])
  const native = (await tools.fakes.calls('go'))
    .filter(({ args }) => args[0] === 'build')
    .map(({ env }) => env['GOCACHE'])
  const mounts = keptBy(tools, 'dockerfiles').map(text => /id=([^,]+),target=\/caches/.exec(text)?.[1])
  for (const [a, b, c, d, e, f, ...more] of [native, mounts]) {
    expect([a, d]).toEqual([b, e])
    expect([a, d]).toEqual([c, f])
    expect(a).not.toBe(d)
    expect(more).toEqual([])
  }
  const calls = await tools.fakes.calls('docker')
  const builds = calls.filter(({ args }) => args.some(arg => arg.startsWith('type=local')))
  expect(builds.map(({ args }) => args.includes('--no-cache-filter'))).toEqual([
    true,
    false,
    false,
    true,
    false,
    false,
  ])
  // They are of no use to anybody afterwards.
  const prefix = `description~=xbuild-bench-${(await kept(tools)).id}`
  expect(calls.at(-1)?.args).toEqual(['buildx', 'prune', '--force', '--filter', prefix])
  for (const mount of mounts) expect(`description~=${mount}`.startsWith(prefix)).toBe(true)
})

test('one line is changed for the scenario "edited" alone, in the copy alone', async () => {
  const tools = await benchTools()
  await bench(tools, ['--runs', '2', '--strategy', 'native,dockerfile-cross'])
  const [cold, unchanged, edited, again, , editedAgain] = keptBy(tools, 'sources')
  expect([cold, unchanged, again]).toEqual([helloGo['main.go'], helloGo['main.go'], helloGo['main.go']])
  expect(edited?.startsWith(`${cold}\n`)).toBe(true)
  expect(editedAgain).not.toBe(edited)
  expect(readFileSync(join(tools.dir, 'main.go'), 'utf8')).toBe(helloGo['main.go'])
  expect(readdirSync(tools.dir).sort()).toEqual(['.xbuild', 'dist', 'go.mod', 'main.go'])
})

test('an emulated build that takes too long is cut off, and told as that', async () => {
  const tools = await benchTools()
  await tools.emulated({ hang: true })
  const { code, stdout } = await bench(tools, ['--runs', '1', '--timeout', 'emulated=1'])
  expect(code).toBe(0)
  expect(outcomes(await kept(tools)).at(-1)).toEqual(['emulated', 'cold', 'cut-off'])
  expect(stdout).toMatch(/emulated +> 1\.0 s/)
  expect(stdout).toMatch(/cut off after 1\.0 s.*too soon to tell/)
})

test('a crash of the emulator is told as a crash and is never a time', async () => {
  const tools = await benchTools()
  const log = Buffer.from('qemu: uncaught target signal 11 (Segmentation fault) - core dumped\n').toString(
    'base64',
  )
  await tools.emulated({
    exitCode: 1,
    stderr: `{"vertexes":[{"digest":"sha256:2","name":"[builder 2/2] RUN go build","started":"2026-01-01T00:00:01Z"}],"logs":[{"vertex":"sha256:2","data":"${log}"}]}\nERROR: process did not complete successfully: exit code: 139\n`,
  })
  const { code, stdout } = await bench(tools, ['--runs', '1', '--scenario', 'cold', '--json'])
  expect(code).toBe(0)
  const { samples } = JSON.parse(stdout) as Measurement
  expect(samples.at(-1)?.outcome).toEqual({
    kind: 'crashed',
    detail: 'qemu: uncaught target signal 11 (Segmentation fault)',
  })
})

test('a crash of the emulator while the toolchain is prepared is a crash as well', async () => {
  const tools = await benchTools()
  const stderr = 'ERROR: process "/bin/sh -c rustc --version" did not complete successfully: exit code: 139\n'
  await tools.emulated({}, { exitCode: 1, stderr })
  const { code, stdout } = await bench(tools, [
    '--runs',
    '1',
    '--scenario',
    'cold',
    '--strategy',
    'native,emulated',
  ])
  expect([code, stdout]).toEqual([0, expect.stringContaining('The emulated build crashed (exit code: 139)')])
  expect(outcomes(await kept(tools))).toEqual([
    ['native', 'cold', 'measured'],
    ['emulated', 'cold', 'crashed'],
  ])
})

test('with --json a failure is one value that holds what was measured', async () => {
  const tools = await benchTools()
  const cold = ['--runs', '1', '--scenario', 'cold', '--json']
  const below = await bench(tools, [...cold, '--bench-fail-under', '1000000'])
  expect(below.code).toBe(1)
  const judged = JSON.parse(below.stdout)
  expect(judged).toMatchObject({ error: { kind: 'no' }, project: { executables: ['hello'] } })
  expect(judged.samples).toHaveLength(3)
  await tools.emulated({ exitCode: 1, stderr: 'ERROR: failed to solve: no space left on device\n' })
  const failed = JSON.parse((await bench(tools, cold)).stdout)
  expect(failed.error.kind).toBe('image')
  expect(failed.samples.at(-1).outcome.kind).toBe('failed')
})

test('a chart that cannot be written is found out before anything is measured', async () => {
  const tools = await benchTools()
  const { code, stderr } = await bench(tools, ['--svg', join(tools.dir, 'main.go', 'chart.svg')])
  expect([code, stderr]).toEqual([2, expect.stringContaining('--svg')])
  expect((await bench(tools, ['--svg', tools.dir])).code).toBe(2)
  expect(await tools.fakes.calls()).toEqual([])
})

test('a recorded measurement is shown again without measuring', async () => {
  const tools = await benchTools()
  const first = await bench(tools, ['--runs', '1', '--scenario', 'cold'])
  const calls = (await tools.fakes.calls()).length
  const chart = join(tools.dir, 'charts', 'again.svg')
  const file = join(tools.dir, '.xbuild', 'bench.json')
  const again = await bench(tools, ['--from', file, '--svg', chart])
  expect([again.code, again.stdout]).toEqual([0, first.stdout])
  expect(readFileSync(chart, 'utf8')).toMatch(/^<svg /)
  const below = await bench(tools, ['--from', file, '--bench-fail-under', '1000000'])
  expect([below.code, below.stdout]).toEqual([1, first.stdout])
  expect((await tools.fakes.calls()).length).toBe(calls)
})

test('a strategy that fails for another reason does not hide the others, and is no success', async () => {
  const tools = await benchTools()
  await tools.emulated({ exitCode: 1, stderr: 'ERROR: failed to solve: no space left on device\n' })
  const { code, stdout, stderr } = await bench(tools, ['--runs', '1', '--scenario', 'cold'])
  expect(code).toBe(7)
  expect(stderr).toMatch(/✖ .*linux\/riscv64 emulated: cold failed/)
  expect(stderr).toContain('linux/riscv64 emulated could not be measured')
  expect(stderr).toContain('The disk of the builder is full')
  expect(stdout).toMatch(/native +\d/)
})

test('what was measured before an interrupt is kept and shown', async () => {
  const tools = await benchTools()
  await tools.emulated({ hang: true })
  let pid = 0
  const { code, stdout } = await bench(tools, ['--runs', '1', '--scenario', 'cold'], {
    onStart: started => {
      pid = started
    },
    onStderr: text => {
      if (/✔ .*linux\/riscv64 dockerfile-cross/.test(text)) interruptOnceEmulating(tools, pid)
    },
  })
  expect(code).toBe(130)
  expect(outcomes(await kept(tools))).toEqual([
    ['native', 'cold', 'measured'],
    ['dockerfile-cross', 'cold', 'measured'],
  ])
  expect(stdout).toMatch(/native +\d/)
})

function interruptOnceEmulating(tools: BenchTools, pid: number): void {
  const timer = setInterval(async () => {
    const calls = await tools.fakes.calls('docker')
    if (!calls.some(({ args }) => args.some(arg => arg.includes('emulated-')) && !args.includes('toolchain')))
      return
    clearInterval(timer)
    process.kill(pid, 'SIGINT')
  }, 50)
}

test('a native build that fails ends it all: there is nothing to compare', async () => {
  const tools = await benchTools()
  await tools.fakes.add('go', [
    { when: /^env -json GOVERSION/, stdout: '{"GOVERSION":"go1.26.8","GOCACHE":"/nowhere"}' },
    { when: /^env GOWORK/ },
    { when: /^mod vendor/, exitCode: 1, stderr: 'go: no network\n' },
  ])
  const { code, stderr } = await bench(tools)
  expect(code).toBe(5)
  expect(stderr).toContain('The dependencies cannot be fetched')
  expect(stderr).toContain('go: no network')
  expect(await readMeasurements(tools.dir)).toEqual([])
})

test('a damaged record is found out before anything is measured', async () => {
  const tools = await benchTools()
  await bench(tools, ['--runs', '1', '--strategy', 'native', '--scenario', 'cold'])
  const before = (await tools.fakes.calls()).length
  const file = join(tools.dir, '.xbuild', 'bench.json')
  writeFileSync(file, '{')
  const { code, stderr } = await bench(tools)
  expect([code, readFileSync(file, 'utf8')]).toEqual([2, '{'])
  expect(stderr).toContain('cannot be read')
  expect((await tools.fakes.calls()).length).toBe(before)
})

test('the chart and the Markdown are written where they are asked for', async () => {
  const tools = await benchTools()
  const chart = join(tools.dir, 'chart.svg')
  const { stdout } = await bench(tools, ['--runs', '1', '--scenario', 'cold', '--markdown', '--svg', chart])
  expect(stdout).toMatch(/^### hello, Go 1\.26\.8/)
  expect(readFileSync(chart, 'utf8')).toMatch(/^<svg [\s\S]*<\/svg>\n$/)
})

test('the platform of the builder itself is not called emulated', async () => {
  const tools = await benchTools()
  const { stdout, code } = await bench(tools, [
    '--runs',
    '1',
    '--scenario',
    'cold',
    '--strategy',
    'native,emulated',
    '--image',
    'my/go:1',
  ])
  expect(code).toBe(0)
  expect(stdout).toContain('my/go:1')
  const alone = ['bench', tools.dir, '--platform', 'linux/amd64', '--strategy', 'emulated']
  const refused = await xbuild(alone, { env: tools.env })
  expect(refused.code).toBe(2)
  expect(refused.stderr).toContain('Nothing is left to measure')
  expect(refused.stderr).toContain('the builder runs linux/amd64 itself')
  expect(await readMeasurements(tools.dir)).toHaveLength(1)
})

test('where the builder’s machine cannot be told, no native build is called emulated', async () => {
  const tools = await benchTools()
  const node = (name: string, list: string) => `Name: ${name}\nStatus: running\nPlatforms: ${list}\n\n`
  await tools.builder(node('b0', 'linux/amd64') + node('b1', 'linux/riscv64'))
  const { code, stdout } = await bench(tools, ['--runs', '1', '--scenario', 'cold'])
  expect([code, outcomes(await kept(tools))]).toEqual([0, [['native', 'cold', 'measured']]])
  expect(stdout).toMatch(/riscv64 emulated is skipped: .* choose one of a single node/)
  await tools.builder(node('b0', 'linux/amd64*, linux/amd64/v2, linux/riscv64'))
  await bench(tools, ['--runs', '1', '--scenario', 'cold', '--strategy', 'emulated'])
  expect(outcomes(await kept(tools))).toEqual([['emulated', 'cold', 'measured']])
})

test.each([
  ['docker is not installed', undefined, /skipped: docker/],
  [
    'docker has no buildx',
    { stderr: "docker: 'buildx' is not a docker command.\n", exitCode: 1 },
    /docker has no buildx/,
  ],
  [
    'the engine does not answer',
    {
      when: /^buildx inspect/,
      stdout: 'Name: default\nDriver: docker\nError: Cannot connect to the Docker daemon\n',
    },
    /does not answer: Cannot connect to the Docker daemon/,
  ],
] as const)('where %s, native is measured, and it is said what is missing', async (_, reply, remark) => {
  const tools = await benchTools()
  const env = { PATH: tools.fakes.bin }
  if (reply === undefined) await rm(join(tools.fakes.bin, 'docker'))
  else
    await tools.fakes.add('docker', [
      reply,
      { when: /^buildx version/, stdout: 'github.com/docker/buildx v0.29.1 x\n' },
    ])
  const { code, stdout } = await bench(tools, ['--runs', '1', '--scenario', 'cold'], { env })
  expect([code, outcomes(await kept(tools))]).toEqual([0, [['native', 'cold', 'measured']]])
  expect(stdout).toMatch(/riscv64 emulated is skipped: /)
  expect(stdout).toMatch(remark)
  const below = await bench(tools, ['--runs', '1', '--scenario', 'cold', '--bench-fail-under', '2'], { env })
  expect([below.code, below.stderr]).toEqual([1, expect.stringContaining('no emulated build was measured')])
  const named = await bench(tools, ['--strategy', 'native,emulated'], { env })
  expect(named.code).toBeGreaterThan(1)
  expect(named.stderr).toMatch(/measure with --strategy native/)
  expect(named.stderr).not.toContain('--backend')
})

test('a strategy that was named and cannot be measured is a failure', async () => {
  const tools = await benchTools()
  const native = [
    'bench',
    tools.dir,
    '--platform',
    'linux/amd64',
    '--runs',
    '1',
    '--strategy',
    'native,emulated',
  ]
  const { code, stderr } = await xbuild(native, { env: tools.env })
  expect([code, stderr]).toEqual([2, expect.stringContaining('emulated cannot be measured')])
  expect(stderr).toContain('the builder runs linux/amd64 itself')
})

const build = ({ dir, env }: BenchTools, ...args: string[]) =>
  xbuild(
    [
      'build',
      dir,
      '--platform',
      'linux/riscv64',
      '--backend',
      'oci',
      '--base',
      'scratch',
      '--progress',
      'plain',
      ...args,
    ],
    { env },
  )

test('a build ends with its comparison, which it measures itself where it is asked to', async () => {
  const tools = await benchTools()
  const first = await build(tools)
  // The published runs are of another platform.
  expect([first.code, first.stderr]).toEqual([0, expect.not.stringContaining('emulat')])
  expect(existsSync(join(tools.dir, '.xbuild'))).toBe(false)
  const second = await build(tools, '--bench', '--json')
  const { comparison } = JSON.parse(second.stdout)
  expect(comparison).toMatchObject([
    { platform: 'linux/riscv64', baseline: { sameMachine: true, seconds: expect.any(Number) } },
  ])
  // What was recorded stays the baseline where it cannot be measured anew.
  await tools.fakes.add('docker', { exitCode: 1, stderr: 'no engine\n' })
  const third = await build(tools, '--bench')
  expect(third.stderr).toContain('warning: not measured against emulation')
  expect(third.stderr).toMatch(
    /^emulated +linux\/riscv64: .* cold against .* emulated, .*× \(measured today\)/m,
  )
})

test('[bench] auto measures when no baseline fits, and then no more', async () => {
  const tools = await benchTools()
  writeFileSync(join(tools.dir, 'xbuild.toml'), '[bench]\nauto = true\nruns = 1\n')
  await build(tools)
  expect((await kept(tools)).samples).toHaveLength(3)
  await build(tools)
  expect(await readMeasurements(tools.dir)).toHaveLength(1)
})

test('a build whose baseline cannot be measured has succeeded all the same, but for a bound', async () => {
  const tools = await benchTools()
  await tools.fakes.add('docker', { exitCode: 1, stderr: 'no engine\n' })
  const plain = await build(tools, '--bench')
  expect(plain.code).toBe(0)
  expect(plain.stdout).toMatch(/^hello@sha256:/)
  expect(plain.stderr).toContain('not measured against emulation')
  const bounded = await build(tools, '--bench-fail-under', '5')
  expect(bounded.code).toBe(1)
  expect(bounded.stdout).toMatch(/^hello@sha256:/)
  expect(bounded.stderr).toContain('no ratio was measured')
  const json = await build(tools, '--bench-fail-under', '5', '--json')
  expect(JSON.parse(json.stdout)).toMatchObject({
    error: { kind: 'no' },
    images: [{ name: 'hello' }],
    comparison: [{ platform: 'linux/riscv64' }],
  })
})

test('a build says when the emulated strategy failed to be measured', async () => {
  const tools = await benchTools()
  await tools.emulated({ exitCode: 1, stderr: 'ERROR: failed to solve: no space left on device\n' })
  const { code, stderr } = await build(tools, '--bench')
  expect(code).toBe(0)
  expect(stderr).toContain('not measured against emulation: linux/riscv64 emulated could not be measured')
})

test('[bench] auto does not try again on the same day what gave no time', async () => {
  const tools = await benchTools()
  writeFileSync(join(tools.dir, 'xbuild.toml'), '[bench]\nauto = true\nruns = 1\n')
  await tools.emulated({ exitCode: 1, stderr: 'ERROR: failed to solve: no space left on device\n' })
  expect((await build(tools)).stderr).toContain('not measured against emulation')
  const again = await build(tools)
  expect(again.stderr).toContain(
    'linux/riscv64: measured against emulation less than a day ago, without a time',
  )
  expect(await readMeasurements(tools.dir)).toHaveLength(1)
  await build(tools, '--bench')
  expect(await readMeasurements(tools.dir)).toHaveLength(2)
})

test('a build that measures is judged by what it measured, another one not by nothing', async () => {
  const tools = await benchTools()
  const unmeasured = await build(tools, '--bench-max-growth', '1.5')
  expect([unmeasured.code, unmeasured.stderr]).toEqual([
    1,
    expect.stringContaining('measure it with --bench'),
  ])
  expect((await build(tools, '--bench', '--bench-max-growth', '1.5')).code).toBe(0)
  const grown = await build(tools, '--bench', '--bench-max-growth', '0.0001')
  expect([grown.code, grown.stderr]).toEqual([1, expect.stringContaining('times the recorded')])
})
