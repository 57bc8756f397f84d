import { symlinkSync } from 'node:fs'
import { chmod, chown, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { PlanJson } from '../../src/build/plan-json.ts'
import type { Report } from '../../src/build/report.ts'
import { parsePlatform, zigTarget } from '../../src/platforms.ts'
import { xbuild } from '../support/cli.ts'
import { buildElfFor } from '../support/elf-builder.ts'
import { type FakeTools, fakeTools, type Reply } from '../support/fake-tools.ts'
import { project, temporaryFolder } from '../support/projects.ts'

const ids = ['linux/amd64', 'linux/arm/v7']
const flags = ['--backend=oci', '--base=builtin', `--platform=${ids.join(',')}`]

const files = {
  'build.zig':
    'b.installArtifact(b.addExecutable(.{ .name = "app", .target = b.standardTargetOptions(.{}) }));\n',
  'build.zig.zon':
    '.{ .name = .app, .version = "1.2.0", .fingerprint = 0x1, .minimum_zig_version = "0.14.1" }\n',
}

const version: Reply = { when: /^version$/, stdout: '0.14.1\n' }

/** A zig that prints the command that it runs, and installs the program app. */
const install: Reply = {
  when: /^build install /,
  script: (call, { fs, path }) => {
    process.stderr.write('/opt/zig build-exe -OReleaseSafe --name app --listen=-\n')
    const target = call.args.find(arg => arg.startsWith('-Dtarget='))?.slice('-Dtarget='.length) as string
    const bin = path.join(call.option('--prefix'), 'bin')
    fs.mkdirSync(bin, { recursive: true })
    fs.copyFileSync(path.join(call.env['FAKE_ELFS'] as string, target), path.join(bin, 'app'))
  },
}

/** What a zig reports that lost a file of the shared cache to another. */
const race: Reply = {
  when: /^build install .*-Dtarget=arm/,
  times: 1,
  exitCode: 1,
  stderr: "error: unable to open '.zig-cache/tmp/1f': FileNotFound\n",
}

async function run(fakes: FakeTools, args: readonly string[], env: Record<string, string> = {}) {
  const elfs = await temporaryFolder()
  for (const platform of ids.map(parsePlatform))
    await writeFile(join(elfs, zigTarget(platform, 'musl')), buildElfFor(platform))
  const dir = await project(files)
  const result = await xbuild(args, {
    cwd: dir,
    env: { PATH: fakes.bin, FAKE_ELFS: elfs, XBUILD_ZIG: undefined, ...env },
  })
  return { ...result, dir }
}

describe('a build with zig', () => {
  it('shows the commands of zig, and is named by the version of the package', async () => {
    const fakes = await fakeTools({ zig: [version, install] })
    const result = await run(fakes, [...flags, '--progress=rawjson', '--report=report.json'])
    expect(result).toMatchObject({ code: 0 })
    const events = result.stderr
      .split('\n')
      .filter(line => line.startsWith('{'))
      .map(line => JSON.parse(line))
    for (const id of ids) {
      expect(events).toContainEqual({
        type: 'progress',
        id: `step:Compile ${id}`,
        detail: 'zig build-exe app',
      })
    }
    const report = JSON.parse(await readFile(join(result.dir, 'report.json'), 'utf8')) as Report
    expect(report.source.version).toBe('1.2.0')
  })

  it('runs again alone after zig lost a file of the cache that all builds share', async () => {
    const fakes = await fakeTools({ zig: [version, race, install] })
    expect(await run(fakes, flags)).toMatchObject({ code: 0 })
    const targets = (await fakes.calls('zig')).flatMap(({ args }) =>
      args.filter(arg => arg.startsWith('-Dtarget=arm')),
    )
    expect(targets).toHaveLength(2)
  })

  it('fails after the second such loss', async () => {
    const fakes = await fakeTools({ zig: [version, { ...race, times: 2 }, install] })
    const result = await run(fakes, flags)
    expect(result).toMatchObject({ code: 5, stdout: '' })
    expect(result.stderr).toContain('linux/arm/v7')
  })
})

describe('zig', () => {
  const planned = async (fakes: FakeTools, env: Record<string, string> = {}) => {
    const { code, stdout, stderr } = await run(fakes, ['plan', '--json', ...flags], env)
    return { code, stderr, tool: code === 0 ? (JSON.parse(stdout) as PlanJson).steps[0]?.command : undefined }
  }

  it('is XBUILD_ZIG, or else on PATH, or else in the Python package', async () => {
    const site = await project({ 'ziglang/__init__.py': '' })
    const wheel = await fakeTools({ zig: [{ ...version, stdout: '0.17.1\n' }] })
    symlinkSync(join(wheel.bin, 'zig'), join(site, 'ziglang/zig'))
    const python: Reply = { stdout: `${join(site, 'ziglang')}\n` }
    const fakes = await fakeTools({ python3: python })
    expect(await planned(fakes)).toMatchObject({ code: 0, tool: { tool: join(site, 'ziglang/zig') } })
    await fakes.add('zig', [version])
    expect(await planned(fakes)).toMatchObject({ code: 0, tool: { tool: 'zig' } })
    const other = join(wheel.bin, 'zig')
    expect(await planned(fakes, { XBUILD_ZIG: other })).toMatchObject({ code: 0, tool: { tool: other } })
  })

  it('that is nowhere is exit 4, with the version that the project names', async () => {
    const result = await planned(await fakeTools())
    expect(result.code).toBe(4)
    expect(result.stderr).toMatch(/zig was not found[\s\S]*pip install ziglang==0\.14\.1/)
  })

  it('that is too old or no zig at all is exit 4', async () => {
    const old = await planned(await fakeTools({ zig: { stdout: '0.11.0\n' } }))
    expect(old.code).toBe(4)
    expect(old.stderr).toMatch(/zig 0\.11\.0 is too old[\s\S]*ziglang==0\.14\.1/)
    const wrong = await planned(await fakeTools(), { XBUILD_ZIG: '/nowhere/zig' })
    expect(wrong.code).toBe(4)
    expect(wrong.stderr).toContain('XBUILD_ZIG does not name a zig that runs')
  })

  it('of another minor version than the project names is said, with the command for that one', async () => {
    const { code, stdout } = await run(await fakeTools({ zig: { stdout: '0.16.0\n' } }), [
      'plan',
      '--json',
      ...flags,
    ])
    expect(code).toBe(0)
    expect(stdout).toMatch(/asks for zig 0\.14\.1, and this is 0\.16\.0.*pip install ziglang==0\.14\.1/)
  })
})

describe('a project that cannot be written', () => {
  it('keeps all that zig writes elsewhere, its downloads too', async () => {
    const fakes = await fakeTools({ zig: [version, { when: /^build --fetch / }, install] })
    const elfs = await temporaryFolder()
    await writeFile(
      join(elfs, zigTarget(parsePlatform('linux/amd64'), 'musl')),
      buildElfFor(parsePlatform('linux/amd64')),
    )
    const zon = files['build.zig.zon'].replace(
      '0.14.1" }',
      '0.14.1", .dependencies = .{ .a = .{ .path = "a" } } }',
    )
    const dir = await project({ ...files, 'build.zig.zon': zon })
    const out = await temporaryFolder()
    const uid = process.getuid?.() === 0 ? 54_321 : undefined
    if (uid !== undefined) await chown(out, uid, uid)
    await chmod(elfs, 0o755)
    // The fake zig logs its calls there.
    await chmod(dirname(fakes.bin), 0o777)
    await chmod(dir, 0o555)
    const args = ['--backend=oci', '--base=builtin', '--platform=linux/amd64', `-o=${out}/app.tar`]
    const result = await xbuild(args, {
      cwd: dir,
      env: {
        PATH: fakes.bin,
        FAKE_ELFS: elfs,
        XBUILD_ZIG: undefined,
        HOME: undefined,
        XDG_CACHE_HOME: out,
        TMPDIR: out,
      },
      ...(uid !== undefined && { uid }),
    })
    expect(result, result.stderr).toMatchObject({ code: 0 })
    const builds = (await fakes.calls('zig')).filter(({ args: [first] }) => first === 'build')
    expect(builds).toHaveLength(2)
    for (const { args } of builds) expect(args[args.indexOf('--cache-dir') + 1]).toMatch(out)
    expect(await readdir(dir)).toEqual(['build.zig', 'build.zig.zon'])
  })
})
