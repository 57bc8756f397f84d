import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { afterEach, expect, type TestContext } from 'vitest'
import { dockerFacts } from '../bench-tools.ts'
import { type CliResult, xbuild } from '../cli.ts'
import type { Reply } from '../fake-tools.ts'
import { type FaultRegistry, type RegistryOptions, startFaultRegistry } from '../fault-registry.ts'
import { type LoggedTools, ownCalls } from '../logged-tools.ts'
import { project, temporaryFolder } from '../projects.ts'
import { undocumented } from './page.ts'

/** Tests of rows of docs/security.md, by the names of the rows. */
export type RowTests = Readonly<Record<string, (context: TestContext) => Promise<void>>>

/** A docker whose builder answers, and that makes nothing. */
export const docker: readonly Reply[] = [
  ...dockerFacts,
  { when: /^info/, stdout: '{}' },
  { exitCode: 1, stderr: 'no' },
]
export const inProcess = ['--backend=oci', '--base=builtin', '--platform=linux/amd64']

const opened: FaultRegistry[] = []
afterEach(async () => {
  for (const registry of opened.splice(0)) await registry.close()
})

/** Runs a command, and checks that a row says so of each tool that it calls. */
export async function runs(
  tools: LoggedTools,
  dir: string,
  args: readonly string[],
  env: Record<string, string | undefined> = {},
): Promise<CliResult & { calls: string[]; own: string[] }> {
  await tools.calls()
  const set = { PATH: tools.path, GOENV: 'off', GOFLAGS: '', XBUILD_ZIG: undefined, CI: undefined, ...env }
  const result = await xbuild(args, { cwd: dir, env: set })
  const calls = await tools.calls()
  const own = ownCalls(calls)
  expect(undocumented(args[0] as string, own)).toEqual([])
  return { ...result, calls, own }
}

/** A program of somebody's that leaves a mark where it ran, and then becomes the real one. */
export async function marking(
  tool: string,
  tools: LoggedTools,
): Promise<{ folder: string; ran: () => boolean }> {
  const folder = await temporaryFolder()
  const script = `#!/bin/sh\ntouch '${folder}/ran'\nPATH='${tools.path}' exec ${tool} "$@"\n`
  await mkdir(join(folder, 'bin'))
  await writeFile(join(folder, 'bin', tool), script, { mode: 0o755 })
  return { folder, ran: () => existsSync(join(folder, 'ran')) }
}

/** Whether a PATH in a table of xbuild.toml decides which tool runs. */
export async function pathOf(
  [language, tool, command = 'plan']: readonly [string, string, string?],
  files: Record<string, string>,
  tools: LoggedTools,
) {
  const theirs = await marking(tool, tools)
  const PATH = JSON.stringify([join(theirs.folder, 'bin'), tools.path].join(delimiter))
  const dir = await project({ ...files, 'xbuild.toml': `[${language}]\nenv = { PATH = ${PATH} }\n` })
  await runs(tools, dir, [command, ...inProcess])
  expect(theirs.ran()).toBe(true)
}

export const rust = {
  'Cargo.toml': '[package]\nname = "hello"\nversion = "1.0.0"\nedition = "2021"\nbuild = "build.rs"\n',
  'Cargo.lock': 'version = 3\n\n[[package]]\nname = "hello"\nversion = "1.0.0"\n',
  'build.rs': 'fn main() { std::fs::write("ran", "").unwrap(); }\n',
  'src/main.rs': 'fn main() {}\n',
}
export const zig = {
  'build.zig':
    'pub fn build(b: *@import("std").Build) void {\n  b.installArtifact(b.addExecutable(.{ .name = "app" }));\n}\n',
  'build.zig.zon': '.{ .name = .app, .version = "1.0.0", .fingerprint = 0x1, .paths = .{""} }\n',
}
export const zigVersion: Reply = { when: /^version$/, stdout: '0.14.1\n' }
export const generate = { 'gen.go': 'package main\n\n//go:generate touch ran\n' }
export const ran = (dir: string) => existsSync(join(dir, 'ran'))

/** A log-in that a credential helper knows; gives where its configuration is. */
export async function helper(registry: FaultRegistry): Promise<string> {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'config.json'), JSON.stringify({ credHelpers: { [registry.host]: 'test' } }))
  return folder
}
export const asked = 'docker-credential-test get'
export const helped: Reply = { stdout: JSON.stringify({ Username: 'me', Secret: 'hunter2' }) }

export async function openRegistry(options: RegistryOptions = {}): Promise<FaultRegistry> {
  const registry = await startFaultRegistry(options)
  opened.push(registry)
  return registry
}

export const registryWithLogin = (): Promise<FaultRegistry> =>
  openRegistry({ auth: { type: 'basic', user: 'me', password: 'hunter2' } })
