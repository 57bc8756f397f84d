import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { cacheCommand } from '../../src/commands/cache.ts'
import { doctorCommand } from '../../src/commands/doctor.ts'
import { initCommand } from '../../src/commands/init.ts'
import { benchBoundFlags, buildFlags, outputFlags } from '../../src/config/flags.ts'
import { parseConfig } from '../../src/config/load.ts'
import { exitCodes } from '../../src/errors.ts'
import { platforms } from '../../src/platforms.ts'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const [, sample = ''] = /```toml\n([\s\S]*?)```/.exec(readme) ?? []

test('the sample xbuild.toml is one', async () => {
  expect(await parseConfig(sample, 'README.md')).toMatchObject({
    image: { registry: 'mirror.example.com/distroless', files: [{ from: 'config.yaml' }] },
    build: { before: [['npm', 'ci'], { cwd: 'web' }] },
  })
})

test('every flag that it shows with xbuild is one', () => {
  const known = Object.keys({
    ...buildFlags,
    ...benchBoundFlags,
    ...outputFlags,
    ...doctorCommand.flags,
    ...initCommand.flags,
    ...cacheCommand.flags,
    report: 0,
    bench: 0,
    'dry-run': 0,
    timings: 0,
    help: 0,
  })
  const shown = readme.matchAll(/(?<![\w-])--([a-z][a-z-]+)/g)
  // npm's, a Dockerfile's, and those of the sample's own program
  const others = ['global', 'silent', 'from', 'listen']
  const unknown = [...shown]
    .map(([, flag = '']) => flag)
    .filter(flag => ![...known, ...others].includes(flag))
  expect(unknown).toEqual([])
})

test('the exit codes are those of the program', () => {
  const [, table = ''] = /## Exit codes\n([\s\S]*?)\n## /.exec(readme) ?? []
  const codes = [...table.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code))
  expect(codes).toEqual(Object.values(exitCodes).sort((a, b) => a - b))
})

test('the platforms are those of the table, under the names of each toolchain', () => {
  const [, table = ''] = /## Platforms\n([\s\S]*?)\n## /.exec(readme) ?? []
  for (const { id, go, rust } of platforms.filter(({ baseline }) => !baseline)) {
    const row = table.split('\n').find(line => line.startsWith(`| ${id} |`)) ?? ''
    const level = Object.entries(go).find(([name]) => name !== 'GOARCH')
    if (level) expect(row).toContain(level.join('='))
    expect(row).toContain(rust.musl)
  }
})
