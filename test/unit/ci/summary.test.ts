import { describe, expect, test } from 'vitest'
import { renderSummary, type WrittenReport } from '../../../src/ci/summary.ts'

const digest = `sha256:${'0'.repeat(64)}`
const artifact = (platform: string, seconds: number, cached = false) => ({
  name: 'server',
  platform,
  path: `dist/${platform}`,
  sha256: '',
  size: 5_100_000,
  seconds,
  cached,
  elf: {},
})
const report = {
  artifacts: [artifact('linux/amd64', 1.5, true), artifact('linux/arm64', 12)],
  images: [
    {
      name: 'server',
      backend: 'oci',
      base: {
        reference: 'gcr.io/distroless/static-debian13:nonroot',
        family: 'static',
        predicted: false,
        reason: '',
      },
      tags: ['ghcr.io/example/server:1'],
      destinations: ['ghcr.io/example/server:1'],
      digest,
      platforms: [],
      verified: '2 platforms',
    },
  ],
  seconds: { inspect: 0.5, compile: 12, verify: 0.1, image: 1, readBack: 0.4, total: 14 },
  comparison: [
    {
      platform: 'linux/arm64',
      took: 12,
      native: { seconds: 12, from: 'this build' },
      baseline: { at: '2026-01-01T00:00:00Z', seconds: 240, sameMachine: true },
      ratio: { times: 20, atLeast: false },
    },
  ],
  notes: ['stamped'],
} as unknown as WrittenReport
const now = Date.parse('2026-01-02T00:00:00Z')

describe('the summary', () => {
  const text = renderSummary(report, {
    now,
    cache: { restored: 'key-1', size: 2_000_000, note: 'saved as key-2' },
  })

  test.each([
    '### xbuild: 1 image',
    `<code>${digest}</code>`,
    '| <code>server</code> | <code>linux/amd64</code> | 5.1 MB | 1.5 s | hit |  |',
    '| <code>server</code> | <code>linux/arm64</code> | 5.1 MB | 12.0 s |  | **20.0×** |',
    '**14.0 s**: inspect 0.50 s, compile 12.0 s',
    '1 of 2 binaries had nothing to compile',
    'restored <code>key-1</code> (2.0 MB); saved as key-2',
    `  emulated  ${'█'.repeat(40)} 4 min 00 s`,
    `  xbuild    ${'█'.repeat(2)} 12.0 s`,
  ])('says %j', line => expect(text).toContain(line))

  test('of a failed build says what, where, why and the fix', () => {
    const failed = { error: { what: 'It failed', where: 'main.go:3', why: 'a\n```\nb', fix: 'fix it' } }
    expect(renderSummary(failed)).toContain(
      '````text\nIt failed\nwhere  main.go:3\nwhy    a\n```\nb\nfix    fix it\n````',
    )
  })

  test('names where an image went, not a tag that was only asked for', () => {
    const [image] = report.images ?? []
    const images = [{ ...image, destinations: ['dist/app.oci.tar', 'the Docker engine'] }]
    const shown = renderSummary({ ...report, images } as WrittenReport, { now })
    expect(shown).toContain('| <code>dist/app.oci.tar</code><br><code>the Docker engine</code> | yes |')
    expect(shown).not.toContain('ghcr.io')
  })

  test('shows no text of others as Markdown or HTML', () => {
    const evil = '</code><img src=x onerror=a> | `x` **b** [l](http://e) \\<b ~~s~~ $m$\n# h\x1b[31m'
    const [image] = report.images ?? []
    const images = [
      { ...image, name: evil, tags: [evil], destinations: [evil] },
    ] as unknown as WrittenReport['images']
    const shown = renderSummary({ ...report, ...(images && { images }), notes: [evil] }, { now })
    expect(shown).not.toMatch(/<img|\n# h|\*\*b|\[l\]|\\|~~|\$/)
    expect(shown).not.toContain('\x1b')
  })
})
