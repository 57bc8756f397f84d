import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { chooseExecutables } from '../../../../src/languages/choose.ts'
import { adviseZig } from '../../../../src/languages/zig/advice.ts'
import { guessExecutables, takesTarget } from '../../../../src/languages/zig/build-file.ts'
import { zig } from '../../../../src/languages/zig/index.ts'
import { explainZig, isZigRace, readZigProgress, wasCached } from '../../../../src/languages/zig/messages.ts'
import type { ZigProject } from '../../../../src/languages/zig/project.ts'
import { parseSteps } from '../../../../src/languages/zig/steps.ts'
import { type Platform, parsePlatforms } from '../../../../src/platforms.ts'
import type { RunResult } from '../../../../src/process.ts'
import type { Step } from '../../../../src/types.ts'
import { printTokens } from '../../../../src/util/substitute.ts'
import { compileRequest, defaultOptions } from '../../../support/compile-request.ts'
import { buildElfFor } from '../../../support/elf-builder.ts'
import { failureOf } from '../../../support/failure-of.ts'
import { fakeTools } from '../../../support/fake-tools.ts'
import { project } from '../../../support/projects.ts'

const [arm64] = parsePlatforms(['arm64']) as [Platform]

const zigProject: ZigProject = {
  language: 'zig',
  root: '/app',
  executables: [{ name: 'app', package: 'app', predicted: true }],
  toolchain: { name: 'zig', version: '0.14.1' },
  cCode: [],
  remarks: [],
  zig: { command: ['python3', '-m', 'ziglang'], version: '0.14.1' },
  downloads: false,
}

describe('guessing the executables of a build.zig', () => {
  it.each<[string, string, string[]]>([
    ['a name', 'const exe = b.addExecutable(.{ .name = "app", .target = target });', ['app']],
    ['a name behind other fields', 'b.addExecutable(.{\n .root_module = mod,\n .name = "app",\n})', ['app']],
    ['a constant', 'const name = "app";\nconst e = b.addExecutable(.{ .name = name });', ['app']],
    [
      'a typed constant',
      'const n: []const u8 = "app";\n_ = b.addExecutable(.{ .name = n, .x = 1 });',
      ['app'],
    ],
    [
      'a file of bin/',
      'b.addInstallBinFile(bin, "server"); b.addInstallBinFile(x.getEmittedLlvmIr(), "x.ll");',
      ['server'],
    ],
    [
      'a file of bin/ that has another name for Windows',
      'const f = if (t.result.os.tag == .windows)\n "db.exe"\n else\n "db";\n s.dependOn(&b.addInstallBinFile(bin, f).step);',
      ['db'],
    ],
    ['a comment', '// b.addExecutable(.{ .name = "old" });\n', []],
    ['a name that is computed', 'b.addExecutable(.{ .name = b.fmt("{s}", .{x}) })', []],
    ['none', 'const lib = b.addLibrary(.{ .name = "lib" });', []],
    [
      'those that are installed',
      `const gen = b.addExecutable(.{ .name = "gen" });
       const exe = b.addExecutable(.{ .name = "app" });
       b.installArtifact(exe);`,
      ['app'],
    ],
    [
      'what the default step installs, not what steps of their own do',
      `const app = b.addExecutable(.{ .name = "app" });
       const sample = b.addExecutable(.{ .name = "sample" });
       b.step("sample", "").dependOn(&b.addInstallArtifact(sample, .{}).step);
       steps.install.dependOn(&b.addInstallBinFile(app.getEmittedBin(), "beetle").step);`,
      ['beetle'],
    ],
    [
      'what the default step installs by a step',
      `const app = b.addExecutable(.{ .name = "app" });
       const two = b.addExecutable(.{ .name = "two" });
       const sample = b.addExecutable(.{ .name = "sample" });
       const step = b.addInstallArtifact(app, .{});
       b.getInstallStep().dependOn(&step.step);
       b.getInstallStep().dependOn(&b.addInstallArtifact(two, .{}).step);
       b.step("sample", "").dependOn(&b.addInstallArtifact(sample, .{}).step);`,
      ['app', 'two'],
    ],
    [
      'one that is installed at once',
      'b.addExecutable(.{ .name = "gen" }); b.installArtifact(b.addExecutable(.{ .name = "app" }));',
      ['app'],
    ],
    [
      'a name that comes after options in braces of their own',
      `const app = b.addExecutable(.{ .root_module = b.createModule(.{ .name = "no", .x = .{} }), .name = "app" });
       const tool = b.addExecutable(.{ .name = "tool", .root_module = m });
       b.installArtifact(app); b.installArtifact(tool);`,
      ['app', 'tool'],
    ],
    [
      'the project’s name for one whose name is no text, next to others',
      `const app = b.addExecutable(.{ .name = b.fmt("{s}", .{name}) });
       const tool = b.addExecutable(.{ .name = "tool" });
       b.installArtifact(app); b.installArtifact(tool);`,
      ['project', 'tool'],
    ],
    [
      'all where none is seen to be installed',
      'const a = b.addExecutable(.{ .name = "a" }); const c = b.addExecutable(.{ .name = "c" }); install(a, c);',
      ['a', 'c'],
    ],
  ])('%s', (_, text, expected) => {
    expect(guessExecutables(text, 'project')).toEqual(expected)
  })

  it('sees whether it takes a target', () => {
    expect(takesTarget('const t = b.standardTargetOptions(.{});')).toBe(true)
    expect(takesTarget('const t = b.option([]const u8, "target", "triple");')).toBe(true)
    expect(takesTarget('// b.standardTargetOptions(.{});')).toBe(false)
  })
})

