import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Measurement } from '../../src/bench/measure/measurement.ts'
import { readMeasurements } from '../../src/bench/measure/store.ts'
import { xbuild } from '../support/cli.ts'
import { helloGo, project } from '../support/projects.ts'
import { type Capability, describeWith, rigEnvironment, rigValue } from '../support/rig.ts'

const minutes = (count: number) => count * 60_000

/** The smallest program of each language, with the environment that has its toolchain. */
const languages: Readonly<
  Record<
    string,
    {
      readonly needs: readonly Capability[]
      readonly files: Readonly<Record<string, string>>
      readonly image: () => string
      readonly env: () => Readonly<Record<string, string>>
    }
  >
> = {
  Go: {
    needs: ['golang-image'],
    files: helloGo,
    image: () => rigValue('XBUILD_RIG_GOLANG_IMAGE'),
    env: rigEnvironment,
  },
  Rust: {
    needs: ['rust', 'rust-image'],
    files: {
      'Cargo.toml': '[package]\nname = "hello"\nversion = "0.1.0"\nedition = "2021"\n',
      'Cargo.lock': 'version = 3\n\n[[package]]\nname = "hello"\nversion = "0.1.0"\n',
      'src/main.rs': 'fn main() { println!("hello") }\n',
    },
    image: () => rigValue('XBUILD_RIG_RUST_IMAGE'),
    env: () => {
      const env = rigEnvironment()
      return { ...env, PATH: `${rigValue('XBUILD_RIG_RUST_BIN')}:${env['PATH']}` }
    },
  },
  Zig: {
    needs: ['zig', 'zig-image'],
    files: {
      'build.zig': [
        'const std = @import("std");',
        'pub fn build(b: *std.Build) void {',
        '    const exe = b.addExecutable(.{ .name = "hello", .root_module = b.createModule(.{',
        '        .root_source_file = b.path("src/main.zig"),',
        '        .target = b.standardTargetOptions(.{}),',
        '        .optimize = b.standardOptimizeOption(.{}),',
        '    }) });',
        '    b.installArtifact(exe);',
        '}',
        '',
      ].join('\n'),
      'src/main.zig':
        'const std = @import("std");\npub fn main() void {\n    _ = std.os.linux.write(1, "hello\\n", 6);\n}\n',
      // Under QEMU the library's ways to print, and to report a panic, would take minutes to compile.
      'xbuild.toml': '[zig]\nrelease = "small"\n',
    },
    image: () => rigValue('XBUILD_RIG_ZIG_IMAGE'),
    env: () => ({ ...rigEnvironment(), XBUILD_ZIG: rigValue('XBUILD_RIG_ZIG_0_14') }),
  },
}

for (const [language, { needs, files, image, env }] of Object.entries(languages)) {
  describeWith(['engine', 'qemu', ...needs], `measuring a ${language} program`, () => {
    test(
      'all three strategies give a time and a binary for linux/arm64',
      async () => {
        // In a folder of the package's name cargo leaves that out of its id, and on the builder the folder is another one.
        const inFolder = Object.entries(files).map(([name, text]) => [`hello/${name}`, text])
        const dir = join(await project(Object.fromEntries(inFolder)), 'hello')
        const args = [
          '--platform',
          'linux/arm64',
          '--image',
          image(),
          '--runs',
          '1',
          '--scenario',
          'cold',
          '--json',
        ]
        const { code, stdout, stderr } = await xbuild(['bench', dir, ...args], { env: env() })
        expect([code, stderr]).toEqual([0, expect.any(String)])
        const measurement = JSON.parse(stdout) as Measurement
        expect(await readMeasurements(dir)).toEqual([measurement])
        const outcomes = measurement.samples.map(({ strategy, outcome }) => ({ strategy, ...outcome }))
        const measured = { kind: 'measured', sha256: { hello: expect.stringMatching(/^[0-9a-f]{64}$/) } }
        expect(outcomes).toEqual(
          ['native', 'dockerfile-cross', 'emulated'].map(strategy =>
            expect.objectContaining({ strategy, ...measured }),
          ),
        )
        for (const outcome of outcomes) {
          if (outcome.kind !== 'measured') continue
          expect(outcome.compile).toBeGreaterThan(0)
          expect(outcome.whole).toBeGreaterThanOrEqual(outcome.compile)
        }
        expect(measurement.emulators['linux/arm64']).toMatchObject({
          kind: 'kernel',
          version: expect.stringMatching(/^\d+\./),
        })
        if (language === 'Go') {
          // The Go toolchain gives the same bytes wherever it runs.
          expect(
            new Set(outcomes.map(outcome => JSON.stringify('sha256' in outcome && outcome.sha256))).size,
          ).toBe(1)
        }
      },
      minutes(20),
    )
  })
}

