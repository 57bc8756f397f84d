import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cp, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ElfFile } from '../../src/binary/elf-file.ts'
import { bytesReader } from '../../src/binary/reader.ts'
import type { Report } from '../../src/build/report.ts'
import { pruneFolders } from '../../src/ci/cache/used-files.ts'
import { usedFile } from '../../src/ci/cache/zig.ts'
import { findableResults } from '../../src/ci/cache/zig-results.ts'
import { type CliResult, xbuild } from '../support/cli.ts'
import { commit, example, project, temporaryFolder } from '../support/projects.ts'
import { describeWith, rigEnvironment, rigValue } from '../support/rig.ts'
import {
  askServer,
  crane,
  platformManifests,
  pulledFile,
  repository,
  runImage,
} from '../support/rig-tools.ts'

const minutes = (count: number) => count * 60_000

/** The oldest zig whose build.zig is written as today's, and the newest that there is. */
const versions = [
  { version: '0.14', variable: 'XBUILD_RIG_ZIG_0_14' },
  { version: 'newest', variable: 'XBUILD_RIG_ZIG' },
] as const

/** One for all tests: what zig keeps in it (its libraries, its own build program) holds nothing of a project. */
let globalCache: string | undefined

/** Runs xbuild with one of the rig's zigs, on images of the rig. */
async function build(dir: string, variable: string, args: readonly string[]): Promise<CliResult> {
  globalCache ??= await temporaryFolder()
  const env = { ...rigEnvironment(), XBUILD_ZIG: rigValue(variable), ZIG_GLOBAL_CACHE_DIR: globalCache }
  return xbuild(args, { cwd: dir, env })
}

/** A copy of an example with a commit, on the rig's bases; and another copy of it elsewhere. */
async function twoFolders(name: string): Promise<[string, string]> {
  const first = await example(name)
  writeFileSync(
    join(first, 'xbuild.toml'),
    `[image]\nregistry = "${rigValue('XBUILD_RIG_DISTROLESS')}"\nports = [8080]\n`,
  )
  commit(first, 'v1.2.3')
  const second = join(await temporaryFolder(), 'another', 'checkout')
  await cp(first, second, { recursive: true })
  return [first, second]
}

/** The sha256 of each section of an ELF file that has content, by name; without the table of the names themselves. */
function sectionDigests(binary: Uint8Array): Map<string, string> {
  const file = new ElfFile(bytesReader(binary), 'binary')
  const names = file.section('.shstrtab')
  if (!names) throw new Error('no section names')
  const nobits = 8
  const kept = file.sections.filter(({ type }) => type !== 0 && type !== nobits)
  return new Map(
    kept.map(({ name, offset, size }) => [
      file.text(names.offset + name, 'a name'),
      createHash('sha256')
        .update(binary.subarray(offset, offset + size))
        .digest('hex'),
    ]),
  )
}

/** A build.zig that installs these programs, in the words of zig 0.13 or of later ones. */
function buildFile(names: readonly string[], form: 'old' | 'new', target = 'b.standardTargetOptions(.{})') {
  const fields = `.root_source_file = b.path("src/main.zig"), .target = target, .optimize = optimize`
  const module = { old: fields, new: `.root_module = b.createModule(.{ ${fields} })` }[form]
  return `const std = @import("std");

pub fn build(b: *std.Build) void {
    const target = ${target};
    const optimize = b.standardOptimizeOption(.{});
${names.map(name => `    b.installArtifact(b.addExecutable(.{ .name = ${name}, ${module} }));`).join('\n')}
}
`
}

const program = `const std = @import("std");
const builtin = @import("builtin");

pub fn main() void {
    std.debug.print("hello from {s}, zig {s}\\n", .{ @tagName(builtin.cpu.arch), builtin.zig_version_string });
}
`

