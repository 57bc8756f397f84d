import { execFileSync } from 'node:child_process'
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it, test } from 'vitest'
import type { PlanJson } from '../../src/build/plan-json.ts'
import { xbuild } from '../support/cli.ts'
import { fakeTools, type Reply } from '../support/fake-tools.ts'
import { commit, helloGo, project, temporaryFolder } from '../support/projects.ts'

/** The whole program against a builder that runs the stage's own words on this machine; Go is real. */
let found: readonly Reply[]
beforeAll(async () => {
  const inspected = fileURLToPath(new URL('../fixtures/buildx/inspect-containerd-0.29.txt', import.meta.url))
  found = [
    { when: /^buildx version$/, stdout: 'github.com/docker/buildx v0.29.1 a32761a\n' },
    { when: /^buildx inspect/, stdout: await readFile(inspected, 'utf8') },
  ]
})

/** Runs what RUN has, with its ENV, in the folder of WORKDIR, and gives output and end as BuildKit does. */
const builder: Reply = {
  when: /^buildx build/,
  script: ({ option }, { fs }) => {
    const dockerfile = fs.readFileSync(option('--file'), 'utf8')
    const line = (pattern: RegExp) => [...dockerfile.matchAll(pattern)].at(-1)?.[1] ?? ''
    const dest = option('--output').replace('type=local,dest=', '')
    const bind = (text: string) => text.replaceAll(/\/xbuild\/linux_\w+/g, dest)
    const env = [...dockerfile.matchAll(/^ENV (\w+)="(.*)"$/gm)].filter(
      ([, name]) => !/CACHE$/.test(name ?? ''),
    )
    const words = JSON.parse(line(/^RUN .* (\["(?:go|\/bin\/sh)".*\])$/gm)).map(bind) as string[]
    const reads = words[0] === '/bin/sh'
    fs.mkdirSync(dest, { recursive: true })
    const [tool = '', ...args] = words.slice(reads ? 4 : 0)
    const { spawnSync } = process.getBuiltinModule('node:child_process')
    const { stdout, stderr, status } = spawnSync(tool, args, {
      cwd: line(/^WORKDIR (.*)$/gm).replace(/^"(.*)"$/, (_, quoted) => quoted.replace(/\\(["$\\])/g, '$1')),
      env: {
        ...process.env,
        PATH: process.env['BUILDER_PATH'],
        ...Object.fromEntries(env.map(([, name, value]) => [name, value])),
      },
    })
    if (reads) {
      for (const [file, text] of Object.entries({ stdout, stderr, exit: `${status}\n` }))
        fs.writeFileSync(`${dest}/${file}`, text)
      return
    }
    const error = `process "${tool} build" did not complete successfully: exit code: ${status}`
    const name = `[compile 3/3] RUN --mount=type=bind ["${tool}"]`
    const vertex = { digest: 'sha256:1', name, ...(status !== 0 && { error }) }
    const logs = [{ vertex: 'sha256:1', stream: 2, data: stderr.toString('base64') }]
    process.stderr.write(`${JSON.stringify({ vertexes: [vertex], logs })}\n`)
    if (status !== 0) process.stderr.write(`ERROR: failed to build: failed to solve: ${error}\n`)
    process.exitCode = status === 0 ? 0 : 1
  },
}

const flags = [
  '--compile-on=builder',
  '--backend=oci',
  '--base=scratch',
  '--platform=linux/amd64,linux/arm64',
]
const run = async (dir: string, args: readonly string[], build: Reply = builder, env = {}) => {
  const tools = await fakeTools({ docker: [...found, { ...build, when: /^buildx build/ }] })
  return {
    result: await xbuild([...flags, ...args], {
      cwd: dir,
      env: { PATH: tools.path, BUILDER_PATH: process.env['PATH'], ...env },
    }),
    tools,
  }
}
const binaries = async (dir: string) =>
  Promise.all(['amd64', 'arm64'].map(arch => readFile(join(dir, `dist/linux_${arch}/hello`), 'base64')))

describe('a compile on the builder', () => {
  it('runs what plan prints, one solve for each platform, and gives the binary of this machine', async () => {
    const dir = await project(helloGo)
    const { steps, notes } = JSON.parse((await run(dir, ['--dry-run', '--json'])).result.stdout) as PlanJson
    expect(notes[0]).toBe(
      `compiled on the builder default with golang:${goVersion(steps)}; ${dir} is sent to it`,
    )
    expect(steps.map(({ ignore }) => ignore?.split('\n')[0])).toEqual(['dist', 'dist'])
    const { result, tools } = await run(dir, [])
    expect(result.stderr).not.toMatch(/error/i)
    expect(result.code).toBe(0)
    const calls = (await tools.calls('docker')).filter(({ args }) => args[1] === 'build')
    const [, work = ''] = /dest=(.*)\/linux_\w+ /.exec(calls[0]?.args.join(' ') ?? '') ?? []
    const ran = calls.map(({ args }) => args.join(' ')).sort()
    expect(ran).toEqual(steps.map(({ command }) => command.args.join(' ').replaceAll('{work}', work)).sort())
    const onBuilder = await binaries(dir)
    expect((await xbuild(['--backend=oci', '--base=scratch'], { cwd: dir })).code).toBe(0)
    expect(await binaries(dir)).toEqual(onBuilder)
  })

  it('has what one platform has of its own, and nothing of this machine', async () => {
    const toml = '[go.platform."linux/arm64"]\ntags = ["small"]\n'
    const dir = await project({ ...helloGo, 'xbuild.toml': toml })
    const { result } = await run(dir, ['--dry-run', '--json', '--offline'])
    const { steps, notes } = JSON.parse(result.stdout) as PlanJson
    expect(notes.join('\n')).toMatch(/--offline: the builder asks the registry of golang:\S+ all the same/)
    const stages = steps.map(({ dockerfile }) => dockerfile ?? '')
    expect(stages.map(text => text.includes('"-tags=small"'))).toEqual([false, true])
    expect(stages.join()).not.toContain('GOMEMLIMIT')
  })

  test.each<[string, Reply | undefined, string, number, RegExp]>([
    [
      'a compile error',
      undefined,
      'func main() { missing() }',
      5,
      /main\.go:3:15: undefined: missing[\s\S]*no image was made/,
    ],
    [
      'a node that dies half way',
      {
        stderr:
          'ERROR: failed to receive status: rpc error: code = Unavailable desc = error reading from server: EOF\n',
        exitCode: 1,
      },
      'func main() {}',
      7,
      /The builder went away, for the compile with golang:[\s\S]*fix .*inspect --bootstrap/,
    ],
    [
      'an image without the toolchain',
      {
        script: () => {
          const data = Buffer.from(
            'runc run failed: exec: "go": executable file not found in $PATH\n',
          ).toString('base64')
          const error = 'process "go build" did not complete successfully: exit code: 1'
          const vertexes = [{ digest: 'sha256:1', name: '[compile 3/3] RUN ["go"]', error }]
          process.stderr.write(
            `${JSON.stringify({ vertexes, logs: [{ vertex: 'sha256:1', stream: 2, data }] })}\n`,
          )
          process.stderr.write(`ERROR: failed to solve: ${error}\n`)
          process.exitCode = 1
        },
      },
      'func main() {}',
      4,
      /The toolchain image golang:\S+ cannot run go\n[\s\S]*executable file not found[\s\S]*fix .*\[toolchain\] image/,
    ],
    [
      'a key that is not there',
      {
        stderr: 'ERROR: failed to convert agent config {default [] false}: invalid empty ssh agent socket\n',
        exitCode: 1,
      },
      'func main() {}',
      2,
      /A secret or a key [\s\S]*agent config[\s\S]*fix .*--ssh/,
    ],
    [
      'an image that is not there',
      {
        stderr:
          'ERROR: failed to solve: golang:9: failed to resolve source metadata for docker.io/library/golang:9: not found\n',
        exitCode: 1,
      },
      'func main() {}',
      8,
      /There is no image [\s\S]*fix .*\[toolchain\] image/,
    ],
  ])('%s: no image, and the one before stays', async (_, reply, main, code, message) => {
    const dir = await project(helloGo)
    expect((await xbuild(['--backend=oci', '--base=scratch'], { cwd: dir })).code).toBe(0)
    const archive = join(dir, 'dist/hello.oci.tar')
    const before = await readFile(archive)
    await writeFile(join(dir, 'main.go'), `package main\n\n${main}\n`)
    const { result } = await run(dir, [], reply)
    expect(result).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) })
    expect((await readFile(archive)).equals(before)).toBe(true)
    expect((await readdir(join(dir, 'dist'))).filter(name => /^\.xbuild|tmp/.test(name))).toEqual([])
  })

  it('keeps passwords out of the Dockerfile, the arguments and the plan', async () => {
    const dir = await project(helloGo)
    const env = { GOPROXY: 'https://me:hunter2hunter2@proxy.example.com', GOPRIVATE: 'example.com/*' }
    const args = ['--secret=id=netrc,src=/nowhere/.netrc', '--ssh=default']
    const { result } = await run(dir, [...args, '--dry-run', '--json'], builder, env)
    expect(result.stdout).not.toContain('hunter2')
    const [step] = (JSON.parse(result.stdout) as PlanJson).steps
    expect(step?.dockerfile).toContain('ENV GOPRIVATE="example.com/*"')
    expect(step?.dockerfile).not.toContain('ENV GOPROXY')
    expect(step?.dockerfile).toMatch(
      /^RUN .* --mount=type=secret,id=netrc,required=true,target=\/root\/\.netrc --mount=type=secret,id=GOPROXY,required=true,env=GOPROXY --mount=type=ssh,id=default,required=true \[/m,
    )
    expect(step?.command.args.join(' ')).toContain(
      '--secret id=netrc,src=/nowhere/.netrc --secret id=GOPROXY,env=GOPROXY --ssh default',
    )
  })

  it('sends the repository without its configuration, and not at all where no commit is asked for', async () => {
    const dir = await project(helloGo)
    commit(dir)
    const ignored = async (...args: string[]) => {
      const { result } = await run(dir, ['--dry-run', '--json', ...args], builder, { GOFLAGS: '' })
      return (JSON.parse(result.stdout) as PlanJson).steps[0]?.ignore
    }
    expect(await ignored()).toMatch(/^dist\n\*\*\/\.git\/config\n[\s\S]*\*\*\/\.git\/modules\/\*\*\/config\n/)
    expect(await ignored('--', '-buildvcs=false')).toBe('dist\n**/.git\n')
  })

  it('runs in folders with odd names, and leaves an odd --dist out', async () => {
    const dir = await project({ README: '' })
    const odd = `an "odd" $HOME \\ 'folder' #1`
    await cp(await project(helloGo), join(dir, odd), { recursive: true })
    execFileSync('git', ['init', '-q'], { cwd: dir })
    const args = [`${dir}/${odd}`, '--dist=!out*', '--', '-buildvcs=false']
    const { result } = await run(dir, args)
    expect(result.code, result.stderr).toBe(0)
    const plan = JSON.parse((await run(dir, ['--dry-run', '--json', ...args])).result.stdout) as PlanJson
    const [step] = plan.steps
    expect(step?.command.args.at(-1)).toBe(dir)
    expect(step?.dockerfile).toContain(`/an \\"odd\\" \\$HOME \\\\ 'folder' #1"\n`)
    expect(step?.ignore).toBe('\\!out\\*\n**/.git\n')
  })

  it('says where the image has no git, so that Go leaves the commit out', async () => {
    const dir = await project(helloGo)
    commit(dir)
    const go = join(execFileSync('go', ['env', 'GOROOT'], { encoding: 'utf8' }).trim(), 'bin')
    const env = { GOFLAGS: '', GOENV: 'off' }
    const warning = /warning: .*the commit is not in the program.* golang:\S+ has no git/
    expect((await run(dir, [], builder, { ...env, BUILDER_PATH: go })).result.stderr).toMatch(warning)
    expect((await run(dir, [], builder, env)).result.stderr).not.toMatch(warning)
  })

  test.each<[string, Record<string, string>, string[], number, RegExp]>([
    [
      'cgo',
      { 'main.go': 'package main\n\nimport "C"\n\nfunc main() {}\n' },
      [],
      2,
      /compiles no cgo\n[\s\S]*fix .*--compile-on host/,
    ],
    ['a secret without an id', {}, ['--secret=src=a'], 2, /--secret .* has no id/],
    [
      'what a module replaces by a folder elsewhere',
      { 'go.mod': 'module example.com/hello\n\ngo 1.21\n\nreplace example.com/a => ../nowhere\n' },
      [],
      2,
      /The compile reads \/.*\/nowhere, which the builder does not get[\s\S]*replace in .*go\.mod[\s\S]*fix .*--compile-on host/,
    ],
  ])('refuses %s', async (_, files, args, code, message) => {
    const dir = await project({ ...helloGo, ...files })
    expect((await run(dir, args)).result).toMatchObject({ code, stderr: expect.stringMatching(message) })
  })
})

it('asks a cache program that the image alone has, and reports what it had', async () => {
  const bin = await temporaryFolder()
  const program = fileURLToPath(new URL('../fixtures/cache-program.mjs', import.meta.url))
  await writeFile(
    join(bin, 'kept'),
    `#!/bin/sh\nexec ${process.execPath} ${program} ${await temporaryFolder()}\n`,
    { mode: 0o755 },
  )
  const toml = '[toolchain]\nimage = "example.com/go:1"\n[cache]\ngo = "kept"\n'
  const dir = await project({ 'go.mod': 'module example.com/hello\n\ngo 1.24\n', 'xbuild.toml': toml })
  const counts = async (word: string) => {
    await writeFile(join(dir, 'main.go'), `package main\n\nfunc main() { println("${word}") }\n`)
    const args = ['--platform=linux/amd64', '--report=report.json']
    const { result } = await run(dir, args, builder, { BUILDER_PATH: `${bin}:${process.env['PATH']}` })
    expect(result.code, result.stderr).toBe(0)
    return JSON.parse(await readFile(join(dir, 'report.json'), 'utf8')).compileCache
  }
  const first = await counts('one')
  expect(first.misses).toBeGreaterThan(10)
  const second = await counts('two')
  expect(second).toMatchObject({ program: 'kept', hits: first.misses - second.misses })
  expect(second.misses).toBeLessThan(4)
}, 300_000)

describe('where the compilers run', () => {
  test('auto is this machine where it has the toolchain', async () => {
    const dir = await project(helloGo)
    const { result } = await run(dir, ['--compile-on=auto', '--dry-run', '--json', '--secret=id=a'])
    const { steps, notes } = JSON.parse(result.stdout) as PlanJson
    expect(steps[0]?.command.tool).toBe('go')
    expect(notes).toContain(
      '--secret and --ssh have no effect: the toolchain runs on this machine, with its files and its ssh agent',
    )
  })

  test('auto is the builder where this machine has no Go: it reads the project, too', async () => {
    const dir = await project({
      ...helloGo,
      'go.mod': 'module example.com/hello\n\ngo 1.21\n\ntoolchain go1.22.3\n',
      'xbuild.toml': '[toolchain]\nimage = "example.com/go:1"\n',
    })
    const tools = await fakeTools({ docker: [...found, builder] })
    const env = { PATH: tools.bin, BUILDER_PATH: process.env['PATH'], GOTOOLCHAIN: 'local' }
    const { code, stderr } = await xbuild([...flags, '--compile-on=auto'], { cwd: dir, env })
    expect(stderr).toContain('example.com/go:1, for this machine lacks the toolchain')
    expect(code).toBe(0)
    const onBuilder = await binaries(dir)
    await xbuild(['--backend=oci', '--base=scratch'], { cwd: dir })
    expect(await binaries(dir)).toEqual(onBuilder)
    await writeFile(join(dir, 'main.go'), 'package main\n\nimport "example.com/missing"\n')
    const broken = await xbuild([...flags, '--compile-on=auto'], { cwd: dir, env })
    expect(broken).toMatchObject({ code: 3, stderr: expect.stringContaining('example.com/missing') })
  })

  test('auto is this machine where no builder answers: the message is about the toolchain', async () => {
    const dir = await project(helloGo)
    const tools = await fakeTools({ docker: { stderr: 'docker: unknown command\n', exitCode: 1 } })
    const { code, stderr } = await xbuild([...flags, '--compile-on=auto'], {
      cwd: dir,
      env: { PATH: tools.bin },
    })
    expect([code, stderr]).toEqual([
      4,
      expect.stringMatching(/go was not found on PATH[\s\S]*--compile-on auto/),
    ])
  })

  test('XBUILD_COMPILE_ON says so too, and a builder that does not answer ends the build', async () => {
    const dir = await project(helloGo)
    const tools = await fakeTools({ docker: { stderr: 'docker: unknown command\n', exitCode: 1 } })
    const env = { PATH: tools.path, XBUILD_COMPILE_ON: 'builder' }
    const { code, stderr } = await xbuild(['--backend=oci', '--base=scratch'], { cwd: dir, env })
    expect([code, stderr]).toEqual([4, expect.stringMatching(/docker has no buildx/)])
  })
})

const goVersion = (steps: PlanJson['steps']) =>
  /^FROM .* golang:(\S+) AS compile$/m.exec(steps[0]?.dockerfile ?? '')?.[1]
