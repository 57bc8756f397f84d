import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Measurement } from '../../src/bench/measure/measurement.ts'
import { parsePlatform } from '../../src/platforms.ts'
import { dockerFacts } from '../support/bench-tools.ts'
import { xbuild } from '../support/cli.ts'
import { buildElfFor } from '../support/elf-builder.ts'
import { fakeTools, type Reply } from '../support/fake-tools.ts'
import { project } from '../support/projects.ts'

/** Two programs, and what a project may install beside them. */
const installed = ['bin/server', 'bin/client', 'lib/libx.so', 'include/x.h', 'share/x/data', 'bin/run.sh']

const zig: Reply[] = [
  { when: /^version$/, stdout: '0.14.1\n' },
  {
    when: /^build install /,
    script: ({ env, option }, { fs, path }) => {
      fs.cpSync(env['FAKE_PREFIX'] ?? '', path.resolve(option('--prefix')), { recursive: true })
    },
  },
]

const docker: Reply[] = [
  ...dockerFacts,
  { when: /--target toolchain/ },
  {
    when: /^buildx build/,
    script: ({ env, option }, { fs }) => {
      const out = option('--output').split('dest=')[1] ?? ''
      fs.cpSync(env['FAKE_PREFIX'] ?? '', `${out}/linux_riscv64`, { recursive: true })
    },
  },
]

/** The binaries of both Dockerfile strategies, of a project with the programs server and client of which server is asked for. */
async function bench(built: readonly string[]) {
  const isProgram = (path: string) => /server|client/.test(path)
  const prefix = await project(Object.fromEntries(built.map(path => [path, 'text\n'])))
  const elf = buildElfFor(parsePlatform('linux/riscv64'))
  for (const path of built.filter(isProgram)) await writeFile(join(prefix, path), elf)
  const names = ['server', 'client'].map(
    name => `b.installArtifact(b.addExecutable(.{ .name = "${name}" }));`,
  )
  const dir = await project({ 'build.zig': `b.standardTargetOptions(.{});\n${names.join('\n')}\n` })
  const fakes = await fakeTools({ zig, docker })
  const what = ['--platform=linux/riscv64', '--bin=server', '--strategy=native,dockerfile-cross']
  const how = ['--image=my/zig:1', '--runs=1', '--scenario=cold', '--json']
  const { stdout } = await xbuild(['bench', dir, ...what, ...how], {
    env: {
      PATH: fakes.path,
      FAKE_PREFIX: prefix,
      XBUILD_ZIG: undefined,
      DOCKER_HOST: 'tcp://elsewhere.example.com',
    },
  })
  const { samples } = JSON.parse(stdout) as Measurement
  return samples.map(({ strategy, outcome }) => ({ strategy, ...outcome }))
}

test.each([
  ['the program that was asked for', installed],
  ['the only program, whatever it is called', ['bin/client', 'share/x/data']],
])('of what a Zig project installs, a Dockerfile strategy reads %s', async (_, built) => {
  const [native, cross] = await bench(built)
  const sha256 = { server: expect.stringMatching(/^[0-9a-f]{64}$/) }
  expect(native).toMatchObject({ strategy: 'native', kind: 'measured', sha256 })
  expect(cross).toEqual({ ...native, strategy: 'dockerfile-cross', compile: 0, whole: expect.any(Number) })
})
