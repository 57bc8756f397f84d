import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { parse } from 'yaml'
import { readRemote } from '../../../src/init/read-project.ts'
import { addGitlabJob, type CiFacts, githubWorkflow } from '../../../src/init/write/ci.ts'
import { unifiedDiff } from '../../../src/init/write/diff.ts'
import { addTargets, includedText } from '../../../src/init/write/makefile.ts'
import { tomlText, tomlValue } from '../../../src/init/write/toml.ts'
import { needsTool } from '../../support/needs-tool.ts'

describe('values in TOML', () => {
  test.each([
    ['a "b" \\ \n\t\u007f ü', '"a \\"b\\" \\\\ \\n\\t\\u007f ü"'],
    [[], '[]'],
    [[1, 'a', true], '[1, "a", true]'],
    [{ 'a.b': 1, c: [] }, '{ "a.b" = 1, c = [] }'],
    [[{ a: 1 }], '[{ a = 1 }]'],
    [[{ a: 1 }, { a: 2 }], '[\n  { a = 1 },\n  { a = 2 },\n]'],
  ])('%j', async (value, text) => {
    expect(tomlValue(value)).toBe(text)
    const { default: toml } = await import('toml')
    expect(JSON.parse(JSON.stringify(toml.parse(`x = ${text}`)))).toEqual({ x: value })
  })

  test('a large table has lines of its own, below the keys of its table', () => {
    const value = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`NAME_${index}`, 'a value']))
    const text = tomlText([
      { table: 'image', key: 'env', value, from: 'Dockerfile:1' },
      { table: 'image', key: 'ports', value: [80], from: 'Dockerfile:2' },
    ])
    expect(text).toMatch(
      /\[image\]\n# .*\(Dockerfile:2\)\nports = \[80\]\n\n# .*\n\[image\.env\]\nNAME_0 = "a value"\n/,
    )
  })
})

describe('a patch', () => {
  test.each([
    [undefined, 'a\nb\n'],
    ['a\n', 'a\nb\n'],
    ['a', 'a\nb\n'],
    ['1\n2\n3\n4\n5\n6\n', '1\n2\n3\n4\n5\n6\n\n7\n'],
    ['1\n2\n3\n4\n5\n6\n7\n8\n', '1\n2\n3\nx\n5\n6\n7\n8\n'],
    ['a\n\n\n', 'a\n\nb'],
  ])('of %j to %j is one that git applies', (before, after) => {
    const dir = mkdtempSync(join(tmpdir(), 'diff-test-'))
    try {
      if (before !== undefined) writeFileSync(join(dir, 'file'), before)
      execFileSync('git', ['apply', '-'], { cwd: dir, input: unifiedDiff({ path: 'file', before, after }) })
      expect(readFileSync(join(dir, 'file'), 'utf8')).toBe(after)
    } finally {
      rmSync(dir, { recursive: true })
    }
  })
})

