import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cp, readFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Report } from '../../src/build/report.ts'
import { xbuild } from '../support/cli.ts'
import { commit, example, temporaryFolder } from '../support/projects.ts'
import { describeWith, rigEnvironment, rigValue } from '../support/rig.ts'

const minutes = (count: number) => count * 60_000
const crane = (...args: string[]) =>
  execFileSync(rigValue('XBUILD_RIG_CRANE'), args, { encoding: 'utf8', maxBuffer: 1 << 28 }).trim()
const docker = (...args: string[]) =>
  execFileSync(rigValue('XBUILD_RIG_DOCKER'), args, {
    encoding: 'utf8',
    env: { ...process.env, ...rigEnvironment() },
  }).trim()

const platforms = ['linux/amd64', 'linux/arm64', 'linux/arm/v7']
const programs = ['api', 'report']
/** What differs between the two kinds of build: musl's C code goes through zig, glibc's through Debian's cross gcc. */
const kinds = [
  { libc: 'musl', toolchain: 'zig', base: 'static', linkage: 'static', says: 'musl' },
  { libc: 'gnu', toolchain: 'gcc', base: 'cc', linkage: 'dynamic', says: 'glibc' },
] as const
type Libc = (typeof kinds)[number]['libc']

const repository = (libc: Libc, folder: number) =>
  `${rigValue('XBUILD_RIG_REGISTRY')}/rust-e2e-${process.pid}/${libc}-${folder}`

/** Builds the workspace in `dir` and pushes an image of each of its two programs. */
async function push(
  dir: string,
  { libc, toolchain }: (typeof kinds)[number],
  folder: number,
): Promise<Report> {
  writeFileSync(
    join(dir, 'xbuild.toml'),
    `[image]\nregistry = "${rigValue('XBUILD_RIG_DISTROLESS')}"\nports = [8080]\n` +
      `[rust]\nlibc = "${libc}"\nlocked = true\n[c]\ntoolchain = "${toolchain}"\n`,
  )
  const report = join(await temporaryFolder(), 'report.json')
  const env = rigEnvironment()
  const result = await xbuild(
    [
      `--platform=${platforms.join(',')}`,
      ...programs.map(name => `--bin=${name}`),
      `--tag=${repository(libc, folder)}/{name}:1`,
      '--push',
      `--report=${report}`,
    ],
    {
      cwd: dir,
      env: {
        ...env,
        PATH: [rigValue('XBUILD_RIG_RUST_BIN'), env['PATH']].join(delimiter),
        XBUILD_ZIG: rigValue('XBUILD_RIG_ZIG'),
        // Each folder compiles everything itself.
        CARGO_TARGET_DIR: undefined,
      },
    },
  )
  expect(result.stderr).toContain('3 platforms, every binary equal to the one compiled')
  expect(result.code).toBe(0)
  return JSON.parse(await readFile(report, 'utf8'))
}

/** The sha256 of each platform's program, as the registry serves it. */
async function pulledBinaries(tag: string, name: string): Promise<string[]> {
  const folder = await temporaryFolder()
  return platforms.map(id => {
    const tar = join(folder, `${id.replaceAll('/', '-')}.tar`)
    crane('export', `--platform=${id}`, tag, tar)
    const sum = execFileSync('sh', ['-c', 'tar -xOf "$1" "$2" | sha256sum', 'sh', tar, name])
    return sum.toString().split(' ')[0] as string
  })
}

/** The answer of the server in an image, run on arm64. */
async function askServer(tag: string): Promise<unknown> {
  // It takes a port that is free and says which: not every kernel has a bridge to publish one on.
  const container = docker(
    ...['run', '--detach', '--network=host', '--env=PORT=0', '--platform=linux/arm64', tag],
  )
  try {
    for (let tries = 0; tries < 100; tries++) {
      const [, port] = /listening on .*:(\d+)/.exec(docker('logs', container)) ?? []
      if (port) return await (await fetch(`http://127.0.0.1:${port}/`)).json()
      await sleep(200)
    }
    throw new Error(`the server did not start: ${docker('logs', container)}`)
  } finally {
    docker('rm', '--force', container)
  }
}

describeWith(
  ['engine', 'buildx', 'registry', 'bases', 'crane', 'qemu', 'rust', 'zig', 'cross-gcc'],
  'a Rust workspace with a server and C code',
  () => {
    const folders: string[] = []
    beforeAll(async () => {
      const first = await example('rust-workspace')
      commit(first, 'v1.2.3')
      const second = join(await temporaryFolder(), 'another', 'checkout')
      await cp(first, second, { recursive: true })
      folders.push(first, second)
    })

    describe.each(kinds)('on $libc, with $toolchain', kind => {
      const { libc, base, linkage, says } = kind
      const reports: Report[] = []

      it(
        'is pushed for three platforms, as another reader sees it',
        async () => {
          const report = await push(folders[0] as string, kind, 0)
          reports.push(report)
          for (const name of programs) {
            const tag = `${repository(libc, 0)}/${name}:1`
            const image = report.images.find(item => item.name === name)
            expect(image).toMatchObject({
              digest: crane('digest', tag),
              backend: 'buildx',
              base: { family: base, predicted: false },
            })
            const binaries = report.artifacts.filter(item => item.name === name)
            expect(binaries.map(({ platform, elf }) => [platform, elf.linkage])).toEqual(
              platforms.map(id => [id, linkage]),
            )
            expect(await pulledBinaries(tag, name)).toEqual(binaries.map(({ sha256 }) => sha256))
            expect(JSON.parse(crane('config', '--platform=linux/arm/v7', tag))).toMatchObject({
              architecture: 'arm',
              variant: 'v7',
              config: {
                Entrypoint: [`/${name}`],
                User: '65532',
                Labels: { 'org.opencontainers.image.version': 'v1.2.3' },
              },
            })
          }
        },
        minutes(25),
      )

      it(
        'runs on arm64 under QEMU and answers a request',
        async () => {
          const machine = { arch: 'aarch64', libc: says, processors: expect.any(Number) }
          expect(await askServer(`${repository(libc, 0)}/api:1`)).toEqual(machine)
          const said = docker('run', '--rm', '--platform=linux/arm64', `${repository(libc, 0)}/report:1`)
          expect(JSON.parse(said)).toEqual(machine)
        },
        minutes(5),
      )

      it(
        'has the same binaries and platform manifests from another folder',
        async () => {
          reports.push(await push(folders[1] as string, kind, 1))
          const [first, second] = reports.map(({ artifacts, images }) => ({
            binaries: artifacts.map(({ name, platform, sha256 }) => `${name} ${platform} ${sha256}`),
            manifests: images.flatMap(image =>
              image.platforms.map(({ platform, digest }) => `${image.name} ${platform} ${digest}`),
            ),
          }))
          expect(second?.binaries).toEqual(first?.binaries)
          expect(second?.manifests).toEqual(first?.manifests)
          expect(first?.manifests).toHaveLength(6)
        },
        minutes(25),
      )
    })
  },
)
