import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { findCredentials } from '../../../src/registry/credentials.ts'
import { failureOf, textOf } from '../../support/failure-of.ts'
import { fakeTools, type Reply } from '../../support/fake-tools.ts'

const root = await mkdtemp(join(tmpdir(), 'credentials-'))
afterAll(() => rm(root, { recursive: true, force: true }))

let counter = 0
/** The environment of a folder that holds this configuration. */
async function configured(config: unknown): Promise<{ DOCKER_CONFIG: string }> {
  const folder = join(root, String(++counter))
  await mkdir(folder)
  await writeFile(join(folder, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config))
  return { DOCKER_CONFIG: folder }
}

const auth = Buffer.from('me:pass:word').toString('base64')
const me = { username: 'me', password: 'pass:word' }

describe('the configuration file', () => {
  it.each([
    ['ghcr.io', { auths: { 'ghcr.io': { auth } } }, me],
    ['ghcr.io', { auths: { 'https://ghcr.io': { auth } } }, me],
    ['ghcr.io', { auths: { 'https://ghcr.io/v2/': { auth } } }, me],
    ['localhost:5000', { auths: { 'http://localhost:5000': { auth } } }, me],
    ['docker.io', { auths: { 'https://index.docker.io/v1/': { auth } } }, me],
    ['docker.io', { auths: { 'ghcr.io': { auth } } }, undefined],
    ['ghcr.io', { auths: { 'ghcr.io': { username: 'me', password: 'pass:word' } } }, me],
    ['ghcr.io', { auths: { 'ghcr.io': { auth, identitytoken: 't' } } }, { identityToken: 't' }],
    ['ghcr.io', { auths: { 'ghcr.io': { registrytoken: 't' } } }, { registryToken: 't' }],
    ['ghcr.io', { auths: { 'ghcr.io': {} } }, undefined],
    ['ghcr.io', { auths: { 'evil-ghcr.io': { auth }, 'ghcr.io.evil.com': { auth } } }, undefined],
    ['ghcr.io', { auths: [] }, undefined],
    ['ghcr.io', {}, undefined],
    ['ghcr.io', [], undefined],
  ])('for %s: %j', async (registry, config, expected) => {
    expect(await findCredentials(registry, { env: await configured(config) })).toEqual(expected)
  })

  it('may be absent', async () => {
    expect(await findCredentials('ghcr.io', { env: { DOCKER_CONFIG: join(root, 'none') } })).toBeUndefined()
  })

  it('is named when it is damaged, and not quoted', async () => {
    for (const config of [
      '{"auths":{"ghcr.io":{"auth":"c2VjcmV0"',
      { auths: { 'ghcr.io': { auth: 'c2VjcmV0' } } },
    ]) {
      const env = await configured(config)
      const failure = await failureOf(findCredentials('ghcr.io', { env }))
      expect(failure).toMatchObject({ kind: 'registry', where: join(env.DOCKER_CONFIG, 'config.json') })
      expect(textOf(failure)).not.toMatch(/c2VjcmV0|secret/)
    }
  })
})

