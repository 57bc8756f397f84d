import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { loggedTools } from '../logged-tools.ts'
import { needsTool } from '../needs-tool.ts'
import { commit, helloGo, project } from '../projects.ts'
import {
  asked,
  docker,
  generate,
  helped,
  helper,
  inProcess,
  marking,
  openRegistry,
  pathOf,
  type RowTests,
  ran,
  registryWithLogin,
  runs,
  rust,
  zig,
  zigVersion,
} from './run.ts'

/** Commands that read a project, and have to leave it alone. */
const readers: readonly (readonly string[])[] = [
  ['plan', ...inProcess],
  ['dockerfile', ...inProcess],
  ['update', '--base=builtin'],
  ['ci', 'matrix'],
  ['ci', 'cache-key'],
  ['init', '--dry-run'],
  ['doctor', '--base=builtin'],
]

/** Commands that read a project. */
export const reading: RowTests = {
  'plan dockerfile update ci init doctor: git log': async context => {
    needsTool(context, 'git')
    const tools = await loggedTools({ docker })
    const dir = await project({ ...helloGo, '.gitattributes': '* filter=x\n' })
    commit(dir)
    const trap = `!touch ${dir}/ran; cat`
    const config = `[core]\n\tfsmonitor = "${trap}"\n\tpager = "${trap}"\n\tsshCommand = "${trap}"\n[filter "x"]\n\tclean = "touch ${dir}/ran; cat"\n`
    await writeFile(join(dir, '.git/config'), (await readFile(join(dir, '.git/config'), 'utf8')) + config)
    // Another mtime of a tracked file is what makes git look into it.
    await writeFile(join(dir, 'main.go'), await readFile(join(dir, 'main.go')))
    const index = await readFile(join(dir, '.git/index'))
    for (const args of readers) {
      const { own, code, stderr } = await runs(tools, dir, args)
      expect([0, 1], stderr).toContain(code)
      if (args[0] === 'plan') expect(own.some(call => call.startsWith('git log'))).toBe(true)
      expect(ran(dir), args.join(' ')).toBe(false)
    }
    expect((await readFile(join(dir, '.git/index'))).equals(index)).toBe(true)
  },

  'plan dockerfile update ci init doctor: go env': async context => {
    needsTool(context, 'go')
    const tools = await loggedTools({ docker })
    const dir = await project({ ...helloGo, ...generate })
    const { own } = await runs(tools, dir, ['plan', ...inProcess])
    expect(own.some(call => call.startsWith('go list'))).toBe(true)
    expect(ran(dir)).toBe(false)
    const proxy = await openRegistry()
    await writeFile(join(dir, 'go.mod'), 'module example.com/hello\n\ngo 1.21\n\ntoolchain go1.99.1\n')
    const env = { GOPROXY: `http://${proxy.host}`, GONOSUMDB: '*', GOFLAGS: '-modcacherw' }
    await runs(tools, dir, ['plan', ...inProcess], { ...env, GOTOOLCHAIN: 'local' })
    expect(proxy.requests).toEqual([])
    await runs(tools, dir, ['plan', ...inProcess], { ...env, GOTOOLCHAIN: 'auto' })
    expect(proxy.requests[0]?.path).toContain('golang.org/toolchain')
    await pathOf(['go', 'go'], helloGo, tools)
  },

  'plan dockerfile update ci init doctor: cargo -V': async context => {
    needsTool(context, 'cargo')
    const tools = await loggedTools({ docker })
    const dir = await project(rust)
    const { own } = await runs(tools, dir, ['plan', ...inProcess])
    expect(own.some(call => call.startsWith('cargo metadata'))).toBe(true)
    expect(ran(dir)).toBe(false)
    await pathOf(['rust', 'cargo'], rust, tools)
    needsTool(context, 'rustup')
    const theirs = await marking('cargo', tools)
    await writeFile(join(theirs.folder, 'bin/rustc'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
    await writeFile(join(dir, 'rust-toolchain.toml'), `[toolchain]\npath = "${theirs.folder}"\n`)
    await runs(tools, dir, ['plan', ...inProcess], { RUSTUP_TOOLCHAIN: undefined })
    expect(theirs.ran()).toBe(true)
  },

  'plan dockerfile update ci init doctor: cc -dumpmachine': async () => {
    const tools = await loggedTools({ docker, zig: [zigVersion, { exitCode: 1 }] })
    const { own } = await runs(tools, await project(zig), ['plan', ...inProcess])
    expect(own).toContain('zig version')
  },

  'plan dockerfile update ci init doctor: docker buildx version': async context => {
    needsTool(context, 'go')
    const tools = await loggedTools({ docker, 'docker-credential-test': helped })
    const registry = await registryWithLogin()
    const flags = ['--platform=linux/amd64', `--base=${registry.host}/base:1`, '--load', '--tag=a:1', '--pin']
    const env = { DOCKER_CONFIG: await helper(registry) }
    const { own } = await runs(tools, await project(helloGo), ['plan', ...flags], env)
    expect(own).toEqual(expect.arrayContaining(['docker buildx version', 'docker buildx inspect', asked]))
  },
}
