import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { helloGo, project } from '../support/projects.ts'

/** The names of the keys of a report; what a platform's variables, a command's environment and Go call theirs is not ours. */
function keysOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(keysOf)
  if (typeof value !== 'object' || value === null) return []
  const own = ['env', 'go', 'comparison', 'base']
  return Object.entries(value).flatMap(([key, inner]) => [key, ...(own.includes(key) ? [] : keysOf(inner))])
}

it('docs/report.md names every key of a report', async () => {
  const dir = await project(helloGo)
  const file = join(dir, 'report.json')
  const args = ['--backend=oci', '--base=builtin', '--platform=linux/amd64', `--report=${file}`]
  expect(await xbuild(args, { cwd: dir })).toMatchObject({ code: 0 })
  const page = await readFile(fileURLToPath(new URL('../../docs/report.md', import.meta.url)), 'utf8')
  const keys = [...new Set(keysOf(JSON.parse(await readFile(file, 'utf8'))))]
  expect(keys.length).toBeGreaterThan(40)
  expect(keys.filter(key => !page.includes(`\`${key}\``))).toEqual([])
})
