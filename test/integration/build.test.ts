import { spawnSync } from 'node:child_process'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, test, vi } from 'vitest'
import type { PlanJson } from '../../src/build/plan-json.ts'
import { type CliOptions, cliPath, xbuild } from '../support/cli.ts'
import { type HangingGo, hangingGo } from '../support/hanging-go.ts'
import { loggingTool } from '../support/logging-tool.ts'
import { commit, helloGo, project, temporaryFolder } from '../support/projects.ts'

/** Without Docker, on every machine that has Go. */
const flags = ['--backend=oci', '--base=builtin', '--platform=linux/amd64,linux/arm64']
const build = (dir: string, args: readonly string[] = [], options: CliOptions = {}) =>
  xbuild([...flags, ...args], { cwd: dir, ...options })
const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )

describe('plan', () => {
  it.each([
    ['is closed', ' | head -c 1', /^$/],
    ['is full', ' > /dev/full', /The result cannot be written[\s\S]*ENOSPC/],
  ])('ends without a trace when stdout %s', async (_, redirect, said) => {
    // More than a pipe holds, so that what is written last finds nobody.
    const dir = await project({ ...helloGo, 'xbuild.toml': `[image.labels]\na = "${'x'.repeat(200_000)}"\n` })
    const command = `"$0" "$1" plan --json --backend=oci${redirect}`
    const { stderr } = spawnSync('sh', ['-c', command, process.execPath, cliPath], {
      cwd: dir,
      encoding: 'utf8',
    })
    expect(stderr).toMatch(said)
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  it('prints what build runs, and build runs nothing else', async () => {
    const dir = await project(helloGo)
    commit(dir, 'v1.0.0')
    const tool = await loggingTool(await temporaryFolder(), 'go')
    const env = { PATH: tool.path }
    const planned = await xbuild(['plan', '--json', ...flags], { cwd: dir, env })
    const plan = JSON.parse(planned.stdout) as PlanJson
    const readOnly = ['env', 'list']
    expect(
      (await tool.calls()).map(({ args }) => args[0]).filter(verb => !readOnly.includes(verb as string)),
    ).toEqual([])
    expect((await readdir(dir)).sort()).toEqual(['.git', 'go.mod', 'main.go'])

    const before = (await tool.calls()).length
    const built = await build(dir, [], { env })
    expect(built).toMatchObject({ code: 0 })
    const ran = (await tool.calls()).slice(before).filter(({ args }) => !readOnly.includes(args[0] as string))
    const work = /^(.*)\/linux_amd64\/$/.exec(
      ran[0]?.args[(ran[0]?.args.indexOf('-o') ?? 0) + 1] ?? '',
    )?.[1] as string
    const bind = (text: string) => text.replaceAll('{work}', work)
    expect(ran).toHaveLength(plan.steps.length)
    for (const { command } of plan.steps) {
      const env = Object.fromEntries(
        Object.entries(command.env ?? {}).map(([name, value]) => [name, bind(value)]),
      )
      expect(ran).toContainEqual({
        args: command.args.map(bind),
        cwd: command.cwd,
        env: expect.objectContaining(env),
      })
    }
    expect(await exists(work)).toBe(false)
  })

  it.each(['{work}', '{content} {name}'])('a project in a folder called %s is built there', async name => {
    const dir = join(
      await project(
        Object.fromEntries(Object.entries(helloGo).map(([path, text]) => [join(name, path), text])),
      ),
      name,
    )
    expect(await build(dir)).toMatchObject({ code: 0 })
    expect(await exists(join(dir, 'dist/linux_arm64/hello'))).toBe(true)
    expect((await readdir(dir)).sort()).toEqual(['dist', 'go.mod', 'main.go'])
  })

  it('is what --dry-run prints, and its Dockerfile what dockerfile prints', async () => {
    const dir = await project(helloGo)
    const args = ['--platform=linux/arm64', '--backend=oci', '--base=scratch']
    const plan = await xbuild(['plan', ...args], { cwd: dir })
    expect(await xbuild([...args, '--dry-run'], { cwd: dir })).toEqual(plan)
    const { images } = JSON.parse(
      (await xbuild(['plan', '--json', ...args], { cwd: dir })).stdout,
    ) as PlanJson
    expect(await xbuild(['dockerfile', ...args], { cwd: dir })).toMatchObject({
      code: 0,
      stdout: images[0]?.dockerfile,
    })
    expect(images[0]?.dockerfile).not.toMatch(/^\s*RUN/m)
    expect(images[0]?.dockerfile).not.toMatch(/^#\s*syntax/im)
  })

  it('marks the base as predicted until a compile has shown it', async () => {
    const { stdout } = await xbuild(['plan', '--json', '--backend=oci'], { cwd: await project(helloGo) })
    expect(JSON.parse(stdout)).toMatchObject({
      images: [{ base: { reference: 'gcr.io/distroless/static-debian13:nonroot', predicted: true } }],
    })
  })
})

describe('build', () => {
  it('leaves an archive, the binaries and a digest on stdout', async () => {
    const dir = await project(helloGo)
    const result = await build(dir, ['--report=report.json'])
    expect(result).toMatchObject({ code: 0, stdout: expect.stringMatching(/^hello@sha256:[0-9a-f]{64}\n$/) })
    const report = JSON.parse(await readFile(join(dir, 'report.json'), 'utf8'))
    expect(report).toMatchObject({
      schemaVersion: 1,
      platforms: ['linux/amd64', 'linux/arm64'],
      artifacts: [
        { platform: 'linux/amd64', elf: { linkage: 'static', machine: 62 } },
        { platform: 'linux/arm64', elf: { linkage: 'static', machine: 183 } },
      ],
      images: [
        {
          name: 'hello',
          digest: result.stdout.trim().split('@')[1],
          compressor: expect.stringMatching(/^gzip \(zlib \d/),
        },
      ],
    })
    expect(await exists(join(dir, 'dist/hello.oci.tar'))).toBe(true)
    expect(await exists(join(dir, 'dist/linux_arm64/hello'))).toBe(true)
    expect((await readdir(join(dir, 'dist'))).filter(name => name.startsWith('.xbuild'))).toEqual([])
  })

  it('leaves the repository clean, so that the second build is stamped like the first', async () => {
    const dir = await project(helloGo)
    commit(dir, 'v2.0.0')
    const first = await build(dir)
    const second = await build(dir)
    expect(first.code).toBe(0)
    expect(second.stdout).toBe(first.stdout)
    expect(second.stderr).toContain('cached')
    expect(first.stderr).not.toContain('change')
    expect(second.stderr).toMatch(/binary +compressed +change\n.* none\n.* none\n/)
  })

  it('makes an image for each --bin, and for each [images] table', async () => {
    const main = 'package main\n\nfunc main() {}\n'
    const dir = await project({
      'go.mod': 'module x\n\ngo 1.21\n',
      'cmd/a/main.go': main,
      'cmd/b/main.go': main,
    })
    expect(await build(dir, ['--bin=a', '--bin=b', '--tag=example.com/{name}:1'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^example\.com\/a@sha256:\w+\nexample\.com\/b@sha256:\w+\n$/),
    })
    await writeFile(
      join(dir, 'xbuild.toml'),
      '[image]\nuser = "1"\n[images.web]\nbin = "a"\ntags = ["t/web"]\n[images.b]\nuser = "2"\n',
    )
    const { stdout } = await xbuild(['plan', '--json', ...flags], { cwd: dir })
    expect(JSON.parse(stdout)).toMatchObject({
      images: [
        { name: 'web', tags: ['t/web'], config: { user: '1', entrypoint: ['/a'] } },
        { name: 'b', tags: [], config: { user: '2', entrypoint: ['/b'] } },
      ],
      steps: [{}, {}],
    })
  })

  it('adds an image to a layout that holds another, and reads back the right one', async () => {
    const dir = await project(helloGo)
    for (const tag of ['example.com/a:1', 'example.com/a:2']) {
      const result = await build(dir, ['-o', 'layout', `--tag=${tag}`])
      expect(result).toMatchObject({ code: 0, stderr: expect.stringContaining('every binary equal') })
    }
    const { manifests } = JSON.parse(await readFile(join(dir, 'layout/index.json'), 'utf8'))
    expect(manifests).toHaveLength(2)
  })

  it('keeps, without a tag, what others have named in a layout, and reads back its own image', async () => {
    const dir = await project(helloGo)
    const index = join(dir, 'layout/index.json')
    const read = async () => JSON.parse(await readFile(index, 'utf8'))
    await build(dir, ['-o', 'layout'])
    const [entry] = (await read()).manifests
    const alpine = {
      ...entry,
      digest: `sha256:${'0'.repeat(64)}`,
      annotations: { 'org.opencontainers.image.ref.name': 'alpine' },
    }
    await writeFile(index, JSON.stringify({ ...(await read()), manifests: [alpine, entry] }))
    const result = await build(dir, ['-o', 'layout', '--label=a=b'])
    expect(result).toMatchObject({ code: 0, stderr: expect.stringContaining('every binary equal') })
    const { manifests } = await read()
    expect(manifests).toEqual([alpine, expect.objectContaining({ annotations: entry.annotations })])
    expect(manifests[1].digest).not.toBe(entry.digest)
  })

  it('keeps secrets of [go] env out of report, logs and image', async () => {
    const env = '[go.env]\nGOPROXY = "https://me:hunter2@proxy.example"\nDEPLOY_TOKEN = "hunter2"\n'
    const dir = await project({ ...helloGo, 'xbuild.toml': env })
    const { code, stdout, stderr } = await build(dir, ['--json', '--report=report.json'])
    expect({ code, secret: /hunter2/.test(stdout + stderr) }).toEqual({ code: 0, secret: false })
    expect(JSON.parse(stdout).commands[0].env).toMatchObject({ DEPLOY_TOKEN: '***', GOOS: 'linux' })
    for (const path of ['report.json', 'dist/hello.oci.tar', 'dist/logs/linux_arm64.log'])
      expect((await readFile(join(dir, path))).includes('hunter2')).toBe(false)
  })

  it('shows where the time went, with secrets blanked, and writes it for Chrome', async () => {
    const dir = await project({
      ...helloGo,
      'xbuild.toml': '[go]\nldflags = "-X=main.token=hunter2"\n',
    })
    const trace = join(dir, 'trace.json')
    const { code, stderr } = await build(dir, ['--timings'], { env: { XBUILD_TRACE: trace } })
    expect(code).toBe(0)
    expect(stderr).toMatch(/start +seconds\n +0\.000 .*start Node\.js[\s\S]*compile\n[\s\S]* go build -v/)
    const text = await readFile(trace, 'utf8')
    expect(stderr + text).not.toContain('hunter2')
    const { traceEvents } = JSON.parse(text) as { traceEvents: { name: string; cat?: string }[] }
    const kinds = new Set(traceEvents.map(({ cat }) => cat))
    expect([...kinds].sort()).toEqual(['command', 'stage', 'start', 'task', undefined])
    expect(traceEvents.filter(({ name }) => name.startsWith('go build'))).toHaveLength(2)
  })

  it('leaves a trace of a command that failed, and names a trace that cannot be written', async () => {
    const dir = await temporaryFolder()
    const trace = join(dir, 'trace.json')
    expect(await xbuild(['plan'], { cwd: dir, env: { XBUILD_TRACE: trace } })).toMatchObject({ code: 3 })
    expect(await readFile(trace, 'utf8')).toContain('load xbuild')
    const { code, stderr } = await xbuild(['cache'], {
      cwd: dir,
      env: { XBUILD_TRACE: '/dev/null/trace' },
    })
    expect([code, stderr]).toEqual([2, expect.stringContaining('XBUILD_TRACE')])
  })

  it('is not begun when its report cannot be written', async () => {
    const dir = await project({ ...helloGo, file: '' })
    const result = await build(dir, ['--report=file/report.json'])
    expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining('where  --report') })
    expect(await exists(join(dir, 'dist'))).toBe(false)
  })

  test.each([
    ['dist', 'linux_arm64'],
    ['dist/linux_arm64/hello', 'x'],
    ['dist/.last-build.json', 'x'],
    ['dist', 'logs'],
  ])('says so when the way to its outputs is barred: %s/%s', async (folder, name) => {
    const own = { 'dist/.gitignore': '# Outputs of xbuild: this folder can be deleted.\n*\n' }
    const dir = await project({ ...helloGo, ...own, [`${folder}/${name}`]: '' })
    const result = await build(dir)
    expect(result).toMatchObject({ code: 7, stdout: '', stderr: expect.stringContaining('Cannot write') })
    expect(result.stderr).not.toMatch(/\n\s+at /)
  })

  it('hands on what stands after --', async () => {
    const dir = await project({
      ...helloGo,
      'special.go': '//go:build special\n\npackage main\n\nfunc init() { undefined() }\n',
    })
    expect(await build(dir)).toMatchObject({ code: 0 })
    expect(await build(dir, ['--', '-tags=special'])).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('undefined: undefined'),
    })
  })
})