describe('the messages of zig', () => {
  it('are shown without its own commands', () => {
    const output = `install
+- install app
   +- zig build-exe app ReleaseSafe riscv64-linux-musl 1 errors
src/main.zig:5:14: error: root struct of file 'debug' has no member named 'printt'
error: the following command failed with 1 compilation errors:
/opt/zig build-exe -OReleaseSafe -target riscv64-linux-musl --listen=-
info(verbose): /opt/zig build-exe -Osafe --name app --listen=-
/app/.zig-cache/xbuild/linux_arm64/o/c8148211f9f041285b364474ffa346fc/generate /app/out.zig
Build Summary: 2/5 steps succeeded; 1 failed
install transitive failure
+- install app transitive failure
   +- zig build-exe app ReleaseSafe riscv64-linux-musl 1 errors
error: the following build command failed with exit code 1:
/tmp/.zig-cache/o/4ac/build /opt/zig /tmp install --summary all
`
    expect(explainZig(output)).toBe(
      "src/main.zig:5:14: error: root struct of file 'debug' has no member named 'printt'",
    )
  })

  it('of a stack show the calls of build.zig alone', () => {
    const output = [
      'NO_COLOR=1 git rev-parse --verify HEAD ',
      "error: unsupported target: 'aarch64-linux-musl'",
      '/app/build.zig:44:9: 0x14b4e69 in resolve_target (build)',
      '        return error.UnsupportedTarget;',
      '        ^',
      '/opt/zig/lib/std/Build.zig:2428:25: 0x14a36a7 in runBuild__anon_24747 (build)',
      '        .error_union => try build_zig.build(b),',
      '                        ^',
      '/opt/zig/lib/compiler/build_runner.zig:339:9: 0x149c2f2 in main (build)',
      '        try builder.runBuild(root);',
      '        ^',
      '',
    ]
    expect(explainZig(output.join('\n'))).toBe(output.slice(1, 5).join('\n'))
  })

  it.each([
    "error: invalid option: -Dtarget\n  access the help menu with 'zig build -h'\n",
    'error: invalid option: "target"\ninfo: available option: "optimize"\n',
  ])('say plainly that a project takes no target', output => {
    expect(adviseZig(output, arm64)).toContain('standardTargetOptions')
  })

  it('tell whether all was cached, in old and new words', () => {
    expect(wasCached('+- zig build-exe app ReleaseSafe riscv64-linux-musl cached 12ms MaxRSS:37M')).toBe(true)
    expect(wasCached('   +- compile exe app safe riscv64-linux-musl cached 8ms MaxRSS:41M')).toBe(true)
    expect(wasCached('   +- compile exe app safe riscv64-linux-musl success 51s MaxRSS:366M')).toBe(false)
    expect(wasCached('+- zig build-lib a cached\n+- zig build-exe b success 1s')).toBe(false)
    expect(
      wasCached(
        '|  +- zig build-exe a cached 88ms\n   +- zig build-exe a (+2 more reused dependencies)\n   +- zig build-obj b (reused)',
      ),
    ).toBe(true)
    expect(wasCached('+- zig build-exe a success 9s\n   +- zig build-exe a (reused)')).toBe(false)
    expect(wasCached('+- zig build-exe a (reused)')).toBe(false)
    expect(wasCached('')).toBe(false)
  })

  it.each([
    ['/opt/zig build-exe -OReleaseSafe -Mroot=/app/src/main.zig --name app --listen=-', 'zig build-exe app'],
    ['info(verbose): /opt/zig build-lib -Osafe --name lib --listen=-', 'zig build-lib lib'],
    ['/opt/zig translate-c -lc --listen=- /app/c.h', 'zig translate-c'],
    ['install -C .zig-cache/o/c81/app /project/out/bin/app', undefined],
    ['src/main.zig:5:14: error: expected type', undefined],
    ['   +- zig build-exe app ReleaseSafe riscv64-linux-musl success 1s', undefined],
  ])('name the command that begins: %s', (line, expected) => {
    expect(readZigProgress(line)).toBe(expected)
  })

  it('tell a race from a mistake', () => {
    expect(isZigRace("error: unable to open '.zig-cache/tmp/x': FileNotFound")).toBe(true)
    expect(isZigRace('src/main.zig:5:14: error: expected type')).toBe(false)
  })
})

