import { execFile, execFileSync } from 'node:child_process'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, test } from 'vitest'
import { cliPath, xbuild } from '../support/cli.ts'
import { temporaryFolder } from '../support/projects.ts'

const exec = promisify(execFile)

describe('self-check', () => {
  it('makes, verifies and runs an image, without tools and without a trace', async () => {
    const folder = await temporaryFolder()
    const cache = join(folder, 'cache')
    const env = {
      PATH: '/nonexistent',
      TMPDIR: folder,
      XDG_CACHE_HOME: cache,
      DOCKER_HOST: 'tcp://127.0.0.1:1',
    }
    const [text, json] = [
      await xbuild(['self-check'], { env }),
      await xbuild(['self-check', '--json'], { env }),
    ]
    expect(text).toMatchObject({ code: 0, stderr: '' })
    expect(text.stdout).toMatch(
      /^xbuild \d.*\n✔ linux\/amd64 .*\n✔ linux\/arm64 .*\n✔ index {8}sha256:[0-9a-f]{64}/,
    )
    const found = JSON.parse(json.stdout)
    expect(found.image.platforms.map((one: { platform: string }) => one.platform)).toEqual([
      'linux/amd64',
      'linux/arm64',
    ])
    expect(text.stdout).toContain(found.digest)
    expect(found.ran).toBe(found.about.platform)
    expect(found.about.executable).toBe(false)
    expect((await readdir(folder)).filter(name => name.startsWith('xbuild-'))).toEqual([])
  })

  it('fails where what it packs does not run', async () => {
    const folder = await temporaryFolder()
    const preload = join(folder, 'preload.cjs')
    // A folder that is mounted noexec: nothing in it has the right to run.
    await writeFile(
      preload,
      `const fs = require('node:fs/promises'); const { writeFile } = fs; fs.writeFile = (path, data) => writeFile(path, data); require('node:module').syncBuiltinESMExports()`,
    )
    const { code, stderr } = await xbuild(['self-check'], {
      env: { TMPDIR: folder, NODE_OPTIONS: `--require=${preload}` },
    })
    expect(code).toBe(6)
    expect(stderr).toMatch(/does not run here[\s\S]*fix {4}set TMPDIR/)
    expect(await readdir(folder)).toEqual(['preload.cjs'])
  })
})

describe('cache', () => {
  const filled = async () => {
    const home = await temporaryFolder()
    await mkdir(join(home, 'xbuild/blobs/sha256'), { recursive: true })
    await writeFile(join(home, 'xbuild/blobs/sha256/a'), 'x'.repeat(1500))
    await mkdir(join(home, 'xbuild/layers'))
    await writeFile(join(home, 'xbuild/layers/b.json'), '{}')
    await writeFile(join(home, 'other'), 'not ours')
    return { home, env: { XDG_CACHE_HOME: home } }
  }

  it('says where it is and how large, and leaves it', async () => {
    const { home, env } = await filled()
    const { stdout } = await xbuild(['cache'], { env })
    expect(stdout).toMatch(
      /^.*\/xbuild\n {2}blobs +1\.5 kB +1 file +\S.*\n {2}layers +2 B +1 file .*\n1\.5 kB in all; xbuild cache --prune/m,
    )
    expect(await readdir(join(home, 'xbuild'))).toEqual(expect.arrayContaining(['blobs', 'layers']))
  })

  it('empties it with --prune, and touches nothing else', async () => {
    const { home, env } = await filled()
    const { stdout } = await xbuild(['cache', '--prune', '--json'], { env })
    expect(JSON.parse(stdout)).toMatchObject({ folder: join(home, 'xbuild'), size: 1502, removed: true })
    expect(await readdir(join(home, 'xbuild'))).toEqual([])
    expect(await readdir(home)).toEqual(['other', 'xbuild'])
    expect((await xbuild(['cache'], { env })).stdout).toBe(`${join(home, 'xbuild')}\n  empty\n`)
  })

  it('is empty where there is none', async () => {
    const home = await temporaryFolder()
    expect((await xbuild(['cache', '--prune'], { env: { XDG_CACHE_HOME: home } })).stdout).toContain('empty')
  })
})

describe('completion', () => {
  const script = () => execFileSync(process.execPath, [cliPath, 'completion', 'bash'], { encoding: 'utf8' })
  /** The words that bash offers for a line; its own word breaks split at "=" too. */
  const complete = async (...words: string[]) => {
    const list = words.map(word => `'${word}'`).join(' ')
    const program = `compopt() { :; }\n${script()}\nCOMP_WORDS=(xbuild ${list}); COMP_CWORD=${words.length}; _xbuild; printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout } = await exec('bash', ['-c', program], { cwd: await temporaryFolder() })
    return stdout.split('\n').filter(word => word !== '')
  }

  test.each([
    [['pl'], ['plan']],
    [['--back'], ['--backend']],
    [['--backend', 'o'], ['oci']],
    [['--backend', '=', 'o'], ['oci']],
    [
      ['--backend', '='],
      ['auto', 'buildx', 'oci'],
    ],
    [['verify', '--p'], ['--platform']],
    [
      ['plan', '--pu'],
      ['--push', '--push-by-digest'],
    ],
    [['cache', '--pu'], []],
    [['completion', 'z'], ['zsh']],
    [['--', '--pl'], []],
  ])('bash: xbuild %j', async (words, offered) => {
    expect(await complete(...words)).toEqual(offered)
  })

  it.each(['zsh', 'fish'])('%s has every command and flag', async shell => {
    const { stdout } = await xbuild(['completion', shell])
    const help = (await xbuild(['--help'])).stdout
    for (const [, flag] of help.matchAll(/--([a-z][a-z-]+)/g)) {
      if (!['version', 'help'].includes(flag as string) && !flag?.startsWith('no'))
        expect(stdout).toMatch(new RegExp(`${shell === 'fish' ? '-l ' : '--'}${flag}\\b`))
    }
    for (const command of ['build', 'plan', 'verify', 'self-check', 'cache'])
      expect(stdout).toContain(command)
  })

  it('zsh has no line that ends a list of arguments too early', async () => {
    expect((await xbuild(['completion', 'zsh'])).stdout).not.toMatch(/\\\n\s*\n/)
  })

  it('refuses another shell by name', async () => {
    const { code, stderr } = await xbuild(['completion', 'zhs'])
    expect(code).toBe(2)
    expect(stderr).toContain('did you mean zsh?')
  })
})

it('prints a manual page that names every command', async () => {
  const { stdout } = await xbuild(['man'])
  expect(stdout).toMatch(/^\.TH XBUILD 1 "" "xbuild \d/)
  for (const command of ['build', 'plan', 'verify', 'bench'])
    expect(stdout).toMatch(new RegExp(`^xbuild ${command}\\b`, 'm'))
  expect(stdout).toContain('\\-\\-cache\\-from VALUE')
  expect(stdout).not.toMatch(/^\.(?!TH|SH|SS|PP|TP|B |br)/m)
})