describe('a compiler that fails', () => {
  it('on one platform: the other is still tried, both are reported, no image is made', async () => {
    const dir = await project({
      ...helloGo,
      'broken_arm64.go': 'package main\n\nfunc init() { missing() }\n',
    })
    const result = await build(dir)
    expect(result).toMatchObject({ code: 5, stdout: '' })
    expect(result.stderr).toContain('1 of 2 platforms did not compile: linux/arm64')
    expect(result.stderr).toContain('undefined: missing')
    expect(result.stderr).toContain('(linux/amd64 compiled)')
    const log = /full log: (\S+)/.exec(result.stderr)?.[1] as string
    expect(await readFile(log, 'utf8')).toContain('undefined: missing')
    expect(await exists(join(dir, 'dist/hello.oci.tar'))).toBe(false)
    expect(await exists(join(dir, 'dist/linux_amd64'))).toBe(false)
  })

  it('with a binary for another machine: nothing is kept', async () => {
    const dir = await project({ ...helloGo, 'xbuild.toml': '[go.env]\nX = "1"\n' })
    // A toolchain wrapper that ignores the target, as a wrong GOFLAGS or a shim would.
    const folder = await temporaryFolder()
    const tool = await loggingTool(folder, 'go')
    const script = join(folder, 'logging-bin/go')
    await writeFile(
      script,
      (await readFile(script, 'utf8'))
        .replace('const env = {', 'const env = { ...{}, ')
        .replace('PATH:', "...(call.args[0] === 'build' ? { GOARCH: 'amd64' } : {}), PATH:"),
    )
    const result = await build(dir, [], { env: { PATH: tool.path } })
    expect(result).toMatchObject({ code: 6, stdout: '' })
    expect(result.stderr).toContain('linux/arm64')
    expect(await exists(join(dir, 'dist/hello.oci.tar'))).toBe(false)
  })
})

