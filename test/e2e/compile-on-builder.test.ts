import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { xbuild } from '../support/cli.ts'
import type { MortalNode } from '../support/mortal-node.ts'
import { helloGo, project } from '../support/projects.ts'
import { describeWith, rigValue } from '../support/rig.ts'
import { firstNode, secondNode, startTwoNodes } from '../support/two-nodes.ts'

const minutes = (count: number) => count * 60_000
const image = (name: string) => `${rigValue('XBUILD_RIG_REGISTRY')}/compile-e2e-${process.pid}/${name}`
const crane = (...args: string[]) =>
  execFileSync(rigValue('XBUILD_RIG_CRANE'), args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

describeWith(
  ['engine', 'registry', 'bases', 'buildx', 'buildkit', 'crane', 'golang-image'],
  'a builder of two nodes that compiles',
  () => {
    let dir: string
    let env: Record<string, string>
    let node: MortalNode
    const build = (builder: string, ...args: string[]) =>
      xbuild(
        [
          `--base=${rigValue('XBUILD_RIG_DISTROLESS')}/static-debian13:nonroot`,
          ...['--compile-on=builder', `--builder=${builder}`, `--tag=${image('app')}:1`, ...args],
        ],
        { cwd: dir, env },
      )
    const cache = () => `type=registry,ref=${image('app')}:cache`
    const binaries = () =>
      Promise.all(['amd64', 'arm64'].map(arch => readFile(join(dir, `dist/linux_${arch}/hello`), 'base64')))
    /** The platforms whose compile a daemon has a cache of. */
    const compiled = (address: string, key: string) => {
      const text = execFileSync(rigValue('XBUILD_RIG_BUILDCTL'), ['--addr', address, 'du', '--verbose'], {
        encoding: 'utf8',
      })
      return [
        ...new Set(
          [...text.matchAll(/xbuild-go-build-(\w{12})-(linux_\w+)/g)].flatMap(([, id, platform]) =>
            id === key ? [platform] : [],
          ),
        ),
      ]
    }

    beforeAll(async () => {
      const toolchain = `[toolchain]\nimage = "${rigValue('XBUILD_RIG_GOLANG_IMAGE')}"\n`
      dir = await project({ ...helloGo, 'xbuild.toml': toolchain })
      ;({ env, node } = await startTwoNodes())
      return () => node.close()
    }, minutes(2))

    it(
      'compiles each platform on its own node, and gives the bytes of this machine',
      async () => {
        const plan = await build('two', '--dry-run')
        const [, key = ''] = /xbuild-go-build-(\w{12})-/.exec(plan.stdout) ?? []
        const { code, stdout, stderr } = await build('two', '--push', `--cache-to=${cache()},mode=max`)
        expect(code, stderr).toBe(0)
        expect(stdout).toContain(crane('digest', `${image('app')}:1`).trim())
        expect([firstNode, secondNode].map(address => compiled(address, key))).toEqual([
          ['linux_amd64'],
          ['linux_arm64'],
        ])
        const onBuilder = await binaries()
        expect((await xbuild(['--backend=oci', '--base=scratch'], { cwd: dir, env })).code).toBe(0)
        expect(onBuilder).toEqual(await binaries())
      },
      minutes(10),
    )

    it(
      'shares a cache of the registry: a node that never compiled a platform takes its binary from there',
      async () => {
        const before = await binaries()
        const { code, stderr } = await build('one', `--cache-from=${cache()}`, '--platform=linux/arm64')
        expect(code, stderr).toBe(0)
        expect(await readFile(join(dir, 'dist/logs/linux_arm64.log'), 'utf8')).toMatch(
          / RUN .*"go","build".* CACHED$/m,
        )
        expect(await binaries()).toEqual(before)
      },
      minutes(2),
    )

    it(
      'moves no tag where a node dies half way',
      async () => {
        const before = crane('digest', `${image('app')}:1`)
        await writeFile(join(dir, 'main.go'), `package main\n\nfunc main() { println(${process.pid}) }\n`)
        node.dieAfter(3000)
        const { code, stderr } = await build('two', '--push')
        expect(node.isDead()).toBe(true)
        expect(stderr).toMatch(
          /xbuild: The builder went away, for the compile with [\s\S]*fix.*inspect --bootstrap two/,
        )
        expect(code).toBe(7)
        expect(crane('digest', `${image('app')}:1`)).toBe(before)
      },
      minutes(2),
    )
  },
)
