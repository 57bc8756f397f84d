import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { gitlabJob } from '../../src/init/write/ci.ts'
import { type FakeTools, fakeTools } from '../support/fake-tools.ts'
import { commit, project } from '../support/projects.ts'

const text = readFileSync(new URL('../../templates/ci/template.yml', import.meta.url), 'utf8')
const [spec, template] = parseAllDocuments(text).map(document => document.toJS()) as [
  { spec: { inputs: Record<string, { default: unknown }> } },
  Record<string, { variables?: Record<string, string>; before_script?: string[]; script?: string[] }>,
]

/** Runs the script of a job as GitLab's runner does: its lines one after the other in one shell that ends at an error. */
async function runJob(
  job: string,
  tools: FakeTools,
  cwd: string,
  env: Readonly<Record<string, string>>,
  inputs: Readonly<Record<string, string>> = {},
) {
  const base = template['.xbuild'] ?? {}
  const given: Record<string, unknown> = {
    ...Object.fromEntries(Object.entries(spec.spec.inputs).map(([name, input]) => [name, input.default])),
    ...inputs,
  }
  const fill = (value: string) =>
    value.replace(/\$\[\[ inputs\.(\w+) \]\]/g, (_, name: string) => {
      const input = given[name]
      return typeof input === 'string' ? input : JSON.stringify(input)
    })
  const predefined = {
    CI_PROJECT_DIR: cwd,
    CI_REGISTRY: 'registry.example.com',
    CI_DEFAULT_BRANCH: 'main',
    ...env,
  }
  const expand = (value: string) =>
    fill(value).replace(
      /\$(CI_\w+)/g,
      (_, name: string) => (predefined as Record<string, string>)[name] ?? '',
    )
  const variables = Object.entries({ ...base.variables, ...template[job]?.variables }).map(
    ([name, value]) => [name, expand(value)] as const,
  )
  const lines = [...(base.before_script ?? []), ...(template[job]?.script ?? [])].map(fill)
  await promisify(execFile)('sh', ['-euc', lines.join('\n')], {
    cwd,
    env: { PATH: tools.path, HOME: cwd, ...Object.fromEntries(variables), ...predefined },
  })
}

async function setUp() {
  const dir = await project({ 'go.mod': 'module example.com/app\n' })
  commit(dir)
  // The runner makes the repository from a template of its own, which has nothing but a config.
  await rm(join(dir, '.git/info'), { recursive: true, force: true })
  const tools = await fakeTools({
    xbuild: [
      { when: /^merge/, stdout: `registry.example.com/app@sha256:${'0'.repeat(64)}\n` },
      { when: /./, stdout: '' },
    ],
  })
  return { dir, tools }
}

const registry = {
  CI_REGISTRY_IMAGE: 'registry.example.com/app',
  CI_REGISTRY_USER: 'gitlab-ci-token',
  CI_REGISTRY_PASSWORD: 'pass word',
  CI_COMMIT_SHA: 'abc',
}
/** A tag of git, GitLab's slug of it, and the tag of the image. */
type TagCase = [tag: string, slug: string, pushed: string]
const tagCases: TagCase[] = [
  ['v1.2.3', 'v1-2-3', 'v1.2.3'],
  ['v1.2.3-rc.1', 'v1-2-3-rc-1', 'v1.2.3-rc.1'],
  ['cmd/app/V1.2_3+x', 'cmd-app-v1-2-3-x', 'cmd-app-V1.2_3-x'],
]
const onMain = { ...registry, CI_COMMIT_BRANCH: 'main', CI_COMMIT_REF_SLUG: 'main' }