describe('an interrupt', () => {
  const alive = (pid: number) => {
    try {
      process.kill(pid, 0)
      return true
    } catch {
      return false
    }
  }
  const interruptedBuild = async (dir: string, tool: HangingGo, ...signals: readonly NodeJS.Signals[]) => {
    let pid = 0
    const running = build(dir, [], { env: { PATH: tool.path }, onStart: started => (pid = started) })
    await vi.waitUntil(async () => (await tool.started()).length > 0, { timeout: 20_000 })
    for (const signal of signals) {
      process.kill(pid, signal)
      await new Promise(resolve => setTimeout(resolve, 300))
    }
    return running
  }
  const left = async (dir: string) =>
    (await readdir(join(dir, 'dist')).catch(() => [])).filter(name => name.startsWith('.xbuild'))

  test.each<[command: string, deaf: boolean, signals: NodeJS.Signals[]]>([
    ['list', false, ['SIGINT']],
    ['build', false, ['SIGINT']],
    ['build', false, ['SIGTERM']],
    ['build', false, ['SIGHUP']],
    ['build', true, ['SIGINT', 'SIGINT']],
  ])('of go %s (deaf: %s) by %j ends it and leaves nothing', async (command, deaf, signals) => {
    const dir = await project(helloGo)
    const tool = await hangingGo(command, deaf)
    const result = await interruptedBuild(dir, tool, ...signals)
    // The second signal ends it at once, by SIGINT, which is 130 for a shell.
    expect(result).toMatchObject({ code: signals.length === 1 ? 130 : null, stdout: '' })
    if (signals.length === 1) expect(result.stderr).toContain('interrupted')
    expect(await left(dir)).toEqual([])
    await vi.waitUntil(async () => !(await tool.started()).some(alive), { timeout: 5000 })
  })

  it('by SIGKILL leaves nothing that is in the way of the next build', async () => {
    const dir = await project(helloGo)
    const whole = await build(dir)
    const tool = await hangingGo('build')
    expect(await interruptedBuild(dir, tool, 'SIGKILL')).toMatchObject({ code: null, stdout: '' })
    for (const pid of await tool.started()) process.kill(-pid, 'SIGKILL')
    expect(await build(dir)).toMatchObject({ code: 0, stdout: whole.stdout })
  })
})