describeWith(
  ['engine', 'buildx', 'registry', 'bases', 'crane', 'qemu', 'zig'],
  'a Zig server with build.zig.zon',
  () => {
    const platforms = ['linux/amd64', 'linux/arm64', 'linux/arm/v7', 'linux/riscv64']

    describe.each(versions)('with zig $version', ({ version, variable }) => {
      const tag = (folder: number) => `${repository(`zig-${version}-${folder}`)}:1`
      let folders: [string, string]
      const push = (folder: 0 | 1, ids: readonly string[], more: readonly string[] = []) =>
        build(folders[folder], variable, [
          `--platform=${ids.join(',')}`,
          `--tag=${tag(folder)}`,
          '--push',
          ...more,
          '--',
          '-Dport=0',
          '-Dstrip',
        ])

      it(
        'is pushed for four platforms, as another reader sees it',
        async () => {
          folders = await twoFolders('zig-server')
          const path = join(await temporaryFolder(), 'report.json')
          const result = await push(0, platforms, [`--report=${path}`])
          expect(result.stderr).toContain('4 platforms, every binary equal to the one compiled')
          expect(result).toMatchObject({ code: 0 })
          expect(Object.keys(platformManifests(tag(0)))).toEqual(platforms)

          const report = JSON.parse(await readFile(path, 'utf8')) as Report
          const used = execFileSync(rigValue(variable), ['version'], { encoding: 'utf8' }).trim()
          expect(report.project).toMatchObject({
            language: 'zig',
            toolchain: { name: 'zig', version: used },
          })
          expect(report.images).toMatchObject([
            {
              name: 'zig-server',
              digest: crane('digest', tag(0)),
              backend: 'buildx',
              base: { family: 'static', predicted: false },
            },
          ])
          expect(report.artifacts.map(({ elf }) => elf.linkage)).toEqual(platforms.map(() => 'static'))
          for (const { platform, name, sha256 } of report.artifacts) {
            expect(await pulledFile(tag(0), platform, name)).toBe(sha256)
          }
          expect(JSON.parse(crane('config', '--platform=linux/arm/v7', tag(0)))).toMatchObject({
            architecture: 'arm',
            variant: 'v7',
            config: { Entrypoint: ['/zig-server'], User: '65532', ExposedPorts: { '8080/tcp': {} } },
          })
        },
        minutes(10),
      )

      it(
        'answers on arm64 under QEMU',
        async () => {
          expect(await askServer(tag(0), 'linux/arm64')).toBe('hello from aarch64\n')
        },
        minutes(3),
      )

      it(
        'has the same manifest from another folder, without debug information',
        async () => {
          expect(await push(1, ['linux/arm64'])).toMatchObject({ code: 0 })
          const { 'linux/arm64': arm64 } = platformManifests(tag(0))
          expect(platformManifests(tag(1))).toEqual({ 'linux/arm64': arm64 })
        },
        minutes(10),
      )

      it(
        'differs in its debug information alone when that stays in: it names the folders',
        async () => {
          const digests = []
          for (const folder of folders) {
            const args = ['--platform=linux/arm64', '--backend=oci', '--base=builtin']
            expect(await build(folder, variable, args)).toMatchObject({ code: 0 })
            const binary = await readFile(join(folder, 'dist/linux_arm64/zig-server'))
            expect(binary.includes(folder)).toBe(true)
            digests.push(sectionDigests(binary))
          }
          const [first, second] = digests as [Map<string, string>, Map<string, string>]
          const different = [...first].filter(([name, digest]) => second.get(name) !== digest)
          expect([...second.keys()]).toEqual([...first.keys()])
          expect(first.has('.text')).toBe(true)
          // The symbols are the same in another order.
          const named = different.map(([name]) => name).filter(name => !['.symtab', '.strtab'].includes(name))
          expect(named.sort()).toEqual(['.debug_info', '.debug_line', '.debug_str'])
        },
        minutes(10),
      )
    })
  },
)

describeWith(
  ['engine', 'buildx', 'registry', 'bases', 'crane', 'qemu', 'zig'],
  'a project for zig 0.13',
  () => {
    it(
      'is built from a build.zig.zon of that time, the chosen one of two programs, and runs on arm/v7',
      async () => {
        const dir = await project({
          'build.zig': buildFile(['"first"', '"second"'], 'old'),
          'build.zig.zon':
            '.{\n    .name = "second",\n    .version = "1.2.0",\n    .minimum_zig_version = "0.13.0",\n    .paths = .{""},\n}\n',
          'src/main.zig': program,
        })
        const tag = `${repository('zig-0.13')}:1`
        const base = `${rigValue('XBUILD_RIG_DISTROLESS')}/static-debian13:nonroot`
        const result = await build(dir, 'XBUILD_RIG_ZIG_0_13', [
          ...[
            '--platform=linux/arm64,linux/arm/v7',
            `--base=${base}`,
            `--tag=${tag}`,
            '--push',
            '--json',
            '--progress=rawjson',
          ],
        ])
        expect(result).toMatchObject({ code: 0 })
        expect(result.stderr).toContain('"detail":"zig build-exe second"')
        const report = JSON.parse(result.stdout) as Report
        expect(report.images).toMatchObject([{ name: 'second', verified: expect.any(String) }])
        expect(report.source.version).toBe('1.2.0')
        expect(report.notes.join()).not.toContain('asks for zig')
        expect(runImage(tag, 'linux/arm/v7')).toContain('hello from arm, zig 0.13.0')
        expect(runImage(tag, 'linux/arm64')).toContain('hello from aarch64, zig 0.13.0')
      },
      minutes(10),
    )
  },
)

