import { spawnSync } from 'node:child_process'
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/projects.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** An installation of its own, and the file of it that holds the program. */
async function install() {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'bin'))
  await mkdir(join(folder, 'dist'))
  const entry = await readFile(join(root, 'dist/cli.cjs'), 'utf8')
  const main = `dist/${/main-\w+\.cjs/.exec(entry)?.[0]}`
  const files = ['package.json', 'bin/package.json', 'bin/xbuild.js', 'dist/cli.cjs', main]
  await Promise.all(files.map(name => copyFile(join(root, name), join(folder, name))))
  const run = () =>
    spawnSync(process.execPath, [join(folder, 'bin/xbuild.js'), 'cache'], {
      encoding: 'utf8',
      env: { ...process.env, XDG_CACHE_HOME: join(folder, 'cache') },
    })
  return { folder, main: join(folder, main), run }
}

describe('an installation', () => {
  it.each<[string, (main: string) => Promise<unknown>]>([
    ['lacks its program', main => rm(main)],
    ['has half of it', async main => writeFile(main, (await readFile(main)).subarray(0, 100_000))],
    ['has none of it', main => writeFile(main, '')],
  ])('that %s says so, also where it was started before', async (_, damage) => {
    const { main, run } = await install()
    expect(run().status).toBe(0)
    await damage(main)
    const { status, stderr } = run()
    expect(stderr).toMatch(/^xbuild: xbuild itself cannot be loaded: .*\n {2}why .*\n {2}fix .*\n$/)
    expect(status).toBe(4)
  })

  it.each<[string, (cache: string) => Promise<unknown>]>([
    ['is a file', cache => writeFile(cache, '')],
    ['has a file in its place', cache => mkdir(cache).then(() => writeFile(join(cache, 'xbuild'), ''))],
  ])('runs where the cache folder %s', async (_, spoil) => {
    const { folder, run } = await install()
    await spoil(join(folder, 'cache'))
    expect(run().stderr).not.toMatch(/\n\s+at /)
  })
})
