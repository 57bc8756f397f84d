import { readFileSync, writeFileSync } from 'node:fs'
import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Report } from '../../src/build/report.ts'
import { xbuild } from '../support/cli.ts'
import { commit, example, temporaryFolder } from '../support/projects.ts'
import { describeWith, rigEnvironment, rigValue } from '../support/rig.ts'
import { crane, platformManifests, pulledFile, repository, runImage } from '../support/rig-tools.ts'

const minutes = (count: number) => count * 60_000
const platforms = ['linux/amd64', 'linux/arm64']

/** The C toolchains, with what each makes of the same program. */
const toolchains = [
  { name: 'zig', linkage: 'static', base: 'static' },
  { name: 'gcc', linkage: 'dynamic', base: 'base-nossl' },
] as const

describeWith(
  ['engine', 'buildx', 'registry', 'bases', 'crane', 'qemu', 'zig', 'cross-gcc'],
  'a Go program with SQLite',
  () => {
    let folders: string[]

    const tag = (toolchain: string, folder: number) => `${repository(`cgo-${toolchain}-${folder}`)}:1`
    /** Builds and pushes one of the folders. Each has a Go cache of its own, so that it compiles all of its C itself. */
    async function push(toolchain: string, folder: number, built = platforms): Promise<Report> {
      folders ??= await twoFolders()
      const dir = folders[folder] as string
      writeFileSync(
        join(dir, 'xbuild.toml'),
        `[image]\nregistry = "${rigValue('XBUILD_RIG_DISTROLESS')}"\n[c]\ntoolchain = "${toolchain}"\n`,
      )
      const report = join(await temporaryFolder(), 'report.json')
      const env = {
        ...rigEnvironment(),
        XBUILD_ZIG: rigValue('XBUILD_RIG_ZIG'),
        GOCACHE: await temporaryFolder(),
      }
      const args = [`--platform=${built.join(',')}`, `--tag=${tag(toolchain, folder)}`, '--push']
      const result = await xbuild([...args, `--report=${report}`], { cwd: dir, env })
      const read = built.length === 1 ? '1 platform' : `${built.length} platforms`
      expect(result.stderr).toContain(`${read}, every binary equal to the one compiled`)
      expect(result).toMatchObject({ code: 0 })
      return JSON.parse(await readFile(report, 'utf8'))
    }

    describe.each(toolchains)('compiled with $name', ({ name, linkage, base }) => {
      it(
        'is pushed for two platforms, as another reader sees it',
        async () => {
          const report = await push(name, 0)
          expect(Object.keys(platformManifests(tag(name, 0)))).toEqual(platforms)
          expect(report.images).toMatchObject([
            { digest: crane('digest', tag(name, 0)), base: { family: base, predicted: false } },
          ])
          for (const { platform, sha256, elf, path } of report.artifacts) {
            expect(elf.linkage).toBe(linkage)
            expect(await pulledFile(tag(name, 0), platform, 'go-cgo-sqlite')).toBe(sha256)
            expect(readFileSync(path).includes(folders[0] as string)).toBe(false)
          }
        },
        minutes(15),
      )

      it(
        'opens a database on arm64 under QEMU',
        () => {
          expect(runImage(tag(name, 0), 'linux/arm64', '/tmp/test.db')).toMatch(
            /^SQLite 3\.\d+\.\d+ on arm64$/m,
          )
        },
        minutes(3),
      )

      it(
        'has the same manifest from another folder',
        async () => {
          await push(name, 1, ['linux/arm64'])
          const { 'linux/arm64': arm64 } = platformManifests(tag(name, 0))
          expect(platformManifests(tag(name, 1))).toEqual({ 'linux/arm64': arm64 })
        },
        minutes(15),
      )
    })
  },
)

/** A copy of the example with a commit, and another copy of it elsewhere. */
async function twoFolders(): Promise<string[]> {
  const first = await example('go-cgo-sqlite')
  commit(first, 'v1.2.3')
  const second = join(await temporaryFolder(), 'another', 'checkout')
  await cp(first, second, { recursive: true })
  return [first, second]
}
