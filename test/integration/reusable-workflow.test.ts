import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseValues } from '../support/fake-github.ts'
import { fakeTools, type Reply } from '../support/fake-tools.ts'
import { needsTool } from '../support/needs-tool.ts'
import { temporaryFolder } from '../support/projects.ts'

interface Step {
  readonly id?: string
  readonly run?: string
}
const { jobs } = parse(
  readFileSync(new URL('../../.github/workflows/xbuild.yml', import.meta.url), 'utf8'),
) as { jobs: Record<string, { steps: Step[] }> }

/** Runs the script of a step as the runner does; what it set, and the folder that it ran in. */
async function runScript(job: string, id: string, env: Readonly<Record<string, string>>, path: string) {
  const cwd = await temporaryFolder()
  const output = join(cwd, 'output')
  const script = join(cwd, 'script.sh')
  await writeFile(output, '')
  await writeFile(script, jobs[job]?.steps.find(step => step.id === id)?.run ?? 'exit 99')
  const options = { cwd, env: { PATH: path, GITHUB_OUTPUT: output, ...env } }
  const code = await promisify(execFile)('bash', ['-e', script], options).then(
    () => 0,
    error => error.code as number,
  )
  return { code, outputs: parseValues(await readFile(output, 'utf8')), cwd }
}

describe('the plan of the reusable workflow', () => {
  const plan = (PLATFORMS: string, RUNNERS = '{}') =>
    runScript('plan', 'matrix', { PLATFORMS, RUNNERS, RUNNER: 'ubuntu' }, process.env['PATH'] ?? '')

  test('has a job for each platform, by comma or line, on the runner that is meant for it', async context => {
    needsTool(context, 'jq')
    const { outputs } = await plan('linux/amd64, linux/arm64\nlinux/arm/v7\n', '{"linux/arm64":"arm"}')
    expect(JSON.parse(outputs['matrix'] ?? '')).toEqual({
      include: [
        { platform: 'linux/amd64', name: 'linux-amd64', runner: 'ubuntu' },
        { platform: 'linux/arm64', name: 'linux-arm64', runner: 'arm' },
        { platform: 'linux/arm/v7', name: 'linux-arm-v7', runner: 'ubuntu' },
      ],
    })
    expect(outputs['platforms']).toBe('linux/amd64,linux/arm64,linux/arm/v7')
  })

  test('takes what is no platform for text', async context => {
    needsTool(context, 'jq')
    const { outputs, cwd } = await plan('";touch$IFS"evil"$(touch\tevil)`id`\nmatrix=evil')
    expect(Object.keys(outputs)).toEqual(['matrix', 'platforms'])
    expect(JSON.parse(outputs['matrix'] ?? '').include).toHaveLength(3)
    expect(existsSync(join(cwd, 'evil'))).toBe(false)
  })

  test('fails where the runners are not JSON', async context => {
    needsTool(context, 'jq')
    expect(await plan('linux/amd64', 'arm')).toMatchObject({ code: 5, outputs: {} })
  })
})

describe('the merge of the reusable workflow', () => {
  const refs = ['a', 'b'].map(letter => `r.io/${letter}@sha256:${letter.repeat(64)}`)
  const merge = async (...replies: Reply[]) => {
    const tools = await fakeTools({
      xbuild: [...replies, { when: /^merge/, stdout: `${refs.join('\n')}\n` }, { stdout: '' }],
    })
    const ran = await runScript('merge', 'merge', { PLATFORMS: 'linux/amd64,linux/arm64' }, tools.path)
    return { ...ran, calls: (await tools.calls('xbuild')).map(({ args }) => args.join(' ')) }
  }

  test('verifies every image, and gives the digest of the first', async () => {
    const { code, outputs, calls } = await merge()
    expect([code, outputs]).toEqual([0, { digest: `sha256:${'a'.repeat(64)}` }])
    expect(calls).toEqual([
      'merge --platform linux/amd64,linux/arm64 xbuild-digests',
      ...refs.map(ref => `verify ${ref}`),
    ])
  })

  test.each([/^merge/, /^verify r.io\/a/])('gives no digest where %s fails', async when => {
    expect(await merge({ when, exitCode: 6 })).toMatchObject({ code: 6, outputs: {} })
  })
})
