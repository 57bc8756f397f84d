import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { run } from '../../src/process.ts'
import { fakeTools } from '../support/fake-tools.ts'

const call = (tools: { bin: string }, tool: string, ...args: string[]) =>
  run({ tool, args, cwd: tools.bin, env: { PATH: tools.bin } })

it('replies as scripted and logs the call', async () => {
  const tools = await fakeTools({
    docker: [
      { when: /^version/, times: 1, stdout: 'first\n' },
      { when: /^version/, stdout: 'later\n', stderr: 'warned\n', exitCode: 3 },
    ],
  })
  expect((await call(tools, 'docker', 'version')).stdout).toBe('first\n')
  expect(await call(tools, 'docker', 'version', 'a b\n"c"')).toMatchObject({
    stdout: 'later\n',
    stderr: 'warned\n',
    exitCode: 3,
  })
  expect((await call(tools, 'docker', 'nonsense')).exitCode).toBe(97)
  expect(await tools.calls('docker')).toMatchObject([
    { args: ['version'], reply: 0, cwd: tools.bin, env: { PATH: tools.bin } },
    { args: ['version', 'a b\n"c"'], reply: 1 },
    { args: ['nonsense'], reply: -1 },
  ])
})

it('writes the file that an option names, and runs a script', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fake-tools-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const tools = await fakeTools()
  await tools.add('tool', {
    files: { '--out': 'made' },
    script: (call, { fs, path }) => {
      fs.writeFileSync(path.join(path.dirname(call.option('--out')), 'second'), call.args.join())
    },
  })
  await call(tools, 'tool', `--out=${folder}/first`)
  expect(await readFile(join(folder, 'first'), 'utf8')).toBe('made')
  expect(await readFile(join(folder, 'second'), 'utf8')).toBe(`--out=${folder}/first`)
})

it('gives a limited reply to exactly so many calls that run at once', async () => {
  const tools = await fakeTools({ tool: [{ times: 2, stdout: 'a' }, { stdout: 'b' }] })
  const results = await Promise.all([1, 2, 3, 4].map(() => call(tools, 'tool')))
  expect(results.map(result => result.stdout).sort()).toEqual(['a', 'a', 'b', 'b'])
})
