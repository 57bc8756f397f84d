import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { benchTools, dockerFacts } from '../bench-tools.ts'
import { xbuild } from '../cli.ts'
import type { Reply } from '../fake-tools.ts'
import { loggedTools } from '../logged-tools.ts'
import { needsTool } from '../needs-tool.ts'
import { commit, helloGo, project } from '../projects.ts'
import { undocumented } from './page.ts'
import {
  docker,
  generate,
  inProcess,
  pathOf,
  type RowTests,
  ran,
  runs,
  rust,
  zig,
  zigVersion,
} from './run.ts'

/** Commands that compile it. */
export const building: RowTests = {
  'build bench: [build] before': async () => {
    const { dir, env, fakes } = await benchTools()
    await fakes.add('step', { script: ({ env }, { fs }) => fs.appendFileSync('ran', `${env['TOKEN']}\n`) })
    await writeFile(join(dir, 'xbuild.toml'), '[build]\nbefore = [["step"]]\n')
    const flags = ['--platform=linux/riscv64', '--base=builtin']
    const run = (...args: string[]) => xbuild(args, { cwd: dir, env: { ...env, TOKEN: 'seen' } })
    for (const command of ['plan', 'dockerfile']) await run(command, ...flags)
    const build = ['build', '--backend=oci', ...flags]
    const bench = [
      'bench',
      '--platform=linux/riscv64',
      '--runs=1',
      '--scenario=cold',
      '--strategy=native,emulated',
    ]
    for (const args of [build, bench]) await run(...args, '--no-before')
    expect(ran(dir)).toBe(false)
    for (const args of [build, bench]) expect((await run(...args)).stderr).toContain('step')
    expect((await readFile(join(dir, 'ran'), 'utf8')).split('\n').filter(Boolean)).toEqual(['seen', 'seen'])
  },

  'build bench: go build': async context => {
    needsTool(context, 'go')
    const tools = await loggedTools({ docker })
    const dir = await project({ ...helloGo, ...generate })
    commit(dir)
    const { calls, code } = await runs(tools, dir, ['build', ...inProcess])
    expect(code).toBe(0)
    expect(calls.filter(line => line.startsWith('go git'))).not.toEqual([])
    expect(ran(dir)).toBe(false)
    await writeFile(join(dir, 'other.go'), 'package main\n')
    const without = await runs(tools, dir, ['build', ...inProcess, '--', '-buildvcs=false'])
    expect(without.calls.filter(line => line.startsWith('go git'))).toEqual([])
  },

  'build bench: cargo fetch': async context => {
    needsTool(context, 'cargo')
    const tools = await loggedTools({ docker })
    const toml = '[rust]\nlibc = "gnu"\n'
    const dir = await project({ ...rust, 'xbuild.toml': toml })
    const platform = process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64'
    const flags = ['--backend=oci', '--base=scratch', `--platform=${platform}`, '--no-install']
    const { own } = await runs(tools, dir, ['build', ...flags])
    expect(own.some(call => call.startsWith('cargo build'))).toBe(true)
    expect(ran(dir)).toBe(true)
  },

  'build bench: zig build': async () => {
    const install: Reply = { when: /^build/, script: (_, { fs }) => fs.writeFileSync('ran', '') }
    const tools = await loggedTools({ docker, zig: [zigVersion, install] })
    const dir = await project(zig)
    const { own } = await runs(tools, dir, ['build', ...inProcess])
    expect(own.some(call => call.startsWith('zig build install'))).toBe(true)
    // Under zig build, build.zig runs; its stand-in does what that does.
    expect(ran(dir)).toBe(true)
    await pathOf(['zig', 'zig', 'build'], zig, tools)
  },

  'build bench: docker buildx build': async context => {
    needsTool(context, 'go')
    const tools = await loggedTools({
      docker: [...dockerFacts, { when: /^buildx build/, files: { ran: '' } }],
    })
    const dir = await project(helloGo)
    const flags = [
      '--backend=buildx',
      '--base=scratch',
      '--platform=linux/amd64',
      '--output=type=local,dest=out',
    ]
    const printed = await runs(tools, dir, ['dockerfile', ...flags])
    expect(printed.stdout).toMatch(/^FROM /m)
    expect(printed.stdout).not.toMatch(/^RUN /m)
    const { own } = await runs(tools, dir, ['build', ...flags])
    expect(own.some(call => call.startsWith('docker buildx build'))).toBe(true)
    await writeFile(join(dir, 'T'), `${printed.stdout.replace(/^FROM .*$/m, 'FROM {{base}}\nRUN evil')}`)
    await writeFile(join(dir, 'xbuild.toml'), '[image]\ntemplate = "T"\n')
    expect((await runs(tools, dir, ['dockerfile', ...flags])).stdout).toMatch(/^RUN evil$/m)
  },

  'bench: docker version': async () => {
    const { dir, env, fakes } = await benchTools()
    const flags = ['--platform=linux/riscv64', '--runs=1', '--scenario=cold']
    await xbuild(['bench', ...flags], { cwd: dir, env: { ...env, TOKEN: 'hunter2' } })
    const calls = await fakes.calls()
    expect(
      undocumented(
        'bench',
        calls.map(({ tool, args }) => [tool, ...args].join(' ')),
      ),
    ).toEqual([])
    const builds = calls.filter(({ tool, args }) => tool === 'docker' && args[1] === 'build')
    expect(builds.length).toBeGreaterThan(1)
    for (const { args } of builds) {
      expect(args.join(' ')).not.toContain('hunter2')
      // A copy: the folder that docker gets is not the project's.
      expect(args.at(-1)).not.toBe(dir)
    }
  },
}
