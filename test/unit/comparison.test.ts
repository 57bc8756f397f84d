import { once } from 'node:events'
import { mkdtempSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { pushBaseWithHistory } from '../../scripts/compare/base-with-history.mjs'
import { drawChart } from '../../scripts/compare/chart.mjs'
import { comparisonPage } from '../../scripts/compare/page.mjs'
import { startTlsFront } from '../../scripts/compare/tls-front.mjs'
import { tools } from '../../scripts/compare/tools.mjs'
import { replaceRows, rowsOf } from '../../scripts/overhead/rows.mjs'
import { startFaultRegistry } from '../support/fault-registry.ts'

const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const indexType = 'application/vnd.oci.image.index.v1+json'
const setting = {
  language: 'go' as const,
  program: 'server',
  main: './cmd/server',
  registry: 'localhost:5000',
  base: 'localhost:5000/static:nonroot',
  image: 'localhost:5000/golang:1.26.8',
  platforms: ['linux/amd64', 'linux/arm64'],
  xx: 'localhost:5000/xx:compared',
  baseWithHistory: 'localhost:5000/compare-base:nonroot',
  front: { registry: '127.0.0.1', alias: 'localhost', certificates: '/front/all.pem', bin: '/front/bin' },
}
const place = { dir: '/copy/app', name: 'compare-1', caches: '/copy/caches', cacheId: '1' }
const named = (name: string) => tools.find(tool => tool.name === name) as (typeof tools)[number]
const comparison = (samples: Record<string, number[]>) => ({
  project: 'go-server',
  machine: 'CPU, 2 processors',
  versions: { go: '1.26.8' },
  measuredAt: '2026-01-05T03:04:05Z',
  rows: [{ scenario: 'nothing changed', samples }],
  setting: { language: 'go' as const },
  leftOut: { GoReleaser: 'there is no goreleaser here' },
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
      '.config/krust/config.toml': 'base_image = "localhost/compare-base:nonroot"\n',
    })
    expect(named('krust').calls(setting, place)[0]?.env).toMatchObject({
      KRUST_REPO: '127.0.0.1/compare-1',
      SSL_CERT_FILE: '/front/all.pem',
    })
  })
})

describe('TLS before a registry', () => {
  it('is not there where the port is not to be had', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void other.close())
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    expect(await startTlsFront('127.0.0.1:9', mkdtempSync(join(tmpdir(), 'front-')), port)).toBeUndefined()
  })

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
    const front = await startTlsFront(`127.0.0.1:${port}`, folder, 0)
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

it('the base of krust says in its history who made each layer, on the platforms that are asked for', async () => {
  const registry = await startFaultRegistry()
  onTestFinished(() => registry.close())
  const layer = registry.addBlob('distroless/static', Buffer.from('layer'))
  const manifests = ['amd64', 'arm64', 's390x'].map(architecture => {
    const config = { architecture, os: 'linux', history: [{ created: 'then' }] }
    const stored = registry.addBlob('distroless/static', Buffer.from(JSON.stringify(config)))
    const manifest = { schemaVersion: 2, mediaType: manifestType, config: stored, layers: [layer] }
    const descriptor = registry.addManifest('distroless/static', manifestType, manifest)
    return { ...descriptor, platform: { os: 'linux', architecture } }
  })
  registry.addManifest(
    'distroless/static',
    indexType,
    { schemaVersion: 2, mediaType: indexType, manifests },
    'a',
  )
  const base = `${registry.host}/distroless/static:a`
  expect(await pushBaseWithHistory(base, setting.platforms)).toBe(`${registry.host}/compare-base:a`)
  const read = (name: string) => JSON.parse(String(registry.manifest('compare-base', name)?.bytes))
  const pushed = read('a').manifests as typeof manifests
  expect(pushed.map(({ platform }) => platform.architecture)).toEqual(['amd64', 'arm64'])
  for (const { digest } of pushed) {
    const { config, layers } = read(digest)
    expect(layers).toEqual([layer])
    const { history } = JSON.parse(String(registry.blob('compare-base', config.digest)))
    expect(history).toEqual([{ created: 'then', created_by: '' }])
  }
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

  it('names every tool of the language that has no row, with the reason', () => {
    const page = comparisonPage([comparison({ xbuild: [1], 'xbuild, buildx': [3], xx: [0.5], ko: [1.5] })])
    const [, missing = ''] = page.split('## Not in the tables')
    expect(missing).toContain('- **GoReleaser (go-server)**: there is no goreleaser here.')
    expect(missing).toContain(
      '- **docker buildx bake (go-server)**: was not there yet when this was measured.',
    )
    expect(missing).not.toMatch(/\*\*(xx|ko|krust) \(go-server\)/)
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

describe('the table of the overhead', () => {
  const rows = rowsOf(
    'examples/zig-server',
    { cold: { hand: [60], xbuild: [30] }, warm: { hand: [0.1, 0.2, 0.3], xbuild: [0.5, 0.4, 0.6] } },
    '2026-01-05',
  )

  it('has a row for cold and one for warm caches, by their medians', () => {
    expect(rows).toEqual([
      '| examples/zig-server | cold | 1 | 60.00 s (60.00–60.00) | 30.00 s (30.00–30.00) | 0.50 | −30.00 s | 2026-01-05 |',
      '| examples/zig-server | warm | 3 | 0.20 s (0.10–0.30) | 0.50 s (0.40–0.60) | 2.50 | 0.30 s | 2026-01-05 |',
    ])
  })

  it('gets new rows of a project in their places in the published page, and nothing else', () => {
    const page = readFileSync(new URL('../../docs/overhead.md', import.meta.url), 'utf8')
    const replaced = replaceRows(page, rows)
    const changed = replaced.split('\n').filter((line, index) => line !== page.split('\n')[index])
    expect(changed).toEqual(rows)
    expect(() => replaceRows('| a |', rows)).toThrow('there is no row')
  })
})
