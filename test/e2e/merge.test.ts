import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { type CliResult, xbuild } from '../support/cli.ts'
import type { MortalNode } from '../support/mortal-node.ts'
import { commit, helloGo, project } from '../support/projects.ts'
import { describeWith, rigValue } from '../support/rig.ts'
import { startTwoNodes } from '../support/two-nodes.ts'

const minutes = (count: number) => count * 60_000
const platforms = ['linux/amd64', 'linux/arm64']
const image = (name: string) => `${rigValue('XBUILD_RIG_REGISTRY')}/merge-e2e-${process.pid}/${name}`
const crane = (...args: string[]) =>
  execFileSync(rigValue('XBUILD_RIG_CRANE'), args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim()
const tags = (name: string) => {
  try {
    return crane('ls', image(name)).split('\n')
  } catch {
    return []
  }
}

describeWith(['engine', 'registry', 'bases', 'buildx', 'buildkit', 'crane'], 'one job per platform', () => {
  let dir: string
  let env: Record<string, string>
  let node: MortalNode
  const build = (name: string, backend: string, ...args: string[]) =>
    xbuild(
      [
        `--base=${rigValue('XBUILD_RIG_DISTROLESS')}/static-debian13:nonroot`,
        ...(backend === 'oci' ? ['--backend=oci'] : ['--backend=buildx', `--builder=${backend}`]),
        `--tag=${image(name)}:1`,
        '--annotation=org.opencontainers.image.vendor=me',
        ...args,
      ],
      { cwd: dir, env },
    )
  const right = ({ code, stdout, stderr }: CliResult) => {
    expect(code, stderr).toBe(0)
    return stdout.trim().split('@')[1] ?? ''
  }

  beforeAll(async () => {
    dir = await project(helloGo)
    commit(dir)
    ;({ env, node } = await startTwoNodes())
    return () => node.close()
  }, minutes(2))

  it.each(['oci', 'one'])(
    'by %s, joined, is what one job makes',
    async backend => {
      for (const platform of platforms.toReversed()) {
        const file = join(`digests-${backend}`, platform.replace('/', '-'))
        right(
          await build(
            `${backend}-jobs`,
            backend,
            `--platform=${platform}`,
            '--push-by-digest',
            `--digest-file=${file}`,
          ),
        )
      }
      expect(tags(`${backend}-jobs`)).not.toContain('1')
      const whole = right(await build(`${backend}-whole`, backend, '--push'))
      const merge = (...args: string[]) =>
        xbuild(['merge', `digests-${backend}`, `--platform=${platforms}`, ...args], { cwd: dir, env })
      expect(right(await merge())).toBe(whole)
      expect(crane('digest', `${image(`${backend}-jobs`)}:1`)).toBe(whole)

      if (backend === 'oci') return
      const other = `${image('one-jobs')}:2`
      expect(right(await merge('--backend=buildx', '--builder=one', `--tag=${other}`))).toBe(
        crane('digest', other),
      )
    },
    minutes(2),
  )

  it(
    'by two nodes of a builder is one image, and none where a node dies half way',
    async () => {
      const digest = right(await build('two', 'two', '--push', '--verify=strict'))
      expect(crane('digest', `${image('two')}:1`)).toBe(digest)
      // Another program, so that its file has to be sent.
      await writeFile(
        join(dir, 'main.go'),
        `package main

func main() { println(${process.pid}) }
`,
      )
      node.dieAfter(300_000)
      const { code, stderr } = await build('gone', 'two', '--push')
      expect(node.isDead()).toBe(true)
      expect(stderr).toMatch(/xbuild: The builder went away\n[\s\S]*fix.*inspect --bootstrap two/)
      expect(code).toBe(7)
      expect(tags('gone')).not.toContain('1')
    },
    minutes(2),
  )
})
