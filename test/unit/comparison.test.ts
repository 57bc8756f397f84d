import { once } from 'node:events'
import { mkdtempSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { drawChart } from '../../scripts/compare/chart.mjs'
import { comparisonPage } from '../../scripts/compare/page.mjs'
import { startTlsFront } from '../../scripts/compare/tls-front.mjs'
import { tools } from '../../scripts/compare/tools.mjs'

const setting = {
  language: 'go' as const,
  program: 'server',
  main: './cmd/server',
  registry: 'localhost:5000',
  base: 'localhost:5000/static:nonroot',
  image: 'localhost:5000/golang:1.26.8',
  platforms: ['linux/amd64', 'linux/arm64'],
  xx: 'localhost:5000/xx:compared',
  front: { registry: '127.0.0.1:4433', certificates: '/front/all.pem', bin: '/front/bin' },
}
const place = { dir: '/copy/app', name: 'compare-1', caches: '/copy/caches', cacheId: '1' }
const named = (name: string) => tools.find(tool => tool.name === name) as (typeof tools)[number]
const comparison = (samples: Record<string, number[]>) => ({
  project: 'go-server',
  machine: 'CPU, 2 processors',
  versions: { go: '1.26.8' },
  measuredAt: '2026-01-05T03:04:05Z',
  rows: [{ scenario: 'nothing changed', samples }],
  lines: Object.fromEntries(Object.keys(samples).map(tool => [tool, 0])),
  checks: {},
})

describe('a peer of the comparison', () => {
  it.each(tools.flatMap(({ name, languages }) => languages.map(language => [name, language] as const)))(
    '%s pushes both platforms of a %s project, under the tag of its copy',
    (name, language) => {
      const own = { ...setting, language }
      const made = JSON.stringify([named(name).files(own, place), named(name).calls(own, place)])
      expect(made).toMatch(/linux\/amd64\W+linux\/arm64/)
      expect(made).toContain('compare-1')
    },
  )

  it('that compiles in the builder is left out without an image of the toolchain, xx without its scripts', () => {
    const { image, ...without } = setting
    const lacking = tools.filter(tool => tool.lacks?.(without)).map(({ name }) => name)
    expect(lacking).toEqual(['Dockerfile, cross', 'docker buildx bake', 'xx'])
    expect(named('xx').lacks?.({ ...setting, xx: undefined })).toContain('--xx DIR')
    expect(tools.filter(tool => tool.lacks?.(setting))).toEqual([])
  })

  it('builds cold with a builder that keeps nothing', () => {
    for (const { name, vendored, calls } of tools.filter(tool => tool.vendored)) {
      expect([name, vendored, calls(setting, place, true).at(-1)?.args]).toEqual([
        name,
        true,
        expect.arrayContaining(['--no-cache']),
      ])
      expect(calls(setting, place, false).at(-1)?.args).not.toContain('--no-cache')
    }
  })

  it('krust takes its base from, and pushes to, the registry over TLS', () => {
    expect(named('krust').files(setting, place)).toEqual({
      '.config/krust/config.toml': 'base_image = "127.0.0.1:4433/static:nonroot"\n',
    })
    expect(named('krust').calls(setting, place)[0]?.env).toMatchObject({
      KRUST_REPO: '127.0.0.1:4433/compare-1',
      SSL_CERT_FILE: '/front/all.pem',
    })
  })
})

describe('TLS before a registry', () => {
  it('passes a body on and tells the registry that the client spoke HTTPS', async () => {
    const registry = createServer(async (incoming, outgoing) => {
      const body = Buffer.concat(await incoming.toArray())
      const location = `${incoming.headers['x-forwarded-proto']}://${incoming.headers.host}${incoming.url}`
      outgoing.writeHead(202, { location }).end(`${incoming.method} ${body}`)
    }).listen(0, '127.0.0.1')
    onTestFinished(() => void registry.close())
    await once(registry, 'listening')
    const { port } = registry.address() as AddressInfo
    const folder = mkdtempSync(join(tmpdir(), 'front-'))
    const front = await startTlsFront(`127.0.0.1:${port}`, folder)
    const [host, own] = front?.registry.split(':') ?? []
    const ca = readFileSync(front?.certificates ?? '')
    const sent = request({ host, port: own, ca, method: 'PUT', path: '/v2/x', agent: false })
    sent.end('blob')
    const [answer] = await once(sent, 'response')
    expect(answer.statusCode).toBe(202)
    expect(answer.headers.location).toBe(`https://${front?.registry}/v2/x`)
    expect(Buffer.concat(await answer.toArray()).toString()).toBe('PUT blob')
  })
})

describe('the page', () => {
  it('says which tool was quicker, and GoReleaser by the backend that calls buildx as it does', () => {
    const page = comparisonPage([
      comparison({ xbuild: [1], 'xbuild, buildx': [3], GoReleaser: [2], xx: [0.5], ko: [1.5] }),
    ])
    expect(page).toContain(
      'Quicker than xbuild: GoReleaser (nothing changed, 0.67×), xx (nothing changed, 0.50×).',
    )
  })

  it('says how a row was made that is not as the tool comes, where there is such a row', () => {
    expect(comparisonPage([comparison({ xbuild: [1], xx: [2] })])).toContain('- **xx**: its image')
    expect(comparisonPage([comparison({ xbuild: [1] })])).not.toContain('Not as they come')
  })
})

it('the chart has room for the longest name, and no bar upon another', () => {
  const all = Object.fromEntries(tools.map(({ name }, index) => [name, [index + 1]]))
  const svg = drawChart(comparison(all))
  const starts = [...svg.matchAll(/<rect x="(\d+)" y="(\d+)"[^>]*height="(\d+)"/g)].map(found =>
    found.map(Number),
  )
  expect(starts).toHaveLength(tools.length)
  for (const [index, [, , y = 0, height = 0]] of starts.entries())
    expect((starts[index + 1]?.[2] ?? Number.POSITIVE_INFINITY) - y).toBeGreaterThanOrEqual(height)
  const longest = Math.max(...tools.map(({ name }) => name.length))
  expect(longest * 7).toBeLessThan(starts[0]?.[1] ?? 0)
})