/** A package of one file, and the hash that zig 0.14 and later give it. */
const greeting = {
  text: 'pub const text = "hello";\n',
  hash: 'N-V-__8AABoAAAAqoY9Rudt3ZaXHEKQ1G3g1mRW5VFRgQxts',
}

describeWith(['zig'], 'a Zig project', () => {
  const flags = ['--backend=oci', '--base=builtin', '--platform=linux/amd64']

  it(
    'whose programs only a build can tell says which there are, and takes the chosen one',
    async () => {
      const computed = ['first', 'second'].map(name => `b.fmt("{s}", .{"${name}"})`)
      const dir = await project({ 'build.zig': buildFile(computed, 'new'), 'src/main.zig': program })
      const wrong = await build(dir, 'XBUILD_RIG_ZIG_0_14', flags)
      expect(wrong).toMatchObject({ code: 3, stdout: '' })
      expect(wrong.stderr).toMatch(/it installed first, second[\s\S]*--bin first[\s\S]*--bin second/)
      const right = await build(dir, 'XBUILD_RIG_ZIG_0_14', [...flags, '--bin=second', '--json'])
      expect(right).toMatchObject({ code: 0 })
      expect((JSON.parse(right.stdout) as Report).artifacts).toMatchObject([{ name: 'second', cached: true }])
    },
    minutes(10),
  )

  it.each(versions)(
    'that takes no -Dtarget is told so by zig $version',
    async ({ variable }) => {
      const dir = await project({
        'build.zig': buildFile(['"app"'], 'new', 'b.graph.host'),
        'src/main.zig': program,
      })
      const result = await build(dir, variable, flags)
      expect(result).toMatchObject({ code: 5, stdout: '' })
      expect(result.stderr).toContain('it does not take -Dtarget')
    },
    minutes(10),
  )

  it.each(versions)(
    'has its packages downloaded once, before the builds, by zig $version',
    async ({ variable }) => {
      const archive = join(await project({ 'package/greeting.zig': greeting.text }), 'package')
      execFileSync('tar', ['czf', `${archive}.tar.gz`, '-C', join(archive, '..'), 'package'])
      let requests = 0
      const server = createServer((_, response) => {
        requests += 1
        response.setHeader('Content-Type', 'application/gzip').end(readFileSync(`${archive}.tar.gz`))
      }).listen(0, '127.0.0.1')
      try {
        const dir = await example('zig-server')
        writeFileSync(join(dir, 'xbuild.toml'), '[zig]\nrelease = "small"\n')
        const manifest = await readFile(join(dir, 'build.zig.zon'), 'utf8')
        const { port } = server.address() as AddressInfo
        const url = `http://127.0.0.1:${port}/package.tar.gz`
        writeFileSync(
          join(dir, 'build.zig.zon'),
          manifest.replace(
            '.dependencies = .{}',
            `.dependencies = .{ .greeting = .{ .url = "${url}", .hash = "${greeting.hash}" } }`,
          ),
        )
        const result = await build(dir, variable, [
          ...flags,
          '--platform=linux/riscv64',
          '--progress=rawjson',
        ])
        expect(result.stderr).toMatch(
          /"done","id":"step:Download Zig dependencies"[\s\S]*"start","id":"step:Compile linux\/amd64"/,
        )
        expect(result.stderr).toContain('"detail":"zig build-exe zig-server"')
        expect(result).toMatchObject({ code: 0 })
        expect(requests).toBe(1)
      } finally {
        server.close()
      }
    },
    minutes(10),
  )
})

describeWith(['zig'], 'what xbuild ci cache-paths --prune leaves of a cache of Zig', () => {
  it.each(versions)(
    'is all that zig $version finds in it',
    async ({ variable }) => {
      const dir = await project({ 'one.c': 'int one;', 'two.c': 'int two;' })
      const cache = join(dir, 'cache')
      const compile = (name: string) =>
        execFileSync(rigValue(variable), ['build-obj', name, '--cache-dir', cache], {
          cwd: dir,
          stdio: 'pipe',
        })
      const results = () =>
        readdirSync(join(cache, 'o'), { withFileTypes: true, recursive: true })
          .filter(entry => entry.isFile())
          .map(({ parentPath, name }) => join(parentPath, name))
          .sort()
      compile('one.c')
      compile('two.c')
      const before = results()
      writeFileSync(join(dir, 'one.c'), 'int edited;')
      compile('one.c')
      const after = results()
      expect([before.length, after.length]).toEqual([2, 3])
      const findUsed = async (since: number) =>
        usedFile(since, await findableResults(cache, undefined), undefined)
      await pruneFolders([{ path: cache, holds: '', findUsed }], Date.now() + 1000)
      const left = results()
      expect(left).toHaveLength(2)
      compile('one.c')
      compile('two.c')
      expect(results()).toEqual(left)
    },
    minutes(2),
  )
})