it.each([
  ['of no dependency', '.{}', false],
  ['of a URL', '.{ .a = .{ .url = "https://example.com/a.tar.gz", .hash = "a-1" } }', true],
  ['of a folder, which may name URLs in turn', '.{ .a = .{ .path = "a" } }', true],
])('a build.zig.zon %s', async (_, dependencies, downloads) => {
  const dir = await project({ 'build.zig.zon': `.{ .name = .app, .dependencies = ${dependencies} }` })
  const fakes = await fakeTools({ zig: { stdout: '0.14.1\n' } })
  vi.stubEnv('XBUILD_ZIG', join(fakes.bin, 'zig'))
  onTestFinished(() => void vi.unstubAllEnvs())
  const found = await zig.inspect(dir, { options: defaultOptions, platforms: [] })
  expect(found).toMatchObject({ downloads })
})

it('names of a build.zig are not said to be all that there are', async () => {
  const guess = (name: string) => ({ name, package: name, predicted: true })
  const project = { root: '/app', executables: [guess('one'), guess('two')] } as unknown as ZigProject
  const failure = await failureOf(() => chooseExecutables(project, []))
  expect(failure).toMatchObject({
    kind: 'project',
    what: 'build.zig names 2 executables, and none is chosen',
    why: expect.stringContaining('zig build -l lists the steps'),
    fix: '--bin one\n--bin two',
  })
})

describe('advice on a build that failed', () => {
  it.each([
    [
      'build.zig:65:9: error: unsupported zig version: expected 0.14.1, found 0.16.0',
      /^pip install ziglang==0\.14\.1 /,
    ],
    ['build.zig:2:5: error: Building requires Zig 0.15.1 or later', /^pip install ziglang==0\.15\.1 /],
    [
      "error: unsupported target: 'aarch64-linux-musl'",
      /^\[zig\] target\."linux\/arm64" = "aarch64-linux" in xbuild\.toml, /,
    ],
    [
      'error: error: unable to find dynamic system library "sodium" using strategy paths_first.',
      /^compile sodium from source/,
    ],
    [
      "error: unable to find dynamic system library 'sodium' using strategy 'paths_first'",
      /^compile sodium from source/,
    ],
    [
      'build.zig.zon:4:20: error: unable to connect to server: ConnectionRefused\n            .url = "http://127.0.0.1:1/widget.tar.gz",',
      /could not download http:\/\/127\.0\.0\.1:1\/widget\.tar\.gz\)$/,
    ],
    [
      '/a/zig-pkg/web-0.1.0-x/build.zig.zon:36:20: error: unable to discover remote git server capabilities: NoAddressReturned\n            .url = "git+https://example.com/tls.zig#5452baf",',
      /could not download git\+https:\/\/example\.com\/tls\.zig#5452baf\)$/,
    ],
    [
      "src/a.c:1:10: error: 'execinfo.h' file not found",
      /^\[zig\] target\."linux\/arm64" = "aarch64-linux-gnu" in xbuild\.toml {3}\(execinfo\.h is a header of glibc/,
    ],
    ['/a/zig-pkg/web-0.1.0-x/src/main.zig:5:14: error: expected type', undefined],
    ['/opt/zig/lib-0.16.0/std.zig:5:14: error: expected type', undefined],
    ['src/main.zig:5:14: error: expected type', undefined],
  ])('%s', (output, expected) => {
    if (expected) expect(adviseZig(output, arm64)).toMatch(expected)
    else expect(adviseZig(output, arm64)).toBeUndefined()
  })
})

