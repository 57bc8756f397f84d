import { expect, it } from 'vitest'
import { findZigLib } from '../../../../src/c-toolchains/index.ts'
import { bindgenEnv, readBindgen } from '../../../../src/languages/rust/bindgen.ts'
import { parsePlatform } from '../../../../src/platforms.ts'
import { fakeTools } from '../../../support/fake-tools.ts'
import { project } from '../../../support/projects.ts'

const triple = 'aarch64-unknown-linux-musl'
const name = 'BINDGEN_EXTRA_CLANG_ARGS_aarch64_unknown_linux_musl'
const zig = { name: 'zig', libc: 'musl' } as const

async function give(env: NodeJS.ProcessEnv, platform = 'arm64') {
  const zigLib = await project({
    ...Object.fromEntries(
      [
        'aarch64-linux-musl',
        'arm-linux-musl',
        'generic-musl',
        'aarch64-linux-any',
        'arm-linux-any',
        'any-linux-any',
        'x86-linux-musl',
        'x86-linux-any',
      ].map(folder => [`libc/include/${folder}/a.h`, '']),
    ),
    'include/stddef.h': '',
  })
  const given = bindgenEnv({ ...readBindgen(env, [triple]), zigLib }, zig, parsePlatform(platform), triple)
  return given[name]?.replaceAll(zigLib, 'LIB')
}

it('gets the headers of the target from zig, behind what the user gives it', async () => {
  const headers =
    '-nostdlibinc -isystem LIB/libc/include/aarch64-linux-musl -isystem LIB/libc/include/generic-musl' +
    ' -isystem LIB/libc/include/aarch64-linux-any -isystem LIB/libc/include/any-linux-any -isystem LIB/include'
  expect(await give({})).toBe(headers)
  expect(await give({ BINDGEN_EXTRA_CLANG_ARGS: '-DX="a b"' })).toBe(`-DX="a b" ${headers}`)
  expect(await give({}, 'amd64')).toContain('LIB/libc/include/x86-linux-musl')
})

it.each([name, `BINDGEN_EXTRA_CLANG_ARGS_${triple}`])(
  "leaves the user's own for a target alone: %s",
  async own => {
    expect(await give({ [own]: '-I/opt' })).toBeUndefined()
  },
)

it('gets none where bindgen is no dependency, or the toolchain has none of its own', () => {
  expect(bindgenEnv(undefined, zig, parsePlatform('arm64'), triple)).toEqual({})
  const host = { name: 'host', libc: 'musl' } as const
  expect(bindgenEnv({ common: '', own: new Set() }, host, parsePlatform('arm64'), triple)).toEqual({})
})

it.each([
  ['JSON', '{\n "zig_exe": "/x/zig",\n "lib_dir": "ziglang/lib"\n}'],
  ['ZON', '.{\n    .zig_exe = "/x/zig",\n    .lib_dir = "ziglang/lib",\n}'],
])("finds zig's folder in its %s", async (_, stdout) => {
  const fakes = await fakeTools({ zig: { when: /^env$/, stdout } })
  const command = [`${fakes.bin}/zig`]
  expect(await findZigLib({ command, version: '0.14.1' }, fakes.bin)).toBe(`${fakes.bin}/ziglang/lib`)
})
