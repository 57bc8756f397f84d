import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { mediaTypes } from '../../../src/oci/manifest.ts'
import { loggedTools } from '../logged-tools.ts'
import { needsTool } from '../needs-tool.ts'
import { commit, helloGo, project, temporaryFolder } from '../projects.ts'
import {
  asked,
  docker,
  helped,
  helper,
  inProcess,
  openRegistry,
  type RowTests,
  ran,
  registryWithLogin,
  runs,
} from './run.ts'

/** The others. */
export const others: RowTests = {
  'doctor: docker info': async () => {
    const tools = await loggedTools({ docker, go: { stdout: 'go version go1.26.8 linux/amd64\n' } })
    const { own } = await runs(tools, await temporaryFolder(), ['doctor', '--base=builtin'])
    expect(own.some(call => call.startsWith('docker info'))).toBe(true)
    const changing = /^docker (run|buildx create)|^rustup target/
    expect(own.filter(call => changing.test(call))).toEqual([])
    // Nobody is there to agree.
    const fixed = await runs(tools, await temporaryFolder(), ['doctor', '--base=builtin', '--fix'])
    expect(fixed.own.filter(call => changing.test(call))).toEqual([])
  },

  'init: --prove': async context => {
    needsTool(context, 'go')
    const tools = await loggedTools({
      docker: [...docker.slice(0, -1), { exitCode: 1, stderr: 'ERROR: no' }],
    })
    const files = { ...helloGo, Dockerfile: 'FROM golang\nRUN touch ran\nENTRYPOINT ["/hello"]\n' }
    const dir = await project(files)
    const without = await runs(tools, dir, ['init', '--yes', '--ci=none'])
    expect(without.own.filter(call => call.startsWith('docker'))).toEqual([])
    const { own } = await runs(tools, await project(files), ['init', '--yes', '--ci=none', '--prove'])
    expect(own.some(call => call.startsWith('docker buildx build'))).toBe(true)
    expect(ran(dir)).toBe(false)
  },

  'merge push: docker buildx imagetools create': async context => {
    needsTool(context, 'go')
    const tools = await loggedTools({ docker, 'docker-credential-test': helped })
    const dir = await project(helloGo)
    const registry = await registryWithLogin()
    const env = { DOCKER_CONFIG: await helper(registry) }
    await runs(tools, dir, ['build', ...inProcess, '--output=image.tar'])
    const pushed = await runs(tools, dir, ['push', 'image.tar', `--tag=${registry.host}/a:1`], env)
    expect(pushed).toMatchObject({ code: 0, own: [asked] })
    const [, digest] = /(sha256:\w{64})/.exec(pushed.stdout) ?? []
    const merge = ['merge', `${registry.host}/a@${digest}`, `--tag=${registry.host}/a:2`]
    expect(await runs(tools, dir, merge, env)).toMatchObject({ code: 0, own: [asked] })
    const { own } = await runs(tools, dir, [...merge, '--backend=buildx'], env)
    expect(own).toEqual([asked, expect.stringMatching(/^docker buildx imagetools create /)])
  },

  'lint: git rev-parse': async context => {
    needsTool(context, 'git')
    const tools = await loggedTools({ docker: [{ when: /bake/, stdout: '{}' }, { exitCode: 1 }] })
    const registry = await openRegistry()
    registry.addManifest('base', mediaTypes.index, { schemaVersion: 2, manifests: [] }, '1')
    const dir = await project({
      Dockerfile: `FROM ${registry.host}/base:1\nRUN touch ran\n`,
      'docker-bake.hcl': 'target "app" {}\n',
    })
    commit(dir)
    const config = await readFile(join(dir, '.git/config'), 'utf8')
    await writeFile(join(dir, '.git/config'), `${config}[core]\n\tfsmonitor = "!touch ${dir}/ran"\n`)
    const { own } = await runs(tools, dir, ['lint', '--registry'])
    for (const call of ['git ls-files', 'docker buildx bake --print', 'docker buildx build --call=check']) {
      expect(own.some(line => line.startsWith(call))).toBe(true)
    }
    expect(ran(dir)).toBe(false)
  },

  'verify cache completion man: credential helpers': async () => {
    const tools = await loggedTools({ docker, 'docker-credential-test': helped })
    const registry = await registryWithLogin()
    const env = { DOCKER_CONFIG: await helper(registry) }
    const dir = await temporaryFolder()
    const commands = [['verify', `${registry.host}/none:1`], ['cache'], ['completion', 'bash'], ['man']]
    const calls: string[] = []
    for (const args of commands) calls.push(...(await runs(tools, dir, args, env)).own)
    expect(calls).toEqual([asked])
  },

  "self-check: a program of xbuild's own": async () => {
    const tools = await loggedTools({ docker })
    const { own, code } = await runs(tools, await temporaryFolder(), ['self-check'])
    expect([own, code]).toEqual([[], 0])
  },
}