describe('the program that zig installed', () => {
  const [platform] = parsePlatforms(['amd64']) as [Platform]
  const elf = buildElfFor(platform)
  const collect = async (
    asked: readonly string[],
    installed: readonly string[] = ['bin/app'],
    steps = '',
  ) => {
    const work = await project({ 'prefix/bin/notes.txt': 'no program', 'prefix/bin/cut': '\x7fELF' })
    for (const path of installed) {
      await mkdir(join(work, 'prefix', dirname(path)), { recursive: true })
      await writeFile(join(work, 'prefix', path), elf)
    }
    const fakes = await fakeTools({ zig: { when: /^build --list-steps /, stdout: steps } })
    const found = {
      ...zigProject,
      root: work,
      zig: { command: [join(fakes.bin, 'zig')], version: '0.14.1' },
      executables: [{ name: 'ap', package: 'ap', predicted: true }],
    }
    const executables = chooseExecutables(found, asked)
    const [step] = zig.compile(found, compileRequest(found, [platform], { executables })).steps
    const args = step?.command.args.map(word => (word.includes('linux_amd64') ? 'folder' : word))
    const command = { ...(step as Step).command, args: args as string[] }
    const bound = { ...(step as Step), command, outputDir: join(work, 'prefix') }
    const result = { ok: true, stderr: '', seconds: 1 } as RunResult
    const other = await zig.alternative?.(bound, result)
    return other ? other.command.args[1] : zig.collect(bound, result)
  }
  const at = (path: RegExp) => [{ path: expect.stringMatching(path) }]

  it('takes the place of a guess', async () => {
    expect(await collect([])).toMatchObject([{ name: 'ap', path: expect.stringMatching(/bin\/app$/) }])
  })

  it('takes the place of no other name that was asked for', async () => {
    expect(await collect(['app'])).toMatchObject([{ name: 'app' }])
    expect(await failureOf(collect(['appp']))).toMatchObject({
      kind: 'project',
      why: 'it installed app',
      fix: '--bin app',
    })
  })

  it('may be below bin/, or elsewhere; the copy in bin/ counts', async () => {
    expect(await collect(['app'], ['bin/tools/app'])).toMatchObject(at(/bin\/tools\/app$/))
    expect(await collect(['app'], ['app'])).toMatchObject(at(/prefix\/app$/))
    expect(await collect(['app'], ['app', 'bin/app', 'a/b/app'])).toMatchObject(at(/prefix\/bin\/app$/))
    expect(await collect([], ['libexec/app', 'app'])).toMatchObject(at(/prefix\/app$/))
  })

  const steps =
    '  install (default)            Copy build artifacts to prefix path\n  uninstall                    Remove build artifacts from prefix path\n  hello                        build the hello example\n  run-hello                    run the hello example\n  app                          Run the app\n'

  it('is installed by a step of its name, where the build has not installed it', async () => {
    expect(await collect(['hello'], ['bin/app'], steps)).toBe('hello')
    expect(await collect(['app'], ['bin/app'], steps)).toMatchObject(at(/bin\/app$/))
  })

  it('is missed with what was installed and the steps that there are', async () => {
    expect(await failureOf(collect(['nothing'], ['bin/app', 'bin/tools/b'], steps))).toMatchObject({
      what: 'zig build install installed no program called nothing',
      why: 'it installed app, b\nbuild.zig has these other steps:\n  hello   build the hello example',
      fix: expect.stringMatching(/^--bin app\n--bin b\n\[zig\] step = "hello"/),
    })
    expect(await failureOf(collect(['nothing'], [], ''))).toMatchObject({
      why: 'it installed no program for Linux',
      fix: expect.stringContaining('installArtifact'),
    })
  })

  it('knows steps that install from those that run or test', () => {
    expect(parseSteps(`${steps}  test:unit    Unit tests\n  all\nerror: x\n`)).toEqual([
      { name: 'hello', description: 'build the hello example' },
      { name: 'all', description: '' },
    ])
  })
})

