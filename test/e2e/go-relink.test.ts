import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { helloGo, project, temporaryFolder } from '../support/projects.ts'

const goEnv = (name: string) => execFileSync('go', ['env', name], { encoding: 'utf8' }).trim()
const minutes = (count: number) => count * 60_000

/** Builds for arm64, and says which binary came out and whether go linked it. */
async function build(dir: string, env: Record<string, string> = {}) {
  const args = ['--backend=oci', '--base=scratch', '--platform=linux/arm64', '--json', '--', '-x']
  const result = await xbuild(args, { cwd: dir, env: { GOCACHE: goEnv('GOCACHE'), ...env } })
  expect(result, result.stderr).toMatchObject({ code: 0 })
  const [{ sha256, path }] = JSON.parse(result.stdout).artifacts
  const linked = /\/link(\.exe)? -o /.test(readFileSync(join(dir, 'dist/logs/linux_arm64.log'), 'utf8'))
  return { sha256, path, linked }
}

it(
  'a Go program is linked again when it or what was kept of it has changed, and only then',
  async () => {
    const dir = await project(helloGo)
    const first = await build(dir)
    expect(first.linked).toBe(true)
    expect(await build(dir)).toEqual({ ...first, linked: false })

    const bytes = readFileSync(first.path)
    writeFileSync(first.path, bytes.fill(0, bytes.length - 100))
    expect(await build(dir)).toEqual(first)

    writeFileSync(join(dir, 'main.go'), helloGo['main.go'].replace('hello', 'other'))
    const second = await build(dir)
    expect(second).toMatchObject({ linked: true })
    expect(second.sha256).not.toBe(first.sha256)
  },
  minutes(5),
)

it(
  'a Go program is the same from a toolchain, a home and a cache in other folders',
  async () => {
    const dir = await project(helloGo)
    const elsewhere = await temporaryFolder()
    const root = join(elsewhere, 'go')
    cpSync(goEnv('GOROOT'), root, { recursive: true })
    const copy = join(elsewhere, 'copy')
    cpSync(dir, copy, { recursive: true })
    const env = {
      GOROOT: root,
      PATH: `${root}/bin:${process.env['PATH']}`,
      HOME: elsewhere,
      GOPATH: join(elsewhere, 'path'),
      GOCACHE: join(elsewhere, 'cache'),
    }
    expect((await build(copy, env)).sha256).toBe((await build(dir)).sha256)
  },
  minutes(10),
)
