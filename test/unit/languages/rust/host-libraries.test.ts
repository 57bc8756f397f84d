import { describe, expect, it } from 'vitest'
import { refuseHostLibraries } from '../../../../src/languages/rust/host-libraries.ts'
import { parsePlatform } from '../../../../src/platforms.ts'
import type { Step } from '../../../../src/types.ts'
import { failureOf } from '../../../support/failure-of.ts'
import { project } from '../../../support/projects.ts'

const step = { produces: [{ platform: parsePlatform('amd64'), name: 'app' }] } as unknown as Step

/** A folder of this machine's with libz.a, next to glibc or not. */
const folder = (libc: string) => project({ [libc]: '', 'libz.a': '' })

function message(libs: readonly string[], paths: readonly string[], triple = 'x86_64-unknown-linux-musl') {
  return JSON.stringify({
    reason: 'build-script-executed',
    package_id: 'registry+https://example.com/index#z-sys@1.0.0',
    linked_libs: libs,
    linked_paths: paths,
    out_dir: `/app/target/${triple}/release/build/z-sys-1/out`,
  })
}

describe('a library of this machine in a program of musl', () => {
  it.each([
    ['z', (path: string) => path],
    ['static=z', (path: string) => `native=${path}`],
    ['static:+whole-archive=z', (path: string) => `all=${path}`],
  ])('is refused, by its file and the crate: %s', async (library, path) => {
    const glibc = await folder('libc.so.6')
    const stdout = `cut sho\n${message([library], ['/nowhere', path(glibc)])}\n`
    expect(await failureOf(() => refuseHostLibraries(stdout, step))).toMatchObject({
      kind: 'verification',
      what: 'linux/amd64 was linked with libz of this machine',
      where: `${glibc}/libz.a`,
      why: expect.stringContaining('the build script of z-sys names'),
    })
  })

  it('is none where the folder is of musl, another comes first, or nothing is taken from it', async () => {
    const [glibc, own] = [await folder('libc_nonshared.a'), await folder('libc.a')]
    for (const line of [
      message(['z'], [own]),
      message(['z'], [own, glibc]),
      message(['ssl'], [glibc]),
      message([], [glibc]),
      message(['z'], [glibc], 'x86_64-unknown-linux-gnu'),
      message(['z'], [glibc], 'release'),
    ])
      expect(() => refuseHostLibraries(line, step)).not.toThrow()
    expect(() => refuseHostLibraries(message(['z'], [glibc]), step)).toThrow()
  })
})