describe('the plan of a Zig build', () => {
  const plan = (platforms: string, more = {}) =>
    zig.compile({ ...zigProject, ...more }, compileRequest(zigProject, parsePlatforms([platforms])))

  it('is one build per platform, each with a cache and a prefix of its own', () => {
    const { steps, concurrency } = plan('amd64,arm64')
    expect(steps.map(step => printTokens(step.command).args.join(' '))).toEqual([
      '-m ziglang build install --release=safe -Dtarget=x86_64-linux-musl --prefix {work}/linux_amd64' +
        ' --cache-dir .zig-cache/xbuild/linux_amd64 --summary all --color off --verbose -j2',
      '-m ziglang build install --release=safe -Dtarget=aarch64-linux-musl --prefix {work}/linux_arm64' +
        ' --cache-dir .zig-cache/xbuild/linux_arm64 --summary all --color off --verbose -j2',
    ])
    expect(concurrency).toBe(2)
  })

  it.each([
    ['linux/arm/v5', '-Dtarget=arm-linux-musleabi -Dcpu=arm926ej_s'],
    ['linux/arm/v6', '-Dtarget=arm-linux-musleabihf -Dcpu=arm1176jzf_s'],
    ['linux/arm/v7', '-Dtarget=arm-linux-musleabihf -Dcpu=generic+v7a'],
    ['linux/amd64/v2', '-Dtarget=x86_64-linux-musl -Dcpu=x86_64_v2'],
    ['linux/amd64/v3', '-Dtarget=x86_64-linux-musl -Dcpu=x86_64_v3'],
  ])('names the cpu of %s', (id, expected) => {
    expect(plan(id).steps[0]?.command.args.join(' ')).toContain(expected)
  })

  it('has the step and the targets of [zig]', () => {
    const own = {
      step: 'server',
      target: { 'linux/arm64/v8': 'aarch64-linux', 'linux/amd64/v3': 'x86_64-linux-gnu' },
    }
    const options = { ...defaultOptions, zig: { ...defaultOptions.zig, ...own } }
    const { steps, prediction } = zig.compile(
      zigProject,
      compileRequest(zigProject, parsePlatforms(['arm64', 'linux/amd64/v3', 'amd64']), { options }),
    )
    expect(steps.map(({ command }) => command.args.slice(2, 7).join(' '))).toEqual([
      expect.stringMatching(/^build server --release=safe -Dtarget=aarch64-linux --prefix$/),
      expect.stringMatching(/^build server --release=safe -Dtarget=x86_64-linux-gnu --prefix$/),
      expect.stringMatching(/^build server --release=safe -Dtarget=x86_64-linux-musl --prefix$/),
    ])
    expect(prediction.libc).toBe('gnu')
  })

  it('is refused where [zig] args name what xbuild sets', async () => {
    const options = { ...defaultOptions, zig: { ...defaultOptions.zig, args: ['-Dfoo', '--prefix=out'] } }
    const request = compileRequest(zigProject, parsePlatforms(['amd64']), { options })
    expect(await failureOf(() => zig.compile(zigProject, request))).toMatchObject({
      kind: 'usage',
      what: '--prefix cannot be used in [zig] args',
    })
  })

  it('downloads dependencies once, beforehand', () => {
    expect(plan('amd64').prepare).toEqual([])
    expect(plan('amd64', { downloads: true }).prepare[0]?.command.args).toEqual([
      '-m',
      'ziglang',
      'build',
      '--fetch',
    ])
  })
})

it('fills the placeholders of [zig] args and env', () => {
  const options = {
    ...defaultOptions,
    zig: { ...defaultOptions.zig, args: ['-Dversion={version}'], env: { V: '{platform}' } },
  }
  const source = { epoch: 0, version: '1.2.3' }
  const [step] = zig.compile(
    zigProject,
    compileRequest(zigProject, parsePlatforms(['arm64']), { options, source }),
  ).steps
  expect(step?.command).toMatchObject({
    args: expect.arrayContaining(['-Dversion=1.2.3']),
    env: { V: 'linux/arm64' },
  })
})
