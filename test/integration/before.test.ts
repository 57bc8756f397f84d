import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { fakeTools } from '../support/fake-tools.ts'
import { commit, project } from '../support/projects.ts'

/** A program whose page something has to make first, as a front end is made. */
const embedding = {
  'go.mod': 'module example.com/app\n\ngo 1.21\n',
  'main.go': [
    'package main',
    'import _ "embed"',
    '//go:embed web/page.html',
    'var page string',
    'func main() { print(page) }',
    '',
  ].join('\n'),
  'web/.keep': '',
}
const args = ['--backend=oci', '--base=scratch', '--platform=linux/amd64']
const steps =
  '[build]\nbefore = [["tool", "one", "a b"], { args = ["tool", "two"], cwd = "web", env = { MODE = "x" } }]\n'

/** Two steps of a tool, the second of which writes the page. */
async function withSteps(toml = steps, reply: object = {}) {
  const cwd = await project({ ...embedding, 'xbuild.toml': toml })
  const tools = await fakeTools({
    tool: [{ when: /^one/ }, { when: /^two/, files: { 'page.html': 'made' }, ...reply }],
  })
  return { cwd, tools, run: (...words: string[]) => xbuild(words, { cwd, env: { PATH: tools.path } }) }
}

describe('[build] before', () => {
  it('is run once, in order, each in its folder, before the project is read', async () => {
    const { cwd, tools, run } = await withSteps()
    const result = await run(...args)
    expect(result).toMatchObject({ code: 0 })
    expect(result.stderr).toMatch(/✔ .*tool one 'a b': .*\n\s*✔ .*tool two: .*\n[\s\S]*Go project/)
    expect((await tools.calls()).slice(0, 2)).toMatchObject([
      { args: ['one', 'a b'], cwd },
      { args: ['two'], cwd: join(cwd, 'web'), env: { MODE: 'x' } },
    ])
    expect(await readFile(join(cwd, 'dist/linux_amd64/app'), 'latin1')).toContain('made')
    const { stdout } = await run('--json', ...args)
    const titles = JSON.parse(stdout).commands.map(({ title }: { title: string }) => title)
    expect(titles).toEqual(["tool one 'a b'", 'tool two', 'Compile linux/amd64'])
  })

  it('may rewrite a file that git tracks: the version is that of the sources before', async () => {
    const { cwd, run } = await withSteps()
    await writeFile(join(cwd, 'web/page.html'), 'to be made')
    await writeFile(join(cwd, '.gitignore'), 'dist/\n')
    commit(cwd, 'v1.2.3')
    const version = async () => {
      const { stdout } = await run('--json', ...args)
      return JSON.parse(stdout).source.version
    }
    expect(await version()).toBe('v1.2.3')
    expect(await version()).toBe('v1.2.3-dirty')
  })

  it('is shown by plan and not run; --no-before leaves it out of both', async () => {
    const { cwd, tools, run } = await withSteps()
    await writeFile(join(cwd, 'web/page.html'), 'there already')
    const { stdout } = await run('plan', ...args)
    expect(stdout).toContain(`(cd ${cwd} && tool one 'a b')\n(cd ${join(cwd, 'web')} && MODE=x tool two)`)
    expect(stdout).toContain('the project is shown as it is now')
    expect(JSON.parse((await run('plan', '--json', ...args)).stdout).before).toEqual([
      { tool: 'tool', args: ['one', 'a b'], cwd },
      { tool: 'tool', args: ['two'], cwd: join(cwd, 'web'), env: { MODE: 'x' } },
    ])
    expect(JSON.parse((await run('plan', '--json', '--no-before', ...args)).stdout).before).toEqual([])
    expect(await run('--no-before', ...args)).toMatchObject({ code: 0 })
    await run('dockerfile', ...args)
    expect(await tools.calls()).toEqual([])
  })

  it('ends the build with its own output where a step fails', async () => {
    const { run } = await withSteps(steps, {
      exitCode: 3,
      stdout: 'from stdout\n',
      stderr: 'npm ERR! no page\n',
    })
    const { code, stdout, stderr } = await run('--json', ...args)
    expect(code).toBe(5)
    expect(stderr).toMatch(
      /tool two failed: it exited with 3\n.*xbuild\.toml:2:\d+\n[\s\S]*from stdout\n.*npm ERR! no page/,
    )
    expect(stderr).toContain('--no-before')
    expect(JSON.parse(stdout)).toMatchObject({ error: { kind: 'compile' } })
  })

  it.each([
    [
      'before = [["no-such-tool"]]',
      4,
      /no-such-tool was not found\n.*xbuild\.toml:2:11\n[\s\S]*install no-such-tool, or --no-before/,
    ],
    ['before = [["npm ci"]]', 4, /each word is an item of its own: \["npm","ci"\][\s\S]*fix the step, or/],
    ['before = [["cd", "web"]]', 4, /no shell runs it: \{ args = .*cwd = "web" \}/],
    ['before = [{ args = ["tool", "one"], cwd = "gone" }]', 2, /There is no folder .*gone/],
    ['before = ["npm ci"]', 2, /build\.before\.0: .*a command as a list of words/],
    ['before = [[]]', 2, /build\.before\.0: .*it is empty/],
    ['before = [{ args = ["a"], dir = "web" }]', 2, /build\.before\.0\.dir: unknown key/],
  ])('%s is refused', async (key, code, message) => {
    const { run } = await withSteps(`[build]\n${key}\n`)
    expect(await run(...args)).toMatchObject({ code, stderr: expect.stringMatching(message) })
  })
})

