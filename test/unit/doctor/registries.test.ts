import { rootCertificates } from 'node:tls'
import { afterAll, describe, expect, it } from 'vitest'
import { baseImages } from '../../../src/doctor/checks/base-images.ts'
import { clock } from '../../../src/doctor/checks/clock.ts'
import { credentials } from '../../../src/doctor/checks/credentials.ts'
import { image } from '../../../src/doctor/checks/image.ts'
import { network } from '../../../src/doctor/checks/network.ts'
import { push } from '../../../src/doctor/checks/push.ts'
import { Failure } from '../../../src/errors.ts'
import { fakeTools } from '../../support/fake-tools.ts'
import { type FaultRegistry, startFaultRegistry } from '../../support/fault-registry.ts'
import { project } from '../../support/projects.ts'
import { buildImage, intoRegistry, programFor } from '../../support/test-image.ts'
import { around, type Changes, gone } from './around.ts'

const registry: FaultRegistry = await startFaultRegistry()
afterAll(() => registry.close())
const both = ['linux/amd64', 'linux/arm64']

describe('base images', () => {
  intoRegistry(registry, buildImage(both), 'base', 'both')
  intoRegistry(registry, buildImage(['linux/amd64']), 'base', 'one')
  const base = (tag: string) => `${registry.host}/base:${tag}`
  const look = async (changes: Changes) => baseImages.run(await around(changes))

  it('have the platforms', async () => {
    const Dockerfile = `FROM ${base('both')}\n`
    expect(await look({ bases: [base('both')], files: { Dockerfile } })).toEqual({
      status: 'ok',
      why: `${base('both')}: 2 platforms`,
      details: ['1 Dockerfile: every FROM has the platforms'],
    })
    expect(await look({})).toMatchObject({ status: 'not applicable' })
  })

  it('lack one, or are not there', async () => {
    expect(await look({ bases: [base('one')] })).toMatchObject({
      status: 'problem',
      why: expect.stringMatching(/linux\/arm64/),
    })
    expect(await look({ bases: [base('none')] })).toMatchObject({
      status: 'problem',
      why: expect.stringContaining(`There is no base image ${base('none')}`),
    })
    const Dockerfile = `FROM ${base('one')}\nCOPY --from=${base('none')} /a /a\n`
    expect(await look({ files: { Dockerfile } })).toMatchObject({
      status: 'problem',
      why: expect.stringMatching(/^Dockerfile:1: .*has no linux\/arm64/),
      details: [expect.stringMatching(/^Dockerfile:2: /)],
      fix: 'xbuild lint --registry Dockerfile',
    })
  })

  it('are in a registry that does not answer', async () => {
    expect(await look({ bases: ['127.0.0.1:1/base:1'] })).toMatchObject({
      status: 'warning',
      why: expect.stringMatching(/^127\.0\.0\.1:1\/base:1: The registry cannot be reached/),
    })
  })
})

describe('push', () => {
  const look = async (checkPush: () => Promise<'granted' | 'unknown'>) =>
    push.run(
      await around({ repositories: ['ghcr.io/me/app', '127.0.0.1:5000/app'], registries: { checkPush } }),
    )

  it('is granted, or nobody can tell', async () => {
    expect(await look(async () => 'granted')).toMatchObject({ status: 'ok', why: 'ghcr.io/me/app: granted' })
    expect(await look(async () => 'unknown')).toMatchObject({
      status: 'ok',
      why: expect.stringMatching(/only a push tells/),
      details: [expect.stringMatching(/^127\.0\.0\.1:5000/)],
    })
    expect(await push.run(await around())).toMatchObject({ status: 'not applicable' })
  })

  it('is refused', async () => {
    const refuse = async () => {
      throw new Failure({
        kind: 'registry',
        what: 'The registry requires a login',
        why: '401',
        fix: 'docker login ghcr.io',
      })
    }
    expect(await look(refuse)).toMatchObject({
      status: 'problem',
      why: 'ghcr.io/me/app: The registry requires a login: 401',
      fix: 'docker login ghcr.io',
    })
  })

  it('is asked of the registry itself, and writes nothing', async () => {
    const strict = await startFaultRegistry({ auth: { type: 'basic', user: 'me', password: 'right' } })
    const found = await push.run(await around({ repositories: [`${strict.host}/app`] }))
    await strict.close()
    expect(found).toMatchObject({
      status: 'problem',
      why: expect.stringMatching(/requires a login/),
      fix: `docker login ${strict.host}`,
    })
    expect(strict.requests.every(({ method }) => ['GET', 'HEAD'].includes(method))).toBe(true)
  })
})

