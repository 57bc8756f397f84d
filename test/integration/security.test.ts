import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { beforeAll, describe, expect, it, test } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { commit, helloGo, project, temporaryFolder } from '../support/projects.ts'

const doc = readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8')

/** What docs/security.md says that a command runs, each as its first words: "go list", "git rev-parse". */
function documented(command: string): string[] {
  const rows = doc.split('\n').filter(line => /^\| (`|\| )/.test(line))
  let named = ''
  const words: string[] = []
  for (const row of rows) {
    const [, first = '', runs = ''] = row.split('|')
    if (first.trim() !== '') named = first
    if (!named.includes(`\`${command}\``) && !(command === 'build' && named.includes('`plan`'))) continue
    let tool = ''
    for (const [, text = ''] of runs.matchAll(/`([^`]+)`/g)) {
      const isTool = tools.includes(text.split(' ')[0] as string)
      if (isTool) tool = text.split(' ')[0] as string
      words.push(isTool ? text : `${tool} ${text}`)
    }
  }
  return words
}

const tools = [
  ...['git', 'go', 'cargo', 'rustc', 'rustup', 'cc', 'gcc', 'zig', 'python3', 'docker', 'clang', 'sh'],
  ...['aarch64-linux-gnu-gcc', 'x86_64-linux-gnu-gcc', 'ssh', 'gpg', 'make', 'npm'],
]

let bin: string
let log: string
/** A stand-in for each tool that logs who calls it and how, and becomes the real one where there is one. */
beforeAll(async () => {
  const folder = await temporaryFolder()
  bin = join(folder, 'bin')
  log = join(folder, 'log')
  await mkdir(bin)
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  for (const tool of tools.filter(name => name !== 'sh')) {
    const real = folders.map(path => join(path, tool)).find(existsSync)
    if (!real) continue
    const script = `#!/bin/sh\necho "\${LOGGED_BY:-xbuild} ${tool} $*" >>'${log}'\nexport LOGGED_BY=${tool}\nexec '${real}' "$@"\n`
    await writeFile(join(bin, tool), script, { mode: 0o755 })
  }
})

async function calls(dir: string, args: readonly string[]): Promise<string[]> {
  await writeFile(log, '')
  const PATH = [bin, process.env['PATH']].join(delimiter)
  const result = await xbuild(args, { cwd: dir, env: { PATH, GOENV: 'off', GOFLAGS: '' } })
  // 1 is a finding of lint.
  expect([0, 1], result.stderr).toContain(result.code)
  return (await readFile(log, 'utf8')).split('\n').filter(Boolean)
}

/** The calls of xbuild itself: the tool and its words, without the settings that git gets before its command. */
const own = (lines: readonly string[]) =>
  lines
    .filter(line => line.startsWith('xbuild '))
    .map(line => line.slice('xbuild '.length).replaceAll(/ -c [^ ]+/g, ''))

function undocumented(lines: readonly string[], command: string): string[] {
  const known = documented(command).map(text => text.split(' '))
  return own(lines).filter(line => {
    const words = line.split(' ')
    return !known.some(([tool, sub]) => tool === words[0] && (sub === undefined || words.includes(sub)))
  })
}

const flags = ['--backend=oci', '--base=builtin', '--platform=linux/amd64']
const rust = {
  'Cargo.toml': '[package]\nname = "hello"\nversion = "1.0.0"\nedition = "2021"\nbuild = "build.rs"\n',
  'Cargo.lock': 'version = 3\n\n[[package]]\nname = "hello"\nversion = "1.0.0"\n',
  'build.rs': 'fn main() { std::fs::write("ran", "").unwrap(); }\n',
  'src/main.rs': 'fn main() {}\n',
}
const zig = {
  'build.zig':
    'pub fn build(b: *@import("std").Build) void {\n  b.installArtifact(b.addExecutable(.{ .name = "app" }));\n}\n',
  'build.zig.zon': '.{ .name = .app, .version = "1.0.0", .fingerprint = 0x1, .paths = .{""} }\n',
}
const generate = { 'gen.go': 'package main\n\n//go:generate touch ran\n' }

describe('what docs/security.md says of', () => {
  it.each<[string, string, Record<string, string>]>([
    ['plan', 'go', { ...helloGo, ...generate }],
    ['dockerfile', 'go', { ...helloGo, ...generate }],
    ['plan', 'cargo', rust],
    ['plan', 'zig', zig],
  ])('%s of a %s project holds: it runs that, and nothing of the project', async (command, tool, files) => {
    if (!existsSync(join(bin, tool))) return
    const dir = await project(files)
    commit(dir)
    const lines = await calls(dir, [command, ...flags])
    expect(own(lines).length).toBeGreaterThan(0)
    expect(undocumented(lines, command)).toEqual([])
    expect(existsSync(join(dir, 'ran'))).toBe(false)
  })

  it('build of Go holds: no code of the project runs', async () => {
    const dir = await project({ ...helloGo, ...generate })
    commit(dir)
    const lines = await calls(dir, ['build', ...flags])
    expect(undocumented(lines, 'build')).toEqual([])
    expect(
      lines.filter(line => line.startsWith('go git')),
      lines.join('\n'),
    ).not.toEqual([])
    expect(existsSync(join(dir, 'ran'))).toBe(false)
    // What keeps Go from git.
    await writeFile(join(dir, 'other.go'), 'package main\n')
    const without = await calls(dir, ['build', ...flags, '--', '-buildvcs=false'])
    expect(without.filter(line => line.startsWith('go git'))).toEqual([])
  })

  it.each([
    ['lint', 'Dockerfile'],
    ['verify', 'image.tar'],
    ['cache', '--json'],
    ['self-check', '--json'],
  ])('%s %s holds', async (command, argument) => {
    const dir = await project({ ...helloGo, Dockerfile: 'FROM scratch\nCOPY app /\nENTRYPOINT ["/app"]\n' })
    commit(dir)
    if (command === 'verify') await calls(dir, ['build', ...flags, `--output=${dir}/image.tar`])
    const lines = await calls(dir, [command, argument])
    expect(undocumented(lines, command)).toEqual([])
  })
})

test('a PATH of [go] env decides which go runs', async () => {
  const dir = await project({ ...helloGo, 'xbuild.toml': '' })
  const theirs = await temporaryFolder()
  const mark = join(theirs, 'ran')
  await writeFile(join(theirs, 'go'), `#!/bin/sh\ntouch '${mark}'\nexec '${bin}/go' "$@"\n`, { mode: 0o755 })
  const PATH = [theirs, process.env['PATH']].join(delimiter)
  await writeFile(join(dir, 'xbuild.toml'), `[go]\nenv = { PATH = ${JSON.stringify(PATH)} }\n`)
  await calls(dir, ['plan', ...flags])
  expect(existsSync(mark)).toBe(true)
})

test('every test that the document names is there', () => {
  const named = [...doc.matchAll(/`(test\/[\w/.-]+\.ts)`/g)].map(([, path]) => path as string)
  expect(named.length).toBeGreaterThan(10)
  for (const path of named) expect(existsSync(new URL(`../../${path}`, import.meta.url)), path).toBe(true)
})
