import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { commit, example, helloGo, project, temporaryFolder } from '../support/projects.ts'
import { describeWith, rig, rigEnvironment, rigValue } from '../support/rig.ts'

const minutes = (count: number) => count * 60_000
const crane = (...args: string[]) =>
  execFileSync(rigValue('XBUILD_RIG_CRANE'), args, { encoding: 'utf8', maxBuffer: 1 << 28 })
const docker = (args: string[]) =>
  execFileSync(rigValue('XBUILD_RIG_DOCKER'), args, {
    encoding: 'utf8',
    env: { ...process.env, ...rigEnvironment() },
  })
const tagFor = (name: string) => `${rigValue('XBUILD_RIG_REGISTRY')}/go-e2e-${process.pid}/${name}:1`

interface Index {
  manifests: { digest: string; platform: { os: string; architecture: string; variant?: string } }[]
}
const platformsOf = (text: string) =>
  (JSON.parse(text) as Index).manifests
    .map(({ platform }) => [platform.os, platform.architecture, platform.variant].filter(Boolean).join('/'))
    .filter(id => id !== 'unknown/unknown')
    .sort()

/** A project on the rig's copies of the distroless bases. */
async function onRig(dir: string, toml = ''): Promise<string> {
  writeFileSync(
    join(dir, 'xbuild.toml'),
    `[image]\nregistry = "${rigValue('XBUILD_RIG_DISTROLESS')}"\n${toml}`,
  )
  return dir
}

describeWith(
  ['engine', 'buildx', 'registry', 'bases', 'crane', 'qemu'],
  'a Go server with real modules',
  () => {
    const tag = rig['XBUILD_RIG_REGISTRY'] ? tagFor('server') : ''
    const platforms = ['linux/amd64', 'linux/arm/v7', 'linux/arm64', 'linux/riscv64']

    it(
      'is pushed for every platform of the base, as another reader sees it',
      async () => {
        const dir = await onRig(
          await example('go-server'),
          'ports = [8080]\n[image.labels]\nteam = "a \\"b\\" $c"\n',
        )
        commit(dir, 'v1.2.3')
        const report = join(dir, 'report.json')
        const result = await xbuild(
          [`--platform=${platforms.join(',')}`, `--tag=${tag}`, '--push', `--report=${report}`],
          {
            cwd: dir,
            env: rigEnvironment(),
          },
        )
        expect(result.stderr).toMatch(/Read \S+ back: /)
        expect(result).toMatchObject({ code: 0, stdout: `${tag.slice(0, -2)}@${crane('digest', tag)}` })
        expect(platformsOf(crane('manifest', tag))).toEqual(platforms)

        const { artifacts, images } = JSON.parse(await readFile(report, 'utf8'))
        expect(images).toMatchObject([
          { digest: crane('digest', tag).trim(), backend: 'buildx', base: { predicted: false } },
        ])
        const config = JSON.parse(crane('config', '--platform=linux/arm64', tag))
        expect(config).toMatchObject({
          architecture: 'arm64',
          config: {
            Entrypoint: ['/server'],
            User: '65532',
            ExposedPorts: { '8080/tcp': {} },
            Labels: { team: 'a "b" $c', 'org.opencontainers.image.version': 'v1.2.3' },
          },
        })
        for (const id of platforms) {
          const tar = join(dir, `${id.replaceAll('/', '-')}.tar`)
          crane('export', `--platform=${id}`, tag, tar)
          const sha = execFileSync('sh', ['-c', 'tar -xOf "$1" server | sha256sum', 'sh', tar], {
            encoding: 'utf8',
          }).split(' ')[0]
          expect(artifacts.find((item: { platform: string }) => item.platform === id)).toMatchObject({
            sha256: sha,
          })
        }
      },
      minutes(15),
    )

    it(
      'runs on arm64 under QEMU',
      () => {
        expect(docker(['run', '--rm', '--platform=linux/arm64', tag, '-version'])).toMatch(
          /^hello from linux\/arm64 v1\.2\.3 [0-9a-f]{40} 2023-11-14T22:13:20Z$/m,
        )
      },
      minutes(3),
    )
  },
)