describe('credentials', () => {
  const look = async (
    config: object,
    changes: Changes & { tools?: Parameters<typeof fakeTools>[0] } = {},
  ) => {
    const fakes = await fakeTools(changes.tools)
    const DOCKER_CONFIG = await project({ 'config.json': JSON.stringify(config) })
    return credentials.run(
      await around({ ...changes, env: { DOCKER_CONFIG, PATH: fakes.path, HOME: DOCKER_CONFIG } }),
    )
  }
  const answer = { stdout: JSON.stringify({ Username: 'me', Secret: 'hunter2' }) }
  const missing = { stdout: 'credentials not found in native keychain\n', exitCode: 1 }

  it('come from helpers that answer; what they say is not shown', async () => {
    const found = await look({ credsStore: 'pass' }, { tools: { 'docker-credential-pass': answer } })
    expect(found).toEqual({
      status: 'ok',
      why: 'docker-credential-pass: has credentials for https://index.docker.io/v1/',
      details: [],
    })
    expect(JSON.stringify(found)).not.toContain('hunter2')
    expect(
      await look({ credsStore: 'pass' }, { tools: { 'docker-credential-pass': missing } }),
    ).toMatchObject({ status: 'ok', why: expect.stringMatching(/has none for/) })
    expect(await look({ auths: {} })).toMatchObject({
      status: 'ok',
      why: expect.stringMatching(/no helper$/),
    })
  })

  it('come from a helper that fails, or is not there', async () => {
    const broken = { 'docker-credential-gcr': { exitCode: 2, stderr: 'token hunter2 is no JSON' } }
    const config = { credHelpers: { 'gcr.io': 'gcr' } }
    const other = await look(config, { tools: broken })
    expect(other).toMatchObject({ status: 'warning', why: expect.stringMatching(/ended with exit code 2/) })
    expect(JSON.stringify(other)).not.toContain('hunter2')
    expect(await look(config, { tools: broken, repositories: ['gcr.io/me/app'] })).toMatchObject({
      status: 'problem',
    })
    expect(await look({ credsStore: 'desktop' })).toMatchObject({
      status: 'problem',
      why: expect.stringMatching(/docker-credential-desktop.*it is not on PATH/),
      fix: expect.stringContaining('take it out of'),
    })
  })

  it('come from a helper that hangs', async () => {
    const started = performance.now()
    const found = await look({ credsStore: 'slow' }, { tools: { 'docker-credential-slow': { hang: true } } })
    expect(found).toMatchObject({
      status: 'problem',
      why: expect.stringMatching(/did not answer within 4 s/),
    })
    expect(performance.now() - started).toBeLessThan(15_000)
  }, 20_000)
})

describe('image', () => {
  const look = async (reference: string, platforms = both) =>
    image.run(await around({ image: reference, platforms }))
  const put = (tag: string, built: ReturnType<typeof buildImage>) => {
    intoRegistry(registry, built, 'app', tag)
    return `${registry.host}/app:${tag}`
  }

  it('is whole', async () => {
    const reference = put('whole', buildImage(both))
    expect(await look(reference)).toMatchObject({
      status: 'ok',
      why: `${reference}: linux/amd64, linux/arm64`,
    })
  })

  it('lacks a platform', async () => {
    const reference = put('one', buildImage(['linux/amd64']))
    expect(await look(reference)).toMatchObject({
      status: 'problem',
      why: `${reference}: linux/arm64 is missing`,
      fix: `xbuild verify ${reference}`,
    })
  })

  it('has lost a child', async () => {
    const built = buildImage(both)
    const reference = put('lost', built)
    registry.deleteManifest('app', built.manifests[1]?.digest ?? '')
    const found = await look(reference)
    expect(found.status).toBe('problem')
    expect(JSON.stringify(found)).toMatch(/linux\/arm64/)
  })

  it('has one binary under two platforms, as only the last layer tells', async () => {
    const layers = [[{ name: 'app', content: programFor('linux/amd64'), mode: 0o755 }]]
    const reference = put('same', buildImage(both.map(platform => ({ platform, layers }))))
    const { status, details, why } = await look(reference)
    expect(status).toBe('problem')
    expect([why, ...(details ?? [])].join('\n')).toMatch(/linux\/arm64 has the binary of linux\/amd64: \/app/)
  })

  it('is not there, or not asked for', async () => {
    await expect(look(`${registry.host}/app:never`)).rejects.toThrow(/no such image/)
    expect(await image.run(await around())).toMatchObject({ status: 'not applicable' })
  })
})

