import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { baseFor } from '../../src/base/choose.ts'
import { type ElfFacts, readElf, readElfFile } from '../../src/binary/elf.ts'
import { checkBinary, findMismatches } from '../../src/binary/verify.ts'
import { findPlatform, type Platform, parsePlatform } from '../../src/platforms.ts'
import { needsTool } from '../support/needs-tool.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'binary-'))
  writeFileSync(join(folder, 'go.mod'), 'module example.com/hello\n\ngo 1.21\n')
  writeFileSync(join(folder, 'main.go'), 'package main\n\nfunc main() { println("hello") }\n')
  writeFileSync(join(folder, 'hello.c'), '#include <stdio.h>\nint main(void) { return puts("hello") < 0; }\n')
  writeFileSync(join(folder, 'hello.rs'), 'fn main() { println!("hello") }\n')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function run(tool: string, args: string[], env: Record<string, string> = {}): string {
  return execFileSync(tool, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: 'pipe',
  })
}

function family(elf: ElfFacts, platform: Platform): string {
  return baseFor([{ platform, name: 'hello', elf }]).family
}

describe('Go', () => {
  const build = (output: string, platform: Platform, ...flags: string[]): ElfFacts => {
    const args = ['build', '-trimpath', '-buildvcs=false', ...flags, '-o', output, '.']
    run('go', args, {
      ...platform.go,
      ...{ GOOS: 'linux', CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off', GOTOOLCHAIN: 'local' },
    })
    return readElfFile(join(folder, output))
  }

  // Both classes, both byte orders, and variables that only the build information tells.
  test.for(['linux/amd64/v3', 'linux/arm/v6', 'linux/s390x'])('%s', { timeout: 180_000 }, (id, context) => {
    needsTool(context, 'go')
    const platform = parsePlatform(id)
    const elf = build(id.replaceAll('/', '_'), platform, '-ldflags=-s -w -buildid=')
    checkBinary(elf, platform, id)
    expect(elf).toMatchObject({
      linkage: 'static',
      stripped: true,
      go: {
        version: run('go', ['env', 'GOVERSION'], { GOTOOLCHAIN: 'local' }).trim(),
        path: 'example.com/hello',
        module: { path: 'example.com/hello', version: '(devel)' },
        settings: { CGO_ENABLED: '0', '-trimpath': 'true', ...platform.go },
      },
    })
    expect(readElf(withoutSections(elf, id.replaceAll('/', '_'))).go).toEqual(elf.go)
    expect(family(elf, platform)).toBe('static')
  })
})

describe('C, by the host compiler', () => {
  const build = (...flags: string[]): ElfFacts => {
    run('gcc', [...flags, '-o', 'out', 'hello.c'])
    return readElfFile(join(folder, 'out'))
  }
  const host = () => {
    const platform = findPlatform(
      'linux',
      { x64: 'amd64', ia32: '386' }[process.arch as string] ?? process.arch,
    )
    return platform ?? parsePlatform('linux/amd64')
  }

  test('dynamic', context => {
    needsTool(context, 'gcc')
    const elf = build('-pie', '-fPIE')
    expect(findMismatches(elf, host())).toEqual([])
    expect(elf).toMatchObject({ type: 'dyn', linkage: 'dynamic', needed: ['libc.so.6'], stripped: false })
    expect(elf.glibc).toBe(newestVersion(run('readelf', ['-V', '--wide', 'out'])))
    expect(family(elf, host())).toBe('base-nossl')
    expect(readElf(withoutSections(elf, 'out'))).toEqual({ ...elf, stripped: true })
  })
  test('not position-independent, stripped', context => {
    needsTool(context, 'gcc')
    expect(build('-no-pie', '-fno-pie', '-s')).toMatchObject({
      type: 'exec',
      linkage: 'dynamic',
      stripped: true,
    })
  })
  test('static', context => {
    needsTool(context, 'gcc')
    const elf = build('-static', '-no-pie')
    expect(elf).toMatchObject({ type: 'exec', linkage: 'static', needed: [] })
    expect(family(elf, host())).toBe('static')
  })
  test('static-pie', context => {
    needsTool(context, 'gcc')
    const elf = build('-static-pie', '-fPIE')
    expect(elf).toMatchObject({ type: 'dyn', linkage: 'static-pie', needed: [] })
    expect(findMismatches(elf, host())).toEqual([])
    expect(family(elf, host())).toBe('static')
  })
  test.for([
    ['a shared library', '-shared', '-fPIC'],
    ['an object file that is not linked', '-c'],
  ] as const)('%s is no program', ([name, ...flags], context) => {
    needsTool(context, 'gcc')
    expect(findMismatches(build(...flags), host()).map(({ text }) => text)).toEqual([
      `file type: expected a program, found ${name}`,
    ])
  })
})

test('Rust for the host needs libgcc, and so distroless cc', context => {
  needsTool(context, 'rustc')
  needsTool(context, 'gcc')
  const info = run('rustc', ['-vV'])
  if (!/^host: .*-linux-gnu/m.test(info)) context.skip('rustc is not one of a glibc system')
  run('rustc', ['-o', 'rust-hello', 'hello.rs'])
  const elf = readElfFile(join(folder, 'rust-hello'))
  expect(elf.needed).toContain('libgcc_s.so.1')
  expect(family(elf, parsePlatform('linux/amd64'))).toBe('cc')
})

/** The file as `objcopy --strip-section-headers` leaves it: e_shoff, e_shnum and e_shstrndx are 0. */
function withoutSections(elf: ElfFacts, name: string): Uint8Array {
  const bytes = Uint8Array.from(readFileSync(join(folder, name)))
  const [offset, width, count] = elf.class === 64 ? [40, 8, 60] : [32, 4, 48]
  return bytes.fill(0, offset, offset + width).fill(0, count, count + 4)
}

/** The newest GLIBC version that `readelf -V` lists as needed and not weak. */
function newestVersion(text: string): string | undefined {
  return [...text.matchAll(/Name: GLIBC_(\d+\.\d+(?:\.\d+)?)\s+Flags: none/g)]
    .map(match => match[1] as string)
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1)
}
