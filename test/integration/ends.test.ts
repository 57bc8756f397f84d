import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { hangingGo } from '../support/hanging-go.ts'
import { needsTool } from '../support/needs-tool.ts'
import { commit, helloGo, project } from '../support/projects.ts'

const flags = ['--platform', 'linux/amd64', '--base', 'builtin', '--backend', 'oci', '--progress', 'quiet']

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    // One that has ended stays in the table where the first process of a container waits for nobody.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

async function until(condition: () => boolean | Promise<boolean>, milliseconds: number): Promise<boolean> {
  const deadline = Date.now() + milliseconds
  while (Date.now() < deadline) {
    if (await condition()) return true
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  return condition()
}

test.each([
  ['the compiler', 'build', false],
  ['a compiler that heeds no signal', 'build', true],
  ['the reading of the project', 'list', true],
])('a SIGKILL ends %s too, and the next run removes what is left', async (_, command, deaf) => {
  const dir = await project(helloGo)
  const tool = await hangingGo(command, deaf)
  let pid = 0
  const running = xbuild(['build', dir, ...flags, '-o', `type=oci,dest=${dir}/image.tar`], {
    env: { PATH: tool.path },
    onStart: started => {
      pid = started
    },
  })
  expect(await until(async () => (await tool.started()).length > 0, 60_000)).toBe(true)
  const [child = 0] = await tool.started()
  expect(isAlive(child)).toBe(true)
  process.kill(pid, 'SIGKILL')
  expect(await until(() => !isAlive(child), 1000)).toBe(true)
  await running
  const left = async () =>
    (await readdir(join(dir, 'dist')).catch(() => [])).filter(name => /xbuild/.test(name))
  expect((await left()).length).toBe(command === 'build' ? 1 : 0)
  const again = await xbuild(['build', dir, ...flags, '-o', `type=oci,dest=${dir}/image.tar`])
  expect(again.code).toBe(0)
  expect(await left()).toEqual([])
})

describe.each(['SIGINT', 'SIGTERM'] as const)('%s', signal => {
  test('ends xbuild while it waits for the reader of a FIFO', async () => {
    const dir = await project(helloGo)
    execFileSync('mkfifo', [join(dir, 'fifo')])
    let pid = 0
    let ended = 0
    const running = xbuild(['build', dir, ...flags, '-o', `type=oci,dest=${dir}/fifo`], {
      onStart: started => {
        pid = started
      },
    }).finally(() => {
      ended = Date.now()
    })
    expect(
      await until(
        () =>
          stat(join(dir, 'dist/linux_amd64/hello')).then(
            () => true,
            () => false,
          ),
        60_000,
      ),
    ).toBe(true)
    await new Promise(resolve => setTimeout(resolve, 500))
    expect(ended).toBe(0)
    const sent = Date.now()
    process.kill(pid, signal)
    await running
    expect(ended - sent).toBeLessThan(3000)
    expect((await stat(join(dir, 'fifo'))).isFIFO()).toBe(true)
    expect((await readdir(join(dir, 'dist'))).filter(name => /xbuild/.test(name))).toEqual([])
  })
})

/** What a repository may say that git runs, each as the lines of .git/config. */
const traps: Readonly<Record<string, (command: string) => string>> = {
  'core.fsmonitor': command => `[core]\n\tfsmonitor = ${command}\n`,
  'core.hooksPath': () => '[core]\n\thooksPath = hooks\n',
  'gpg.program': command => `[log]\n\tshowSignature = true\n[gpg]\n\tprogram = ${command}\n`,
}

describe.each(['plan', 'build'])('%s runs nothing that a repository configures', command => {
  test.each(Object.entries(traps))('%s', async (_, config) => {
    const dir = await project(helloGo)
    commit(dir)
    const trap = join(dir, '.git/trap')
    const log = join(dir, '.git/trap.log')
    await writeFile(trap, `#!/bin/sh\necho ran >> '${log}'\n`)
    await chmod(trap, 0o755)
    await mkdir(join(dir, 'hooks'))
    for (const hook of ['post-index-change', 'reference-transaction']) {
      await writeFile(join(dir, 'hooks', hook), `#!/bin/sh\necho ran >> '${log}'\n`, { mode: 0o755 })
    }
    const before = await readFile(join(dir, '.git/config'), 'utf8')
    await writeFile(join(dir, '.git/config'), before + config(trap))
    const index = await readFile(join(dir, '.git/index'))
    // Another mtime of a tracked file is what makes git refresh the index.
    await writeFile(join(dir, 'main.go'), await readFile(join(dir, 'main.go')))
    const output = command === 'build' ? ['-o', `type=oci,dest=${dir}/image.tar`] : []
    const { code } = await xbuild([command, dir, ...flags.slice(0, command === 'plan' ? 6 : 8), ...output])
    expect(code).toBe(0)
    await expect(readFile(log, 'utf8')).rejects.toThrow()
    expect((await readFile(join(dir, '.git/index'))).equals(index)).toBe(true)
  })
})

it('a trap is one: git itself runs it', async context => {
  needsTool(context, 'git')
  const dir = await project(helloGo)
  commit(dir)
  const log = join(dir, 'trap.log')
  await writeFile(join(dir, '.git/trap'), `#!/bin/sh\necho ran >> '${log}'\n`, { mode: 0o755 })
  execFileSync('git', ['-C', dir, '-c', 'core.fsmonitor=.git/trap', 'status', '--porcelain'])
  expect(await readFile(log, 'utf8')).toContain('ran')
})

describe('what was done by then is in the report of a failure', () => {
  test.each([
    ['a compile error', { ...helloGo, 'main.go': 'package main\nfunc main( {\n' }, 5, 'compile'],
    ['a project that nobody knows', { 'README.md': '' }, 3, 'project'],
    ['a setting that is wrong', { ...helloGo, 'xbuild.toml': 'nonsense = 1\n' }, 2, 'usage'],
  ])('%s', async (_, files, exitCode, kind) => {
    const dir = await project(files)
    const { code } = await xbuild(['build', dir, ...flags, '--report', `${dir}/report.json`])
    expect(code).toBe(exitCode)
    const report = JSON.parse(await readFile(join(dir, 'report.json'), 'utf8'))
    expect(report).toMatchObject({ schemaVersion: 1, error: { kind } })
    if (kind === 'compile') expect(report.commands.length).toBeGreaterThan(0)
  })
})