describeWith(['engine', 'golang-image'], 'measuring without an image', () => {
  test(
    'a toolchain of this machine stands in where no registry has one, and makes the same binary',
    async () => {
      const dir = await project({ ...helloGo, 'xbuild.toml': '[bench]\nruns = 1\n' })
      const args = ['--platform', 'linux/arm64', '--strategy', 'native,dockerfile-cross', '--json']
      const { code, stdout, stderr } = await xbuild(['bench', dir, ...args], { env: rigEnvironment() })
      expect([code, stderr]).toEqual([0, expect.any(String)])
      const { samples, toolchains } = JSON.parse(stdout) as Measurement
      const results = samples.map(({ strategy, scenario, outcome }) => [strategy, scenario, outcome.kind])
      const each = (strategy: string) =>
        ['cold', 'unchanged', 'edited'].map(scenario => [strategy, scenario, 'measured'])
      expect(results).toEqual([...each('native'), ...each('dockerfile-cross')])
      const sums = samples
        .filter(({ scenario }) => scenario !== 'edited')
        .flatMap(({ outcome }) => ('sha256' in outcome ? Object.values(outcome.sha256) : []))
      expect(new Set(sums).size).toBe(1)
      expect(toolchains['linux/arm64 dockerfile-cross']).toMatch(/^this machine’s go|^golang:/)
    },
    minutes(15),
  )
})

describeWith(['engine', 'qemu', 'registry', 'golang-image'], 'a measurement that is ended', () => {
  test(
    'a compiler that dies under QEMU is a crash and no time',
    async () => {
      const dir = await project(helloGo)
      const env = rigEnvironment()
      // The signal is real, and so is what QEMU makes of it. A child gets it: a container's first process ignores its own.
      const image = `${rigValue('XBUILD_RIG_REGISTRY')}/e2e-${process.pid}/crashing-go:1`
      const context = await project({
        Dockerfile: `FROM ${rigValue('XBUILD_RIG_GOLANG_IMAGE')}\nCOPY --chmod=0755 go /usr/local/go/bin/go\n`,
        go: "#!/bin/sh\nsh -c 'kill -SEGV $$'\nexit $?\n",
      })
      const made = ['buildx', 'build', '--platform', 'linux/arm64', '--tag', image, '--push', context]
      execFileSync('docker', made, { env: { ...process.env, ...env }, stdio: 'pipe' })
      const args = [
        '--platform',
        'linux/arm64',
        '--strategy',
        'native,emulated',
        '--image',
        image,
        '--runs',
        '1',
      ]
      const { code, stdout } = await xbuild(['bench', dir, ...args, '--scenario', 'cold', '--json'], { env })
      expect(code).toBe(0)
      const { samples } = JSON.parse(stdout) as Measurement
      expect(samples.map(({ strategy, outcome }) => ({ strategy, ...outcome }))).toEqual([
        expect.objectContaining({ strategy: 'native', kind: 'measured' }),
        {
          strategy: 'emulated',
          kind: 'crashed',
          detail: expect.stringMatching(/target signal 11|exit code: 139/),
        },
      ])
    },
    minutes(10),
  )

  test(
    'the emulated build ends with the time limit or with an interrupt; the native sample stays',
    async () => {
      const dir = await project(helloGo)
      const image = rigValue('XBUILD_RIG_GOLANG_IMAGE')
      const args = [
        '--platform',
        'linux/arm64',
        '--strategy',
        'native,emulated',
        '--image',
        image,
        '--runs',
        '1',
        '--scenario',
        'cold',
      ]
      const cut = await xbuild(['bench', dir, ...args, '--timeout', 'emulated=3', '--json'], {
        env: rigEnvironment(),
      })
      expect(cut.code).toBe(0)
      const { samples } = JSON.parse(cut.stdout) as Measurement
      expect(samples.map(({ strategy, outcome }) => [strategy, outcome.kind])).toEqual([
        ['native', 'measured'],
        ['emulated', 'cut-off'],
      ])

      let pid = 0
      let sent = false
      const progress = ['--progress', 'rawjson']
      const interrupted = await xbuild(['bench', dir, ...args, ...progress], {
        env: rigEnvironment(),
        onStart: started => {
          pid = started
        },
        onStderr: text => {
          if (sent || !/emulated.*cold, run 1 of 1, \d+ s · compile/.test(text)) return
          sent = true
          process.kill(pid, 'SIGINT')
        },
      })
      expect(sent).toBe(true)
      expect(interrupted.code).toBe(130)
      expect(interrupted.stdout).toMatch(/native +\d/)
      const kept = (await readMeasurements(dir)).at(-1)
      expect(kept?.samples.map(({ strategy, outcome }) => [strategy, outcome.kind])).toEqual([
        ['native', 'measured'],
      ])
    },
    minutes(15),
  )
})