describe('clock', () => {
  const at = (offset: number) => ({ machine: { now: () => Date.now() + offset } })
  const look = async (changes: Changes) => clock.run(await around(changes))
  const repositories = [`${registry.host}/app`]

  it('is right', async () => {
    const engine = { time: { engine: Date.now(), here: Date.now() + 40, took: 80 } }
    expect(await look({ repositories, engine })).toMatchObject({
      status: 'ok',
      why: `as ${registry.host} has it; as the Docker engine has it`,
    })
    expect(await look({ engine: gone })).toMatchObject({ status: 'not applicable' })
  })

  it.each<[string, Changes, string, RegExp]>([
    ['ahead', { repositories, ...at(3600_000) }, 'problem', /1?60 min \d\d s ahead of 127/],
    ['a little behind', { repositories, ...at(-60_000) }, 'warning', /(59|60)\.\d s behind 127/],
    [
      'not that of the engine',
      { engine: { time: { engine: 1e12, here: 1e12 - 400_000, took: 0 } } },
      'problem',
      /6 min 40 s behind the Docker engine/,
    ],
    ['of another year', { machine: { now: () => 0 } }, 'problem', /1970-01-01.*before this xbuild was made/],
  ])('is %s', async (_, changes, status, why) => {
    expect(await look(changes)).toMatchObject({
      status,
      why: expect.stringMatching(why),
      fix: 'sudo timedatectl set-ntp true',
    })
  })
})

describe('network', () => {
  const repositories = ['registry.lan/app']
  const proxy = { HTTPS_PROXY: 'http://me:hunter2@proxy.lan:3128' }
  const look = async (changes: Changes) => network.run(await around({ repositories, ...changes }))

  it('is direct', async () => {
    expect(await look({})).toMatchObject({ status: 'ok', why: 'no proxy for registry.lan' })
    expect(await look({ env: { ...proxy, NO_PROXY: '.lan' } })).toMatchObject({ status: 'ok' })
  })

  it('goes through a proxy that everybody knows', async () => {
    const nodes = [{ driverOptions: 'env.HTTPS_PROXY="http://proxy.lan:3128"' }]
    const found = await look({ env: proxy, nodes })
    expect(found).toMatchObject({ status: 'ok', details: ['registry.lan: through http://proxy.lan:3128'] })
    expect(JSON.stringify(found)).not.toContain('hunter2')
    expect(
      await look({ env: proxy, builder: { driver: 'docker' }, engine: { hasProxy: true } }),
    ).toMatchObject({ status: 'ok' })
  })

  it('goes through a proxy that the builder does not know', async () => {
    const fakes = await fakeTools({ docker: { stdout: '["PATH=/usr/bin"]\n' } })
    const { PATH } = process.env
    process.env['PATH'] = fakes.path
    try {
      expect(await look({ env: proxy })).toMatchObject({
        status: 'warning',
        why: 'BuildKit’s container of ci does not know the proxy of HTTPS_PROXY',
        fix: expect.stringContaining('--driver-opt "env.HTTPS_PROXY=$HTTPS_PROXY"'),
      })
      expect((await fakes.calls('docker'))[0]?.args.at(-1)).toBe('buildx_buildkit_ci0')
    } finally {
      process.env['PATH'] = PATH
    }
    expect(await look({ env: proxy, builder: { driver: 'docker' } })).toMatchObject({
      status: 'warning',
      why: expect.stringMatching(/engine pulls and pushes without the proxy/),
    })
  })

  it('has a proxy that is none', async () => {
    expect(await look({ env: { HTTPS_PROXY: 'ftp://proxy.lan' } })).toMatchObject({
      status: 'problem',
      why: expect.stringMatching(/HTTPS_PROXY names no proxy/),
    })
  })

  it('has certificates that the builder does not know, or that cannot be read', async () => {
    const DOCKER_CONFIG = await project({ 'certs.d/registry.lan/client.cert': 'PEM' })
    expect(await look({ env: { DOCKER_CONFIG } })).toMatchObject({
      status: 'problem',
      why: expect.stringMatching(/certificate cannot be read: there is no client\.key/),
    })
    const good = await project({ 'certs.d/registry.lan/ca.crt': rootCertificates[0] ?? '' })
    const env = { DOCKER_CONFIG: good }
    expect(await look({ env })).toMatchObject({
      status: 'warning',
      why: expect.stringMatching(/does not know the certificates of registry\.lan/),
      fix: expect.stringContaining('--buildkitd-config'),
    })
    expect(await look({ env, nodes: [{ config: '[registry."registry.lan"]' }] })).toMatchObject({
      status: 'ok',
    })
  })

  it('has variables that name nothing', async () => {
    expect(await look({ env: { SSL_CERT_FILE: '/nowhere/ca.pem' } })).toMatchObject({
      status: 'warning',
      why: 'SSL_CERT_FILE names /nowhere/ca.pem, which is not there',
      fix: 'unset SSL_CERT_FILE',
    })
  })
})
