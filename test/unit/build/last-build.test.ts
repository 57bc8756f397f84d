import {
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { artifactPath } from '../../../src/build/artifacts.ts'
import { hashOfKept, type LastBuild } from '../../../src/build/last-build.ts'
import { parsePlatform } from '../../../src/platforms.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'xbuild-last-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('the hash of a kept binary', () => {
  const platform = parsePlatform('linux/arm64')

  /** A kept binary with its record, and where the next build's compiler would write it. */
  function kept() {
    const dist = join(folder, 'dist')
    const path = artifactPath(dist, { platform, name: 'app' })
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, 'program')
    const { size, ino } = statSync(path)
    const last: LastBuild = {
      toolchain: 'go 1.26.8',
      platforms: [platform.id],
      binaries: { 'linux_arm64/app': { sha256: 'aa', stamp: `${size} 1 ${ino}` } },
    }
    const made = join(folder, 'app')
    const hash = () => hashOfKept(last, dist, { platform, name: 'app', path: made, seconds: 0, cached: true })
    return { path, made, hash, last, dist }
  }

  it('is known of the same file, whatever its time', async () => {
    const { path, made, hash } = kept()
    linkSync(path, made)
    utimesSync(made, 1, 1)
    expect(await hash()).toBe('aa')
  })

  it('is not known of a copy, of another file in its place, and of none', async () => {
    const { path, made, hash } = kept()
    expect(await hash()).toBeUndefined()
    copyFileSync(path, made)
    expect(await hash()).toBeUndefined()
    rmSync(made)
    linkSync(path, made)
    rmSync(path)
    writeFileSync(path, 'another')
    expect(await hash()).toBeUndefined()
  })

  it('is not known of a file that is not the one of the record', async () => {
    const { path, made, hash } = kept()
    writeFileSync(path, 'a longer program')
    linkSync(path, made)
    expect(await hash()).toBeUndefined()
  })

  it('is not known without a record', async () => {
    const { dist, made } = kept()
    expect(
      await hashOfKept(undefined, dist, { platform, name: 'app', path: made, seconds: 0, cached: true }),
    ).toBeUndefined()
  })
})