describe('Makefile targets', () => {
  const added = (before: string | undefined) => addTargets(before, 'ghcr.io/a/b')

  it('are a Makefile where there is none', () =>
    expect(added(undefined)).toMatchObject({
      text: expect.stringMatching(/^# Container images.*\nIMAGE \?= ghcr\.io\/a\/b\n/),
    }))

  it('come after all others, once', context => {
    needsTool(context, 'make')
    const before = 'all: ## default\n\tgo build\nIMAGE_TAG = x'
    const after = (added(before) as { text: string }).text
    expect(after.startsWith(`${before}\n\n`)).toBe(true)
    expect(after).toContain('xbuild --tag $(IMAGE):$(XBUILD_TAG) --push')
    expect(added(after)).toMatchObject({ kept: expect.any(String) })
    // Not as the make below another one, which `make test` is: that one says which folder it enters.
    const env = { PATH: process.env['PATH'] }
    const make = (...goals: string[]) =>
      execFileSync('make', ['-n', '-f', '-', ...goals], { input: after, encoding: 'utf8', env })
    expect(make()).toBe('go build\n')
    expect(make('image-push')).toMatch(/^xbuild --tag ghcr\.io\/a\/b:\S+ --push\n$/)
  })

  test.each([
    '.RECIPEPREFIX = >\nall:\n> go build\n',
    'image:\n\tdocker build .\n',
    '.PHONY: image\nimage image-push: x\n',
    'x:\n\txbuild --push\n',
  ])('%j stays as it is', before => expect(added(before)).toMatchObject({ kept: expect.any(String) }))
})

test('the targets and variables of included files count, as far as their names are known', () => {
  const files: Record<string, string> = {
    'common.mk': '-include mk/*.mk $(X)\ninclude common.mk\n',
    'mk/a.mk': 'IMAGE = x\n',
    'mk/b.mk': 'image:\n\techo mine\n',
  }
  const facts = {
    read: (path: string) => files[path],
    list: (path: string) => (path === 'mk' ? ['a.mk', 'b.mk', 'c.txt'] : []),
  }
  const makefile = 'include common.mk # ours\nall:\n'
  expect(addTargets(makefile, 'a/b', includedText(makefile, facts))).toEqual({
    kept: 'it has a target image already',
  })
  files['mk/b.mk'] = ''
  expect(addTargets(makefile, 'a/b', includedText(makefile, facts))).toMatchObject({
    text: expect.stringContaining('XBUILD_IMAGE ?= a/b'),
  })
})

const ci = (more: Partial<CiFacts> = {}): CiFacts => ({
  language: 'go',
  image: 'ghcr.io/a/b',
  branch: 'main',
  folder: '.',
  goFile: 'go.mod',
  zig: undefined,
  ...more,
})

describe('the CI job', () => {
  test.each(['go', 'rust', 'zig'] as const)('of GitHub for %s calls xbuild from PATH', language => {
    const text = githubWorkflow(ci({ language, folder: 'services/a', zig: '0.15.2' }))
    const workflow = parse(text)
    const runs = workflow.jobs.image.steps.map(({ run = '' }) => run) as string[]
    expect(runs.some(run => run.includes('--prune'))).toBe(true)
    expect(runs.find(run => run.includes('--push'))).toBe(
      'xbuild build services/a --tag "$IMAGE:$GITHUB_REF_NAME" --tag "$IMAGE:$GITHUB_SHA" --push --report "$RUNNER_TEMP/xbuild.json"',
    )
    expect(text).not.toMatch(/npx|\{\{\w+\}\}/)
  })

  it('of any folder and branch is YAML, and one argument for the shell', () => {
    const facts = ci({ folder: 'my app/$(x); y', branch: '1.0' })
    const { on, jobs } = parse(githubWorkflow(facts))
    expect(on.push.branches).toEqual(['1.0'])
    expect(jobs.image.steps[1].with['go-version-file']).toBe('my app/$(x); y/go.mod')
    expect(jobs.image.steps.find(({ name }: { name?: string }) => name === 'Build and push').run).toContain(
      "xbuild build 'my app/$(x); y' --tag ",
    )
    const { text } = addGitlabJob(undefined, facts) as { text: string }
    expect(parse(text)['image-of-the-project'].script[0]).toContain("xbuild build 'my app/$(x); y'")
  })

  test.each([
    [undefined, undefined],
    ['stages: [build, deploy]\na:\n  script: [x]\n', 'deploy'],
    ['stages:\n  - build # first\n  - ship\na:\n  script: [x]\n', 'ship'],
    ['a:\n  script: [x]\n', undefined],
    ['a:\n  script: [x]\nstages:\n  - build\n  - ship', 'ship'],
  ])('of GitLab behind %j is in the stage %s', (before, stage) => {
    const added = addGitlabJob(before, ci()) as { text: string }
    expect(parse(added.text)['image-of-the-project'].stage).toBe(stage)
    expect(parse(added.text)).toMatchObject(before === undefined ? {} : parse(before))
    expect(addGitlabJob(added.text, ci())).toMatchObject({ kept: expect.any(String) })
  })
})

test.each([
  ['git@github.com:Acme/App.git', 'github', 'ghcr.io/acme/app'],
  ['https://user:token@github.com/acme/app', 'github', 'ghcr.io/acme/app'],
  ['ssh://git@gitlab.com:22/a/b/c.git', 'gitlab', 'registry.gitlab.com/a/b/c'],
  ['https://gitlab.example.com/a/b', 'gitlab', 'registry.example.com/my-app'],
  ['/srv/git/app', undefined, 'registry.example.com/my-app'],
  ['', undefined, 'registry.example.com/my-app'],
])('the remote %s', (remote, host, image) => expect(readRemote(remote, 'My_App')).toEqual({ host, image }))
