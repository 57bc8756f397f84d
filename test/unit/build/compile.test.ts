import { expect, it } from 'vitest'
import { compilePlan } from '../../../src/build/compile.ts'
import { parsePlatform } from '../../../src/platforms.ts'
import { temporaryFolder } from '../../support/projects.ts'
import { rustProject } from '../../support/rust-project.ts'

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
  const compile = {
    files: [],
    prepare: [],
    steps: [step],
    concurrency: 1,
    prediction: { libc: 'musl', cxx: false, reason: '' },
    hints: [],
  } as const
  const context = { work: folder, logs: folder, emit: () => {}, signal: new AbortController().signal }
  expect(
    await compilePlan({ project: rustProject(), platforms: [platform], compile }, context),
  ).toMatchObject([{ path: executable }])
})
