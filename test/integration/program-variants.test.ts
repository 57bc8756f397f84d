import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { PlanJson } from '../../src/build/plan-json.ts'
import { hostArch } from '../../src/util/host-arch.ts'
import { xbuild } from '../support/cli.ts'
import { commit, project } from '../support/projects.ts'

const main = (name: string) =>
  `package main\n\nimport "example.com/two/kind"\n\nvar flavor = "plain"\n\nfunc main() { println("${name}:", kind.Kind, flavor) }\n`

/** Two programs that share a package of two kinds; a third is only there with a tag. */
const files = {
  'go.mod': 'module example.com/two\n\ngo 1.21\n',
  'cmd/web/main.go': main('web'),
  'cmd/job/main.go': main('job'),
  'cmd/admin/main.go': `//go:build admin\n\n${main('admin')}`,
  'kind/small.go': '//go:build small\n\npackage kind\n\nconst Kind = "small"\n',
  'kind/big.go': '//go:build !small\n\npackage kind\n\nconst Kind = "big"\n',
}

const own = `platforms = ["linux/${hostArch()}"]\nbins = ["web", "job", "admin"]
[go]
vars = { "main.flavor" = "shared" }
[go.program.job]
tags = ["small"]
vars = { "main.flavor" = "of {name}" }
[go.program.admin]
tags = ["admin"]
`

const flags = ['--backend=oci', '--base=builtin']

describe('a program with settings of its own', () => {
  const run = promisify(execFile)
  const said = async (dir: string, name: string) => {
    const { stderr } = await run(join(dir, `dist/linux_${hostArch()}/${name}`))
    return stderr.trim()
  }

  it('is compiled with them, and no other program is; a change of them is seen', async () => {
    const dir = await project({ ...files, 'xbuild.toml': own })
    commit(dir, 'v1.0.0')
    const { stdout } = await xbuild(['plan', '--json', ...flags], { cwd: dir })
    const { steps } = JSON.parse(stdout) as PlanJson
    const arch = hostArch()
    expect(steps.map(({ title }) => title)).toEqual([
      `Compile linux/${arch}`,
      `Compile job for linux/${arch}`,
      `Compile admin for linux/${arch}`,
    ])
    const built = await xbuild(flags, { cwd: dir })
    expect(built.code, built.stderr).toBe(0)
    expect(await Promise.all(['web', 'job', 'admin'].map(name => said(dir, name)))).toEqual([
      'web: big shared',
      'job: small of job',
      'admin: big shared',
    ])
    await writeFile(join(dir, 'xbuild.toml'), own.replace('tags = ["small"]', 'tags = []'))
    const again = await xbuild(flags, { cwd: dir })
    expect(again.code, again.stderr).toBe(0)
    expect(await said(dir, 'job')).toBe('job: big of job')
  })

  it.each([
    ['[go.program.jobb]\ntags = ["x"]', 'did you mean job?', 'xbuild.toml:1:'],
    ['[go.program.elephant]\ncgo = false', 'the project has', 'xbuild.toml:1:'],
  ])('refuses %s', async (toml, why, where) => {
    const dir = await project({ ...files, 'xbuild.toml': toml })
    const { code, stderr } = await xbuild(['plan', '--bin=web', ...flags], { cwd: dir })
    expect([code, stderr]).toEqual([2, expect.stringContaining(why)])
    expect(stderr).toContain(where)
  })
})
