import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { PlanJson } from '../../src/build/plan-json.ts'
import { xbuild } from '../support/cli.ts'
import { commit, project } from '../support/projects.ts'

/** A program with two kinds, and a variable that the linker can set. */
const twoKinds = {
  'go.mod': 'module example.com/kinds\n\ngo 1.21\n',
  'main.go': 'package main\n\nvar flavor = "plain"\n\nfunc main() { println("kind:", kind, flavor) }\n',
  'small.go': '//go:build small\n\npackage main\n\nconst kind = "of-the-small-kind"\n',
  'big.go': '//go:build !small\n\npackage main\n\nconst kind = "of-the-big-kind"\n',
  'xbuild.toml': `
    platforms = ["linux/amd64", "linux/armv7", "linux/arm/v6"]
    [go.platform."linux/arm/v7"]
    tags = ["small"]
    vars = { "main.flavor" = "for {platform}" }
    env = { GOEXPERIMENT = "" }
  `,
}

describe('a platform with settings of its own', () => {
  it('has them in the plan and in its binary, and no other has', async () => {
    const dir = await project(twoKinds)
    commit(dir, 'v1.0.0')
    const flags = ['--backend=oci', '--base=builtin']
    const { stdout } = await xbuild(['plan', '--json', ...flags], { cwd: dir })
    const { steps } = JSON.parse(stdout) as PlanJson
    expect(steps.map(({ title, command }) => [title, command.args.includes('-tags=small')])).toEqual([
      ['Compile linux/amd64', false],
      ['Compile linux/arm/v7', true],
      ['Compile linux/arm/v6', false],
    ])
    const built = await xbuild(flags, { cwd: dir })
    expect(built.code, built.stderr).toBe(0)
    const kinds = await Promise.all(
      ['amd64', 'arm_v7', 'arm_v6'].map(async folder => {
        const text = await readFile(join(dir, `dist/linux_${folder}/kinds`), 'latin1')
        return ['of-the-small-kind', 'of-the-big-kind', 'for linux/arm/v7'].filter(word =>
          text.includes(word),
        )
      }),
    )
    expect(kinds).toEqual([
      ['of-the-big-kind'],
      ['of-the-small-kind', 'for linux/arm/v7'],
      ['of-the-big-kind'],
    ])
  })
})
