import { describe, expect, test } from 'vitest'
import { cacheValues, droppedGitHubCaches, expandCache } from '../../../../src/image/buildx/cache.ts'
import { platforms as allPlatforms, parsePlatforms } from '../../../../src/platforms.ts'
import { failureOf } from '../../../support/failure-of.ts'

const spec = {
  name: 'web server',
  platforms: parsePlatforms(['linux/amd64,linux/arm/v7']),
  tags: ['example.com/team/app:1.0'],
}
const expand = (kind: 'gha' | 'registry' | 'local', pushes = true) =>
  expandCache(kind, spec, { folder: '/cache', pushes, project: '' })

describe('--cache', () => {
  test('has a scope for each image and set of platforms', () => {
    expect(expand('gha')).toEqual({
      from: ['type=gha,scope=xbuild-web-server-linux_amd64-linux_arm_v7'],
      to: ['type=gha,scope=xbuild-web-server-linux_amd64-linux_arm_v7,mode=max,ignore-error=true'],
    })
  })

  test('keeps a registry cache in the repository of the image, and writes it where the image is pushed', () => {
    const ref = 'ref=example.com/team/app:buildcache-web-server-linux_amd64-linux_arm_v7'
    expect(expand('registry')).toEqual({
      from: [`type=registry,${ref}`],
      to: [`type=registry,${ref},image-manifest=true,oci-mediatypes=true,mode=max,ignore-error=true`],
    })
    expect(expand('registry', false).to).toEqual([])
  })

  test('has a tag that a registry takes for all platforms, and another one for another image of the repository', () => {
    const refs = ['one', 'two'].map(name => {
      const all = { ...spec, name, platforms: allPlatforms }
      return expandCache('registry', all, { folder: '/cache', pushes: true, project: '' }).from[0] ?? ''
    })
    for (const ref of refs) expect(ref).toMatch(/:buildcache-[\w.-]{30,117}$/)
    expect(refs[0]).not.toBe(refs[1])
  })

  test('has a folder for each local cache', () => {
    expect(expand('local').to).toEqual([
      'type=local,dest=/cache/web-server-linux_amd64-linux_arm_v7,mode=max,ignore-error=true',
    ])
  })

  test('registry without a tag is a failure', async () => {
    const run = () =>
      expandCache('registry', { ...spec, tags: [] }, { folder: '/cache', pushes: true, project: '' })
    expect((await failureOf(run)).what).toBe('--cache registry needs a tag')
  })

  test('is each project’s own: of the repository for GitHub, of the machine for a folder', () => {
    const from = (cache: 'gha' | 'local' | 'registry', cacheProject: string) =>
      cacheValues(spec, [], { cache, cacheProject, cacheFrom: [], cacheTo: [] }, '/repo').from[0] ?? ''
    expect(from('gha', '/repo')).toMatch(/-linux_arm_v7$/)
    expect(from('gha', '/repo/a')).toMatch(/-linux_arm_v7-[0-9a-f]{8}$/)
    expect(from('gha', '/repo/a')).not.toBe(from('gha', '/repo/b'))
    expect(from('local', '/repo')).not.toBe(from('local', '/other'))
    expect(from('registry', '/repo/a')).toBe(from('registry', '/repo/b'))
  })

  test('comes before what was given', () => {
    const values = cacheValues(spec, [{ type: 'push', references: [] }], {
      cache: 'gha',
      cacheFrom: ['a'],
      cacheTo: ['b'],
    })
    expect([values.from[1], values.to[1]]).toEqual(['a', 'b'])
  })
})

describe('a cache of GitHub that would be dropped', () => {
  const token = (claims: object) => `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.y`
  const scope = (Permission: number) => ({
    ac: JSON.stringify([{ Scope: 'refs/heads/main', Permission }]),
    exp: 2000,
  })
  const env = (claims: object = scope(3)) => ({
    ACTIONS_RUNTIME_TOKEN: token(claims),
    ACTIONS_RESULTS_URL: 'https://results.example.com/',
    ACTIONS_CACHE_SERVICE_V2: 'true',
  })
  const builder = { buildx: '0.29.1', buildkit: 'v0.25.0' }
  const both = { from: ['type=gha,scope=a'], to: ['type=gha,mode=max'] }
  const said = (given: NodeJS.ProcessEnv, values = both, tools = builder) =>
    droppedGitHubCaches(values, given, tools, 1_000_000).join()

  test('is none where the job may write', () => expect(said(env())).toBe(''))
  test.each([
    ['no token', {}, 'no ACTIONS_RUNTIME_TOKEN'],
    ['no service v2', { ...env(), ACTIONS_CACHE_SERVICE_V2: undefined }, 'version 1 of the service'],
    ['no address', { ...env(), ACTIONS_RESULTS_URL: undefined }, 'version 1 of the service'],
    ['an expired token', env({ exp: 999 }), 'has expired'],
    ['a token that only reads', env(scope(1)), 'may read the cache of GitHub and not write it'],
  ])('%s', (_, given, words) => expect(said(given)).toContain(words))
  test('old buildx', () =>
    expect(said(env(), both, { ...builder, buildx: '0.20.9' })).toContain('buildx 0.20.9'))
  test('old BuildKit', () =>
    expect(said(env(), both, { ...builder, buildkit: 'v0.19.0' })).toContain('BuildKit 0.19.0'))
  test('other caches need none of it', () =>
    expect(said({}, { from: ['type=registry,ref=a'], to: [] })).toBe(''))
  test('one with its own token needs none', () =>
    expect(said({}, { from: [], to: ['type=gha,token=x'] })).toBe(''))
})