describe('the template for GitLab', () => {
  test('pushes one platform by digest on the default branch', async () => {
    const { dir, tools } = await setUp()
    await runJob('xbuild-build', tools, dir, {
      ...onMain,
      XBUILD_PLATFORM: 'linux/arm/v7',
      CI_COMMIT_TAG: '',
    })
    const [build, prune] = await tools.calls('xbuild')
    expect(build?.args).toEqual([
      ...['build', '.', '--backend', 'oci', '--report', 'xbuild-report.json'],
      ...['--tag', 'registry.example.com/app:main,registry.example.com/app:abc', '--push-by-digest'],
      ...['--digest-file', 'xbuild-digests/linux-arm-v7.txt'],
    ])
    expect(build?.env['XBUILD_PLATFORM']).toBe('linux/arm/v7')
    expect(build?.env['GOCACHE']).toBe(join(dir, '.xbuild-cache/go-build'))
    expect(prune?.args.slice(0, 4)).toEqual(['ci', 'cache-paths', '.', '--prune'])
    const auths = JSON.parse(readFileSync(join(dir, '.xbuild-cache/docker/config.json'), 'utf8')).auths
    expect(Buffer.from(auths['registry.example.com'].auth, 'base64').toString()).toBe(
      'gitlab-ci-token:pass word',
    )
    expect(readFileSync(join(dir, '.git/info/exclude'), 'utf8')).toContain('/.xbuild-cache\n')
  })

  test('only builds a merge request, whatever its branch is called', async () => {
    const { dir, tools } = await setUp()
    const branch = 'x"; touch evil; $(touch evil) `touch evil`'
    const env = {
      ...onMain,
      CI_COMMIT_BRANCH: '',
      CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: branch,
      CI_COMMIT_TAG: '',
    }
    await runJob('xbuild-build', tools, dir, { ...env, XBUILD_PLATFORM: 'linux/amd64' })
    expect((await tools.calls('xbuild'))[0]?.args).not.toContain('--push-by-digest')
    expect(existsSync(join(dir, 'evil'))).toBe(false)
  })

  test('a tag with characters of a shell stays one word', async () => {
    const { dir, tools } = await setUp()
    const tag = 'v1;touch$IFS"evil"'
    const env = { ...registry, CI_COMMIT_TAG: tag, CI_COMMIT_BRANCH: '', CI_COMMIT_REF_SLUG: tag }
    await runJob('xbuild-build', tools, dir, { ...env, XBUILD_PLATFORM: 'linux/amd64' })
    const [build] = await tools.calls('xbuild')
    expect(build?.args[build.args.indexOf('--tag') + 1]).toContain(':v1-touch-IFS-evil-,')
    expect(existsSync(join(dir, 'evil'))).toBe(false)
  })

  test.each(tagCases)('pushes the tag %j, whose slug is %s, as %s', async (tag, slug, pushed) => {
    const { dir, tools } = await setUp()
    const env = { ...registry, CI_COMMIT_TAG: tag, CI_COMMIT_BRANCH: '', CI_COMMIT_REF_SLUG: slug }
    await runJob('xbuild-build', tools, dir, { ...env, XBUILD_PLATFORM: 'linux/amd64' })
    const [build] = await tools.calls('xbuild')
    const image = 'registry.example.com/app'
    expect(build?.args[build.args.indexOf('--tag') + 1]).toBe(`${image}:${pushed},${image}:abc`)
  })

  test('pushes the tags that it is given', async () => {
    const { dir, tools } = await setUp()
    const env = { ...onMain, CI_COMMIT_TAG: '', XBUILD_PLATFORM: 'linux/amd64' }
    await runJob('xbuild-build', tools, dir, env, { tags: '$CI_REGISTRY_IMAGE:edge' })
    const [build] = await tools.calls('xbuild')
    expect(build?.args[build.args.indexOf('--tag') + 1]).toBe('registry.example.com/app:edge')
  })

  test('merges what the jobs pushed, and verifies it', async () => {
    const { dir, tools } = await setUp()
    await mkdir(join(dir, 'xbuild-digests'))
    await writeFile(join(dir, 'xbuild-digests/linux-amd64.txt'), '')
    await runJob('xbuild-merge', tools, dir, { ...onMain, CI_COMMIT_TAG: '' })
    const calls = (await tools.calls('xbuild')).map(({ args }) => args.join(' '))
    expect(calls).toEqual([
      'merge --platform linux/amd64,linux/arm64 xbuild-digests',
      `verify registry.example.com/app@sha256:${'0'.repeat(64)}`,
    ])
  })

  test('fails where the merge does, and verifies nothing', async () => {
    const { dir, tools } = await setUp()
    await tools.add('xbuild', [{ when: /^merge/, exitCode: 6 }, { stdout: '' }])
    const failed = await runJob('xbuild-merge', tools, dir, onMain).catch(error => error)
    expect(failed.code).toBe(6)
    expect(await tools.calls('xbuild')).toHaveLength(1)
  })

  test('a cache that cannot be pruned fails no build that was pushed', async () => {
    const { dir, tools } = await setUp()
    await tools.add('xbuild', [{ when: /^ci cache-paths/, exitCode: 3 }, { stdout: '' }])
    await runJob('xbuild-build', tools, dir, { ...onMain, XBUILD_PLATFORM: 'linux/amd64', CI_COMMIT_TAG: '' })
    expect(await tools.calls('xbuild')).toHaveLength(2)
  })
})

test.each<TagCase>([...tagCases, ['', 'my-branch', 'my-branch']])(
  'the job that init writes pushes the tag %j, whose slug is %s, as %s',
  async (tag, slug, pushed) => {
    const { dir, tools } = await setUp()
    const facts = { image: '', branch: 'main', folder: '.', goFile: 'go.mod', zig: undefined }
    const { script } = parse(gitlabJob({ ...facts, language: 'go' }))['image-of-the-project']
    const branch = tag === '' ? 'main' : ''
    const env = { ...registry, CI_COMMIT_TAG: tag, CI_COMMIT_BRANCH: branch, CI_COMMIT_REF_SLUG: slug }
    await promisify(execFile)('sh', ['-euc', script.join('\n')], {
      cwd: dir,
      env: {
        ...env,
        PATH: tools.path,
        CI_PROJECT_DIR: join(dir, 'p'),
        CI_DEFAULT_BRANCH: 'main',
        CI_REGISTRY: 'r',
      },
    })
    const [build] = await tools.calls('xbuild')
    const tags = [pushed, 'abc'].flatMap(name => ['--tag', `registry.example.com/app:${name}`])
    expect(build?.args.slice(0, 5)).toEqual(['build', ...tags])
  },
)
