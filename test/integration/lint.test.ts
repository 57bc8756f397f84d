import { spawnSync } from 'node:child_process'
import { chmod, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { mediaTypes } from '../../src/oci/manifest.ts'
import { xbuild } from '../support/cli.ts'
import { fakeTools } from '../support/fake-tools.ts'
import { type FaultRegistry, startFaultRegistry } from '../support/fault-registry.ts'
import { project, temporaryFolder } from '../support/projects.ts'

const wrong = 'FROM --platform=$BUILDPLATFORM alpine@sha256:0\nCMD ["sh"]\n'
const right = 'FROM alpine@sha256:0\nCMD ["sh"]\n'
const workflow = 'jobs:\n  a:\n    steps:\n      - uses: docker/login-action@v1\n'

/** A folder whose files git tracks, but for those named untracked. */
async function tracked(files: Record<string, string>): Promise<string> {
  const dir = await project(files)
  for (const args of [
    ['init', '-q'],
    ['add', '.'],
  ])
    spawnSync('git', args, { cwd: dir })
  return dir
}

const json = (stdout: string) =>
  (JSON.parse(stdout).findings as { file: string; line: number; ruleId: string; message: string }[]).map(
    ({ file, line, ruleId }) => `${file}:${line} ${ruleId}`,
  )

const open: FaultRegistry[] = []
afterEach(async () => {
  for (const registry of open.splice(0)) await registry.close()
})

describe('xbuild lint', () => {
  it('looks at what git tracks, and at nothing else', async () => {
    const dir = await tracked({
      Dockerfile: wrong,
      'ci/build.Dockerfile': wrong,
      'deploy/Containerfile': wrong,
      'Dockerfile.dockerignore': wrong,
      'Dockerfile.md': wrong,
      '.github/workflows/image.yml': workflow,
      '.github/dependabot.yml': workflow,
    })
    await writeFile(join(dir, 'Dockerfile.untracked'), wrong)
    await symlink('Dockerfile', join(dir, 'Dockerfile.link'))
    spawnSync('git', ['add', 'Dockerfile.link'], { cwd: dir })
    const { code, stdout, stderr } = await xbuild(['lint', '--format=json'], { cwd: dir })
    expect(json(stdout)).toEqual([
      '.github/workflows/image.yml:4 retired-action',
      'Dockerfile:1 final-stage-platform',
      'ci/build.Dockerfile:1 final-stage-platform',
      'deploy/Containerfile:1 final-stage-platform',
    ])
    expect(code).toBe(1)
    expect(stderr).toContain('3 errors, 1 warning in 4 files')
    const below = await xbuild(['lint', '--format=json', 'ci', 'Dockerfile.untracked'], { cwd: dir })
    expect(json(below.stdout)).toEqual([
      'ci/build.Dockerfile:1 final-stage-platform',
      'Dockerfile.untracked:1 final-stage-platform',
    ])
  })

  it('exits with 1 on what --fail-on names', async () => {
    const dir = await tracked({ Dockerfile: 'FROM alpine:3\nCMD ["sh"]\n' })
    const code = async (...args: string[]) => (await xbuild(['lint', ...args], { cwd: dir })).code
    expect(await code()).toBe(0)
    expect(await code('--fail-on=info')).toBe(1)
    await writeFile(join(dir, 'Dockerfile'), wrong)
    expect(await code()).toBe(1)
    expect(await code('--fail-on=none')).toBe(0)
  })

  it('corrects files in place, other bytes and the mode kept, twice the same as once', async () => {
    const bytes = Buffer.concat([
      Buffer.from('# caf\u00e9\r\n', 'latin1'),
      Buffer.from(wrong.replaceAll('\n', '\r\n')),
    ])
    const dir = await tracked({ Dockerfile: '' })
    const path = join(dir, 'Dockerfile')
    await writeFile(path, bytes)
    await chmod(path, 0o640)
    const first = await xbuild(['lint', '--fix'], { cwd: dir })
    expect(first).toMatchObject({ code: 0, stdout: '' })
    expect(first.stderr).toContain('1 corrected')
    const expected = Buffer.concat([
      Buffer.from('# caf\u00e9\r\n', 'latin1'),
      Buffer.from(right.replaceAll('\n', '\r\n')),
    ])
    expect(await readFile(path)).toEqual(expected)
    expect((await stat(path)).mode & 0o777).toBe(0o640)
    const second = await xbuild(['lint', '--fix'], { cwd: dir })
    expect(second.stderr).not.toContain('corrected')
    expect(await readFile(path)).toEqual(expected)
  })

  it('ignores what xbuild.toml says, and refuses a rule that is none', async () => {
    const dir = await tracked({
      Dockerfile: wrong,
      'xbuild.toml': '[lint]\nignore = ["final-stage-platform"]\n',
    })
    expect(await xbuild(['lint'], { cwd: dir })).toMatchObject({ code: 0, stdout: '' })
    await writeFile(join(dir, 'xbuild.toml'), '[lint]\nignore = ["final-stage-plattform"]\n')
    const { code, stderr } = await xbuild(['lint'], { cwd: dir })
    expect(code).toBe(2)
    expect(stderr).toContain('did you mean final-stage-platform?')
  })

  it('ignores what the xbuild.toml that is nearest to each file says', async () => {
    const ignore = '[lint]\nignore = ["final-stage-platform"]\n'
    const dir = await tracked({
      Dockerfile: wrong,
      'static/a.css': '',
      'xbuild.toml': ignore,
      'services/api/deploy/Dockerfile': wrong,
      'services/api/xbuild.toml': '[lint]\nignore = []\n',
    })
    const at = (folder: string) => join(dir, folder)
    const found = async (args: string[], folder = '.') =>
      json((await xbuild(['lint', ...args, '--format', 'json'], { cwd: at(folder) })).stdout)
    expect(await found([])).toEqual(['services/api/deploy/Dockerfile:1 final-stage-platform'])
    expect(await found(['../Dockerfile'], 'static')).toEqual([])
    await writeFile(at('xbuild.toml'), '')
    await writeFile(at('services/api/xbuild.toml'), ignore)
    expect(await found([])).toEqual(['Dockerfile:1 final-stage-platform'])
    expect(await found(['../../Dockerfile', 'deploy'], 'services/api')).toEqual([
      '../../Dockerfile:1 final-stage-platform',
    ])
    await writeFile(at('services/api/xbuild.toml'), ignore.replace('platform', 'plattform'))
    const { code, stderr } = await xbuild(['lint'], { cwd: dir })
    expect(code).toBe(2)
    expect(stderr).toContain('services/api/xbuild.toml, [lint] ignore')
  })

  it('takes the xbuild.toml of the current folder for a file that has none', async () => {
    const dir = await project({
      'a/xbuild.toml': '[lint]\nignore = ["final-stage-platform"]\n',
      'b/Dockerfile': wrong,
      'c/.git/HEAD': '',
      'c/Dockerfile': wrong,
      'xbuild.toml': '[lint]\nignore = []\n',
    })
    for (const file of ['../b/Dockerfile', '../c/Dockerfile'])
      expect(await xbuild(['lint', file], { cwd: join(dir, 'a') })).toMatchObject({ code: 0, stdout: '' })
  })

  it('explains a rule', async () => {
    const { code, stdout } = await xbuild(['lint', '--explain', 'matrix-one-tag'])
    expect(code).toBe(0)
    expect(stdout).toBe(await readFile('docs/lint/matrix-one-tag.md', 'utf8'))
    expect(await xbuild(['lint', '--explain', 'matrix-one'])).toMatchObject({ code: 2 })
  })

  it.each([
    ['a file that is not there', ['nothing'], 'nothing cannot be linted'],
    ['a folder without files of its kind', ['empty'], 'git tracks no Dockerfile'],
  ])('refuses %s', async (_, args, message) => {
    const dir = await tracked({ Dockerfile: right })
    await mkdir(join(dir, 'empty'))
    const { code, stderr } = await xbuild(['lint', ...args], { cwd: dir })
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })

  it('refuses a folder in no repository', async () => {
    const { code, stderr } = await xbuild(['lint'], { cwd: await temporaryFolder() })
    expect(code).toBe(2)
    expect(stderr).toContain('in no git repository')
  })
})

describe('bake files', () => {
  const bake = 'target "app" {\n  platforms = ["linux/amd64", "linux/arm64"]\n  output = ["type=docker"]\n}\n'

  it('are read by docker buildx bake --print', async () => {
    const printed = {
      target: { app: { platforms: ['linux/amd64', 'linux/arm64'], output: ['type=docker'] } },
    }
    const tools = await fakeTools({ docker: { stdout: JSON.stringify(printed) } })
    const dir = await tracked({ 'docker-bake.hcl': bake })
    const { code, stdout } = await xbuild(['lint', '--format=json'], { cwd: dir, env: { PATH: tools.path } })
    expect(json(stdout)).toEqual(['docker-bake.hcl:1 load-several-platforms'])
    expect(code).toBe(1)
    expect((await tools.calls('docker'))[0]?.args).toEqual([
      'buildx',
      'bake',
      '--print',
      '--progress=quiet',
      '--file',
      join(dir, 'docker-bake.hcl'),
      'app',
    ])
  })

  it('that buildx refuses are a finding', async () => {
    const tools = await fakeTools({
      docker: { exitCode: 1, stderr: 'ERROR: docker-bake.hcl:2,3: Unknown token\n' },
    })
    const dir = await tracked({ 'docker-bake.hcl': bake })
    const { stdout } = await xbuild(['lint', '--format=json'], { cwd: dir, env: { PATH: tools.path } })
    expect(JSON.parse(stdout).findings).toMatchObject([
      { ruleId: 'unreadable-file', message: 'docker-bake.hcl:2,3: Unknown token' },
    ])
  })

  it('are not looked at where buildx is not there, and that is said', async () => {
    const tools = await fakeTools({
      docker: { exitCode: 1, stderr: "docker: 'buildx' is not a docker command.\n" },
    })
    const dir = await tracked({ 'docker-bake.hcl': bake })
    const { code, stderr } = await xbuild(['lint'], { cwd: dir, env: { PATH: tools.path } })
    expect(code).toBe(0)
    expect(stderr).toContain('docker-bake.hcl was not looked at: docker buildx bake --print is not there')
  })
})

describe('--registry', () => {
  const index = (...platforms: string[]) => ({
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: platforms.map(platform => {
      const [os, architecture] = platform.split('/')
      return {
        mediaType: mediaTypes.manifest,
        digest: `sha256:${'0'.repeat(64)}`,
        size: 2,
        platform: { os, architecture },
      }
    }),
  })

  async function setUp(dockerfile: (host: string) => string, docker: Parameters<typeof fakeTools>[0]) {
    const registry = await startFaultRegistry()
    open.push(registry)
    registry.addManifest('all', mediaTypes.index, index('linux/amd64', 'linux/arm64'), '1')
    registry.addManifest('one', mediaTypes.index, index('linux/amd64'), '1')
    const tools = await fakeTools(docker)
    const dir = await tracked({ Dockerfile: dockerfile(registry.host) })
    const { stdout, stderr } = await xbuild(['lint', '--registry', '--format=json'], {
      cwd: dir,
      env: { PATH: tools.path },
    })
    const findings = JSON.parse(stdout).findings as { ruleId: string; line: number; message: string }[]
    return {
      findings: findings.filter(({ ruleId }) => ruleId !== 'moving-base-tag'),
      stderr,
      host: registry.host,
    }
  }
  const noBuildx = { docker: { exitCode: 1, stderr: 'unknown flag: --call\n' } }

  it('asks for each FROM and COPY --from whether it has every platform', async () => {
    const { findings, host, stderr } = await setUp(
      host => `FROM --platform=$BUILDPLATFORM ${host}/one:1 AS build
FROM ${host}/all:1
COPY --from=build /a /a
COPY --from=${host}/one:1 /b /b
COPY --from=${host}/none:1 /c /c
`,
      noBuildx,
    )
    expect(findings).toMatchObject([
      { ruleId: 'base-platform', line: 4, message: `${host}/one:1 has no linux/arm64: it has linux/amd64` },
      { ruleId: 'base-platform', line: 5, message: `There is no base image ${host}/none:1` },
    ])
    expect(stderr).toContain('BuildKit did not check Dockerfile: unknown flag: --call')
  })

  it('adds what BuildKit says, but nothing twice', async () => {
    const at = (line: number) => ({ ranges: [{ start: { line }, end: { line } }] })
    const answer = {
      warnings: [
        {
          ruleName: 'StageNameCasing',
          description: 'Stage names should be lowercase',
          detail: "Stage name 'A' should be lowercase",
          url: 'https://x.example',
          location: at(1),
        },
        { ruleName: 'RedundantTargetPlatform', description: 'redundant', location: at(1) },
        { ruleName: 'RedundantTargetPlatform', description: 'redundant', location: at(2) },
      ],
    }
    const { findings } = await setUp(host => `FROM --platform=$TARGETPLATFORM ${host}/all:1 AS A\nFROM a\n`, {
      docker: { exitCode: 1, stdout: JSON.stringify(answer) },
    })
    expect(findings.map(({ ruleId, line }) => `${line} ${ruleId}`)).toEqual([
      '1 buildkit/StageNameCasing',
      '1 redundant-target-platform',
      '2 buildkit/RedundantTargetPlatform',
    ])
  })

  it('is content where BuildKit is', async () => {
    const docker = { stdout: JSON.stringify({ warnings: null, sources: [] }) }
    const { findings, stderr } = await setUp(host => `FROM ${host}/all:1\n`, { docker })
    expect(findings).toEqual([])
    expect(stderr).not.toContain('BuildKit')
  })

  it('takes the failure to resolve a base for no finding', async () => {
    const answer = { warnings: null, buildError: { message: 'failed to resolve source metadata' } }
    const { findings, stderr } = await setUp(host => `FROM ${host}/all:1\n`, {
      docker: { exitCode: 1, stdout: JSON.stringify(answer) },
    })
    expect(findings).toEqual([])
    expect(stderr).toContain('BuildKit did not check Dockerfile: failed to resolve source metadata')
  })

  it('says which registry cannot be asked', async () => {
    const { findings } = await setUp(() => 'FROM 127.0.0.1:1/app:1\n', noBuildx)
    expect(findings).toMatchObject([
      {
        ruleId: 'base-platform',
        severity: 'warning',
        message: expect.stringContaining('could not be asked for 127.0.0.1:1/app:1'),
      },
    ])
  })
})
