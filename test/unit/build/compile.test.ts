import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { compilePlan } from '../../../src/build/compile.ts'
import type { CompilePlan } from '../../../src/languages/language.ts'
import type { ZigProject } from '../../../src/languages/zig/project.ts'
import { parsePlatform } from '../../../src/platforms.ts'
import type { Step } from '../../../src/types.ts'
import { buildElfFor } from '../../support/elf-builder.ts'
import { fakeTools } from '../../support/fake-tools.ts'
import { temporaryFolder } from '../../support/projects.ts'
import { rustProject } from '../../support/rust-project.ts'

const only = (step: Step): CompilePlan => ({
  files: [],
  prepare: [],
  steps: [step],
  concurrency: 1,
  prediction: { libc: 'musl', cxx: false, reason: '' },
  hints: [],
})

it('finds a program that cargo named long before its end', async () => {
  const platform = parsePlatform('amd64')
  const executable = '/t/x86_64-unknown-linux-musl/release/app'
  const line = JSON.stringify({
    reason: 'compiler-artifact',
    target: { name: 'app', kind: ['bin'] },
    executable,
  })
  const script = `console.log(${JSON.stringify(line)}); console.log('x'.repeat(9 * 1024 * 1024))`
  const step = {
    title: 'Compile linux/amd64',
    command: { tool: process.execPath, args: ['-e', script], cwd: '/' },
    produces: [{ platform, name: 'app' }],
  }
  const folder = await temporaryFolder()
  const context = { work: folder, logs: folder, emit: () => {}, signal: new AbortController().signal }
  expect(
    await compilePlan({ project: rustProject(), platforms: [platform], compile: only(step) }, context),
  ).toMatchObject([{ path: executable }])
})

it('counts the seconds of both runs where a step of the project’s own installs the program', async () => {
  const platform = parsePlatform('amd64')
  const work = await temporaryFolder()
  await writeFile(join(work, 'elf'), buildElfFor(platform))
  const fakes = await fakeTools({
    zig: [
      { when: /^build install/, script: () => new Promise(resolve => setTimeout(resolve, 600)) },
      { when: /^build --list-steps/, stdout: '  hello    build the example\n' },
      {
        when: /^build hello/,
        script: (_, { fs }) => {
          fs.mkdirSync('prefix/bin', { recursive: true })
          fs.copyFileSync('elf', 'prefix/bin/hello')
        },
      },
    ],
  })
  const tool = join(fakes.bin, 'zig')
  const project: ZigProject = {
    language: 'zig',
    root: work,
    executables: [],
    toolchain: { name: 'zig', version: '0.14.1' },
    cCode: [],
    remarks: [],
    zig: { command: [tool], version: '0.14.1' },
    downloads: false,
  }
  const step = {
    title: 'Compile linux/amd64',
    command: { tool, args: ['build', 'install', '--prefix', 'prefix'], cwd: work },
    produces: [{ platform, name: 'hello' }],
    outputDir: join(work, 'prefix'),
  }
  const context = { work, logs: work, emit: () => {}, signal: new AbortController().signal }
  const [binary] = await compilePlan({ project, platforms: [platform], compile: only(step) }, context)
  expect(binary?.name).toBe('hello')
  expect(binary?.seconds).toBeGreaterThan(0.6)
})
