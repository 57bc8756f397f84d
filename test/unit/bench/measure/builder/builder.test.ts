import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { builderCommand } from '../../../../../src/bench/measure/builder/command.ts'
import { renderBenchDockerfile } from '../../../../../src/bench/measure/builder/dockerfile.ts'
import { findEmulator, matchEntry } from '../../../../../src/bench/measure/builder/emulator.ts'
import { builderArch } from '../../../../../src/bench/measure/builder/read-builder.ts'
import type { Subject } from '../../../../../src/bench/measure/job.ts'
import { parseInspection } from '../../../../../src/image/buildx/builder.ts'
import type { LanguageName } from '../../../../../src/languages/options.ts'
import { parsePlatform } from '../../../../../src/platforms.ts'
import type { Command } from '../../../../../src/types.ts'
import { hostArch } from '../../../../../src/util/host-arch.ts'
import { tokens } from '../../../../../src/util/substitute.ts'
import { temporaryFolder } from '../../../../support/projects.ts'

const subject = (language: LanguageName) =>
  ({
    staged: { top: '/tmp/copy/app', root: '/tmp/copy/app/cmd' },
    project: { language },
  }) as unknown as Subject
const command = (tool: string, args: readonly string[], env: Record<string, string> = {}): Command => ({
  tool,
  args,
  cwd: '/tmp/copy/app',
  env,
})

test('a command is the same in a builder stage, but for the folders', () => {
  const native = command('go', ['build', '-trimpath', '-o', `${tokens.work}/linux_arm64/`, './x'], {
    GOCACHE: tokens.caches,
    GOARCH: 'arm64',
  })
  expect(builderCommand(native, subject('go'), { ownC: false })).toEqual({
    words: ['go', 'build', '-trimpath', '-o', '/out/linux_arm64/', './x'],
    env: { GOCACHE: '/caches', GOARCH: 'arm64' },
    foreign: [],
  })
})

test('paths into the copy become paths into the stage', () => {
  const native = command('cargo', ['build'], { RUSTFLAGS: '--remap-path-prefix=/tmp/copy/app=/src' })
  expect(builderCommand(native, subject('rust'), { ownC: false }).env).toEqual({
    RUSTFLAGS: '--remap-path-prefix=/src=/src',
  })
})

test('however this machine starts its toolchain, the stage starts its own', () => {
  const native = command('python3', ['-m', 'ziglang', 'build', 'install'])
  expect(builderCommand(native, subject('zig'), { ownC: false }).words).toEqual(['zig', 'build', 'install'])
  expect(builderCommand(native, subject('zig'), { ownC: false, program: '/toolchain/zig' }).words[0]).toBe(
    '/toolchain/zig',
  )
})

test('a C toolchain of this machine is foreign to the stage, unless that takes its own', () => {
  const env = {
    CC: '"/opt/zig/zig" cc -target x',
    CARGO_TARGET_X_LINKER: 'rust-lld',
    CC_x: '/cache/cc',
    PKG_CONFIG_LIBDIR: '',
    CGO_ENABLED: '1',
  }
  const native = command('go', ['build'], env)
  expect(builderCommand(native, subject('go'), { ownC: false }).foreign).toEqual([
    'CC="/opt/zig/zig" cc -target x',
    'CC_x=/cache/cc',
  ])
  expect(builderCommand(native, subject('go'), { ownC: true })).toMatchObject({
    env: { CARGO_TARGET_X_LINKER: 'rust-lld', CGO_ENABLED: '1' },
    foreign: [],
  })
  expect(
    builderCommand(command('go', ['build'], { CC: 'aarch64-linux-gnu-gcc' }), subject('go'), { ownC: false })
      .foreign,
  ).toEqual([])
})

const values = {
  image: 'golang:1',
  setup: [],
  env: { A: 'b "$c"' },
  workdir: '/src/cmd',
  cache: 'id-1',
  compile: ['go', 'build', '-ldflags=-s -w'],
  gather: [],
}
const languages = ['go', 'rust', 'zig'] as const

