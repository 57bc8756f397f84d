import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { needsTool } from '../support/needs-tool.ts'
import { project, temporaryFolder } from '../support/projects.ts'

const program = fileURLToPath(new URL('../fixtures/cache-program.mjs', import.meta.url))

/** Cold, Go compiles its runtime: some thirty packages. */
test('a cache program of Go is asked, and its hits are reported', { timeout: 300_000 }, async context => {
  needsTool(context, 'go')
  const source = (word: string) => `package main\n\nfunc main() { println("${word}") }\n`
  const dir = await project({ 'go.mod': 'module example.com/app\n\ngo 1.24\n', 'main.go': source('one') })
  const kept = await temporaryFolder()
  await writeFile(
    join(dir, 'xbuild.toml'),
    `[cache]\ngo = ${JSON.stringify(`${process.execPath} ${program} ${kept}`)}\n`,
  )
  const build = async () => {
    const args = ['--backend=oci', '--base=scratch', '--platform=linux/amd64', '--report=report.json']
    expect(await xbuild(args, { cwd: dir })).toMatchObject({ code: 0 })
    return JSON.parse(await readFile(join(dir, 'report.json'), 'utf8')).compileCache
  }
  const cold = await build()
  expect(cold).toMatchObject({ program: 'node', hits: 0 })
  expect(cold.misses).toBeGreaterThan(10)
  await writeFile(join(dir, 'main.go'), source('two'))
  expect(await build()).toEqual({ program: 'node', hits: cold.misses - 1, misses: 1 })
  const summary = await xbuild(['ci', 'summary', '--report', 'report.json'], { cwd: dir })
  expect(summary.stdout).toContain(`had ${cold.misses - 1} of ${cold.misses}`)
})