describe('credential helpers', () => {
  const secret = 'hunter2-secret'
  const right: Reply = { stdout: JSON.stringify({ ServerURL: 'x', Username: 'me', Secret: secret }) }

  const ask = async (config: object, replies: Record<string, Reply>, registry = 'ghcr.io') => {
    const tools = await fakeTools(replies)
    const env = { ...(await configured(config)), PATH: tools.path }
    return { answer: findCredentials(registry, { env, helperTimeout: 5 }), tools }
  }

  it('gives what the helper of the registry says, before the store', async () => {
    const config = { credHelpers: { 'ghcr.io': 'own' }, credsStore: 'all', auths: { 'ghcr.io': { auth } } }
    const { answer, tools } = await ask(config, {
      'docker-credential-own': right,
      'docker-credential-all': {},
    })
    expect(await answer).toEqual({ username: 'me', password: secret })
    expect(await tools.calls()).toMatchObject([{ tool: 'docker-credential-own', args: ['get'] }])
  })

  it('asks nobody for a registry whose helper is empty, as docker does', async () => {
    const config = { credHelpers: { 'ghcr.io': '' }, credsStore: 'all', auths: { 'ghcr.io': { auth } } }
    const { answer, tools } = await ask(config, { 'docker-credential-all': right })
    expect(await answer).toEqual({ username: 'me', password: 'pass:word' })
    expect(await tools.calls()).toEqual([])
  })

  it('asks the store for a registry without a helper, for Docker Hub under its old name', async () => {
    const config = { credHelpers: { 'quay.io': 'own' }, credsStore: 'all' }
    const script: Reply = {
      script: (_call, { fs }) => {
        const asked = fs.readFileSync(0, 'utf8').trim()
        process.stdout.write(JSON.stringify({ ServerURL: asked, Username: asked, Secret: 's' }))
      },
    }
    const { answer } = await ask(config, { 'docker-credential-all': script }, 'docker.io')
    expect(await answer).toEqual({ username: 'https://index.docker.io/v1/', password: 's' })
  })

  it('knows an identity token', async () => {
    const reply = { stdout: JSON.stringify({ Username: '<token>', Secret: 't' }) }
    const { answer } = await ask({ credsStore: 'all' }, { 'docker-credential-all': reply })
    expect(await answer).toEqual({ identityToken: 't' })
  })

  it('looks on in the file when the store has none', async () => {
    const reply = { stdout: 'credentials not found in native keychain\n', exitCode: 1 }
    const { answer } = await ask(
      { credsStore: 'all', auths: { 'ghcr.io': { auth } } },
      { 'docker-credential-all': reply },
    )
    expect(await answer).toEqual(me)
  })

  it.each<[string, Reply, RegExp]>([
    ['junk', { stdout: `{"Secret": "${secret}` }, /is not \{"Username"/],
    ['other JSON', { stdout: `["${secret}"]` }, /is not \{"Username"/],
    ['an error', { stderr: `cannot open ${secret}`, stdout: secret, exitCode: 3 }, /exit code 3/],
    ['nothing, for ever', { hang: true }, /within 5 s/],
  ])('names the helper that answers %s, and does not quote it', async (_name, reply, why) => {
    const { answer } = await ask({ credsStore: 'broken' }, { 'docker-credential-broken': reply })
    const failure = await failureOf(answer)
    expect(failure.kind).toBe('registry')
    expect(failure.what).toContain('docker-credential-broken')
    expect(failure.why).toMatch(why)
    expect(textOf(failure)).not.toContain(secret)
  })

  it('names a helper that is missing, or whose name is a path', async () => {
    const missing = await failureOf((await ask({ credsStore: 'nowhere' }, {})).answer)
    expect(missing).toMatchObject({ kind: 'registry', why: 'it is not on PATH' })
    expect(missing.what).toContain('docker-credential-nowhere')
    const path = await failureOf((await ask({ credsStore: '../../evil' }, {})).answer)
    expect(path.why).toBe('its name is not one')
  })
})

describe('the places of logins', () => {
  const entry = (name: string) => ({ auth: Buffer.from(`${name}:x`).toString('base64') })
  const file = (name: string, keys = ['ghcr.io']) => ({
    auths: Object.fromEntries(keys.map(key => [key, entry(name)])),
  })
  /** Writes files below a home of its own; gives the environment of it. */
  const home = async (files: Record<string, object>) => {
    const folder = join(root, String(++counter))
    for (const [path, content] of Object.entries(files)) {
      await mkdir(join(folder, path, '..'), { recursive: true })
      await writeFile(join(folder, path), JSON.stringify(content))
    }
    return { HOME: folder, XDG_RUNTIME_DIR: join(folder, 'run') }
  }
  const userOf = async (env: Record<string, string>, registry = 'ghcr.io', repository?: string) => {
    const found = await findCredentials(registry, { env }, repository)
    return found && 'username' in found ? found.username : undefined
  }

  it.each([['.docker/config.json'], ['run/containers/auth.json'], ['.config/containers/auth.json']])(
    '%s',
    async path => {
      expect(await userOf(await home({ [path]: file('me') }))).toBe('me')
    },
  )

  it('are asked in this order: the variable, docker, podman', async () => {
    const env = await home({
      '.docker/config.json': file('docker'),
      'run/containers/auth.json': file('podman', ['ghcr.io', 'quay.io']),
      '.config/containers/auth.json': file('config', ['quay.io', 'icr.io']),
    })
    expect(await userOf({ ...env, DOCKER_AUTH_CONFIG: JSON.stringify(file('variable')) })).toBe('variable')
    expect(await userOf(env)).toBe('docker')
    expect(await userOf(env, 'quay.io')).toBe('podman')
    expect(await userOf(env, 'icr.io')).toBe('config')
    expect(await userOf({ ...env, DOCKER_AUTH_CONFIG: ' ' })).toBe('docker')
  })

  it('are replaced by REGISTRY_AUTH_FILE and XDG_CONFIG_HOME', async () => {
    const env = await home({ 'run/containers/auth.json': file('run'), 'mine.json': file('mine') })
    expect(await userOf({ ...env, REGISTRY_AUTH_FILE: join(env.HOME, 'mine.json') })).toBe('mine')
    expect(await userOf({ ...env, REGISTRY_AUTH_FILE: join(env.HOME, 'none.json') })).toBeUndefined()
    const other = await home({ 'cfg/containers/auth.json': file('cfg') })
    expect(await userOf({ ...other, XDG_CONFIG_HOME: join(other.HOME, 'cfg') })).toBe('cfg')
  })

  it.each([
    ['quay.io', 'team/app', 'app'],
    ['quay.io', 'team/other', 'team'],
    ['quay.io', 'else/app', 'all'],
    ['quay.io', undefined, 'all'],
    ['icr.io', 'team/app', undefined],
    ['docker.io', 'library/app', 'hub'],
  ])('of podman may be for a part of %s: %s', async (registry, repository, expected) => {
    const auths = {
      'quay.io/team/app': entry('app'),
      'quay.io/team': entry('team'),
      'quay.io': entry('all'),
      'icr.io/other': entry('wrong'),
      'docker.io': entry('hub'),
    }
    const env = await home({ 'run/containers/auth.json': { auths } })
    expect(await userOf(env, registry, repository)).toBe(expected)
  })

  it.each(['{"auths":{"ghcr.io":', 'c2VjcmV0'])(
    'DOCKER_AUTH_CONFIG is named when it is %s, and not quoted',
    async text => {
      const failure = await failureOf(findCredentials('ghcr.io', { env: { DOCKER_AUTH_CONFIG: text } }))
      expect(failure).toMatchObject({ kind: 'registry', where: 'DOCKER_AUTH_CONFIG' })
      expect(textOf(failure)).not.toContain(text)
    },
  )
})