describeWith(['engine', 'buildx', 'registry', 'bases', 'crane'], 'one program', () => {
  it(
    'has the same digest when it is built in two folders',
    async () => {
      const first = await onRig(
        await project({ ...helloGo, 'go.mod': 'module example.com/hello\n\ngo 1.21\n' }),
      )
      commit(first)
      const second = join(await temporaryFolder(), 'elsewhere')
      await cp(first, second, { recursive: true })
      const digests = []
      for (const [index, dir] of [first, second].entries()) {
        const tag = tagFor(`twice-${index}`)
        const result = await xbuild([`--tag=${tag}`, '--push'], { cwd: dir, env: rigEnvironment() })
        expect(result).toMatchObject({ code: 0 })
        expect(result.stderr).toContain('no provenance is attached')
        expect(platformsOf(crane('manifest', tag))).toEqual(['linux/amd64', 'linux/arm64'])
        digests.push(crane('digest', tag))
      }
      expect(digests[1]).toEqual(digests[0])
    },
    minutes(5),
  )

  it(
    'holds the new binary when only its content changed, not its size',
    async () => {
      const dir = await onRig(await project(helloGo))
      const tag = tagFor('same-size')
      const binaries = []
      for (const text of ['aaaaaaaa', 'bbbbbbbb']) {
        writeFileSync(join(dir, 'main.go'), helloGo['main.go'].replace('hello', text))
        const args = [`--tag=${tag}`, '--push', '--platform=linux/arm64', '--json']
        const { stdout } = await xbuild(args, { cwd: dir, env: rigEnvironment() })
        const { artifacts } = JSON.parse(stdout)
        const tar = join(dir, 'image.tar')
        crane('export', '--platform=linux/arm64', tag, tar)
        const sha = execFileSync('sh', ['-c', 'tar -xOf "$1" hello | sha256sum', 'sh', tar], {
          encoding: 'utf8',
        })
        expect(sha.split(' ')[0]).toBe(artifacts[0].sha256)
        binaries.push(artifacts[0])
      }
      expect(binaries[1].size).toBe(binaries[0].size)
      expect(binaries[1].sha256).not.toBe(binaries[0].sha256)
    },
    minutes(5),
  )

  it(
    'goes on builtin for 386, which no distroless base has',
    async () => {
      const dir = await project(helloGo)
      const result = await xbuild(['--platform=linux/386', '--base=builtin', '--json'], {
        cwd: dir,
        env: rigEnvironment(),
      })
      expect(result).toMatchObject({ code: 0 })
      expect(JSON.parse(result.stdout)).toMatchObject({
        platforms: ['linux/386'],
        images: [{ backend: 'oci' }],
      })
    },
    minutes(5),
  )

  it(
    'is not pushed when the base lacks a platform, and the tag stays where it was',
    async () => {
      const dir = await onRig(await project(helloGo))
      const tag = tagFor('unmoved')
      expect(
        await xbuild([`--tag=${tag}`, '--push', '--platform=linux/amd64'], {
          cwd: dir,
          env: rigEnvironment(),
        }),
      ).toMatchObject({ code: 0 })
      const before = crane('digest', tag)
      const base = `${rigValue('XBUILD_RIG_DISTROLESS')}/static-debian12:nonroot`
      const result = await xbuild(
        [`--tag=${tag}`, '--push', '--platform=linux/amd64,linux/riscv64', `--base=${base}`],
        { cwd: dir, env: rigEnvironment() },
      )
      expect(result).toMatchObject({ code: 2, stdout: '' })
      expect(result.stderr).toContain('linux/riscv64')
      expect(crane('digest', tag)).toBe(before)
    },
    minutes(5),
  )
})