describe('what something has to make first', () => {
  it.each([
    ['a file to embed', embedding, 'main.go:3:12: pattern web/page.html: no matching files found'],
    [
      'a package of the module',
      {
        ...embedding,
        'main.go': 'package main\nimport "example.com/app/internal/pb"\nfunc main() { pb.X() }\n',
      },
      'main.go:2:8: no required module provides package example.com/app/internal/pb',
    ],
  ])('is named with its place, and with the key that makes it: %s', async (_, files, place) => {
    const { code, stderr } = await xbuild(args, { cwd: await project(files) })
    expect(code).toBe(3)
    expect(stderr).toContain(place)
    expect(stderr).toContain('before = [["go", "generate", "./..."]]')
  })

  it.each<[string, Record<string, string>, string]>([
    [
      'a front end in a folder, by its lock file',
      { 'web/package.json': '{"scripts":{"build":"vite build"}}', 'web/pnpm-lock.yaml': '' },
      'before = [{ args = ["pnpm", "install", "--frozen-lockfile"], cwd = "web" }, { args = ["pnpm", "run", "build"], cwd = "web" }]',
    ],
    [
      'a front end at the top, by the script that writes to the program',
      {
        'package.json': '{"scripts":{"build":"vite build","release":"vite build --outDir=../x"}}',
        'package-lock.json': '{}',
      },
      'before = [["npm", "ci"], ["npm", "run", "release"]]',
    ],
    [
      'a target of the Makefile',
      { Makefile: 'web/page.html: x\n\ttouch $@\n' },
      '[["make", "web/page.html"]]',
    ],
  ])('is made by %s', async (_, files, steps) => {
    const { stderr } = await xbuild(args, { cwd: await project({ ...embedding, ...files }) })
    expect(stderr).toContain(steps)
  })

  it('is not a module that go.mod lacks', async () => {
    const main = 'package main\nimport "example.org/other/pb"\nfunc main() { pb.X() }\n'
    const { code, stderr } = await xbuild(args, { cwd: await project({ ...embedding, 'main.go': main }) })
    expect(code).toBe(3)
    expect(stderr).not.toContain('go", "generate')
  })
})