test.each(languages)('the %s Dockerfiles differ in the platform of the builder stage', language => {
  const [cross, emulated] = ['cross', 'emulated'].map(folder =>
    renderBenchDockerfile(`${folder}/${language}.Dockerfile`, values),
  )
  expect(cross).toContain('FROM --platform=$BUILDPLATFORM golang:1 AS toolchain')
  expect(emulated).toContain('FROM golang:1 AS toolchain')
  expect(emulated).not.toContain('BUILDPLATFORM')
  for (const text of [cross, emulated]) {
    expect(text).toContain('["go","build","-ldflags=-s -w"]')
    expect(text).toContain('ENV A="b \\"\\$c\\""')
    expect(text).toContain('id=id-1')
    expect(text).not.toContain('{{')
    expect(text).not.toMatch(/^# *syntax/m)
  }
})

test('what the command leaves elsewhere is gathered by the same RUN', () => {
  const text = renderBenchDockerfile('emulated/rust.Dockerfile', {
    ...values,
    setup: ['RUN one', 'RUN two'],
    gather: ['/caches/t/release/it'],
  })
  expect(text).toMatch(
    /^RUN --mount=.* go build '-ldflags=-s -w' && mkdir -p \/out && cp \/caches\/t\/release\/it \/out\/$/m,
  )
  expect(text).toContain('AS toolchain\nRUN one\nRUN two\nWORKDIR /src')
})

const entry = (machine: string, fields: { head?: string; magic?: string } = {}) =>
  `${fields.head ?? 'enabled'}\ninterpreter /usr/bin/qemu-x\nflags: F\noffset 0\nmagic ${fields.magic ?? `7f454c4602010100000000000000000002${'00'}${machine}`}\nmask ff\n`

test.each([
  ['linux/arm64', entry('b700'), true],
  ['linux/riscv64', entry('b700'), false],
  ['linux/riscv64', entry('f300'), true],
  ['linux/arm/v7', entry('', { magic: '7f454c4601010100000000000000000002002800' }), true],
  ['linux/s390x', entry('', { magic: '7f454c4602020100000000000000000000020016' }), true],
  ['linux/arm64', entry('b700', { head: 'disabled' }), false],
  ['linux/arm64', entry('', { magic: '4d5a' }), false],
  ['linux/arm64', '', false],
])('%s and the binfmt_misc entry %j', (platform, text, matches) => {
  expect(matchEntry(text, parsePlatform(platform))).toBe(matches ? '/usr/bin/qemu-x' : undefined)
})

test('the emulator is the kernel’s where it has one, else BuildKit’s; elsewhere it cannot be told', async () => {
  const folder = await temporaryFolder()
  const qemu = join(folder, 'qemu-x')
  writeFileSync(qemu, '#!/bin/sh\necho "qemu-x version 11.1.2 (Debian 1:11.1.2)"\n', { mode: 0o755 })
  const entries = join(folder, 'binfmt_misc')
  mkdirSync(entries)
  writeFileSync(join(entries, 'any-name'), entry('b700').replace('/usr/bin/qemu-x', qemu))
  const builder = { engine: { builder: 'b', driver: 'docker' }, arch: 'amd64', local: true }
  const { signal } = new AbortController()
  const find = (platform: string, local = true) =>
    findEmulator(parsePlatform(platform), { ...builder, local }, signal, entries)
  expect(await find('linux/arm64')).toEqual({ kind: 'kernel', program: 'qemu-x', version: '11.1.2' })
  expect(await find('linux/riscv64')).toMatchObject({ kind: 'buildkit', program: 'buildkit-qemu-riscv64' })
  expect(await find('linux/arm64', false)).toEqual({ kind: 'unknown' })
})

const node = (list: string) => `Name: b0\nEndpoint: ssh://elsewhere\nPlatforms: ${list}\n\n`

test.each([
  ['one node', node('linux/arm64, linux/amd64, linux/riscv64'), 'arm64'],
  ['two nodes', node('linux/amd64') + node('linux/arm64'), undefined],
  ['a node given what it runs itself', node('linux/amd64*, linux/amd64/v2, linux/arm64'), 'amd64'],
  ['a node given others as well', node('linux/arm64*, linux/amd64*, linux/amd64/v2'), undefined],
  ['a node given another, or its own', node('linux/arm64*, linux/amd64, linux/amd64/v2'), undefined],
  ['a node not started yet', node(''), hostArch()],
])('the machine of a builder elsewhere: %s', (_, nodes, arch) => {
  expect(builderArch(parseInspection(`Name: b\nDriver: remote\n\nNodes:\n${nodes}`), false)).toBe(arch)
})

test('a builder under this kernel is this machine’s, whatever platforms it was given', () => {
  const facts = { nodes: 1, platforms: ['linux/s390x', 'linux/amd64'], asked: ['linux/s390x', 'linux/amd64'] }
  expect(builderArch(facts, true)).toBe(hostArch())
  expect(builderArch({ ...facts, nodes: 2 }, true)).toBeUndefined()
})
