import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { project } from '../support/projects.ts'

const main = 'package main\n\nfunc main() {}\n'
const several = {
  'go.mod': 'module example.com/several\n\ngo 1.21\n',
  'xbuild.toml': 'bins = ["one", "two"]\nplatforms = ["linux/amd64", "linux/arm64", "linux/arm/v7"]\n',
  'cmd/one/main.go': main,
  'cmd/two/main.go': main,
}

describe('xbuild ci matrix', () => {
  it('spreads the programs and platforms of the project by what a report says', async () => {
    const dir = await project(several)
    const artifacts = ['linux/amd64', 'linux/arm64', 'linux/arm/v7'].map((platform, index) => ({
      name: 'one',
      platform,
      seconds: [30, 8, 9][index],
    }))
    await writeFile(join(dir, 'report.json'), JSON.stringify({ artifacts }))
    const { code, stdout, stderr } = await xbuild(['ci', 'matrix', '--json', '-j2', '--report=report.json'], {
      cwd: dir,
    })
    expect(code, stderr).toBe(0)
    expect(JSON.parse(stdout).include).toMatchObject([
      { platform: 'linux/amd64', args: '--platform=linux/amd64 --bin=one --bin=two' },
      { job: 'linux-arm64_linux-arm-v7', platform: 'linux/arm64,linux/arm/v7' },
    ])
  })

  it('goes on without a report that is not there yet', async () => {
    const dir = await project(several)
    const { code, stdout, stderr } = await xbuild(['ci', 'matrix', '--report=none.json'], { cwd: dir })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^3 jobs\nlinux-amd64/)
    expect(stderr).toContain('none.json is not there')
  })

  it.each([
    [['ci', 'matrx'], 'did you mean matrix?'],
    [['ci'], 'xbuild ci needs an argument'],
    [['ci', 'matrix', '-j0'], '--jobs 0 is not a number of jobs'],
    [['ci', 'matrix', '--bin=non'], 'There is no executable "non"'],
  ])('%s is refused', async (args, text) => {
    const { code, stderr } = await xbuild(args, { cwd: await project(several) })
    expect(stderr).toContain(text)
    expect([2, 3]).toContain(code)
  })
})
