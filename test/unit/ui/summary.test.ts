import { expect, test } from 'vitest'
import type { ComparedReport } from '../../../src/bench/compare/compare.ts'
import { nextStep } from '../../../src/ui/next-step.ts'
import { summarize } from '../../../src/ui/summary.ts'
import { hostArch } from '../../../src/util/host-arch.ts'

const platforms = ['linux/amd64', 'linux/arm64', 'linux/arm/v7']

/** A report of images with these names, each of a program with the same name. */
function reportOf(names: readonly string[], size: (platform: string) => object = () => ({})): ComparedReport {
  const artifacts = names.flatMap(name =>
    platforms.map(platform => ({
      platform,
      name,
      size: 6_700_000,
      path: `${process.cwd()}/dist/${platform.replaceAll('/', '_')}/${name}`,
    })),
  )
  const images = names.map(name => ({
    name,
    binaries: [name],
    tags: [`ghcr.io/me/${name}:1`],
    destinations: [`ghcr.io/me/${name}:1`],
    digest: `sha256:${'ab'.repeat(32)}`,
    platforms: platforms.map(platform => ({ platform, digest: '', ...size(platform) })),
  }))
  const seconds = { compile: 0.9, image: 2, readBack: 0.1, total: 3.5 }
  return { platforms, artifacts, images, seconds } as unknown as ComparedReport
}

const sizes = (platform: string) => ({
  size: 4_100_000,
  previousSize: platform === 'linux/amd64' ? 4_000_000 : 4_100_000,
})

test('a build ends with sizes, places and times, each said once', () => {
  expect(summarize(reportOf(['app'], sizes), { columns: 80, digests: false })).toBe(`
platform      binary  compressed  change
linux/amd64   6.7 MB  4.1 MB      +100 kB
linux/arm64   6.7 MB  4.1 MB      none
linux/arm/v7  6.7 MB  4.1 MB      none

image     app → ghcr.io/me/app:1
binaries  dist/linux_*/app
time      3.5 s: compile 0.90 s, image 2.1 s`)
})

test('what is not known has no column, and a digest is there where stdout has none', () => {
  const text = summarize(reportOf(['app']), { columns: 80, digests: true, next: 'docker run app' })
  expect(text).toContain('\nplatform      binary\nlinux/amd64   6.7 MB\n')
  expect(text).toContain(`image     app sha256:${'ab'.repeat(32)} → `)
  expect(text).toMatch(/\nnext {6}docker run app$/)
})

test.each([60, 80, 120])('the table of long names fits into %d columns', columns => {
  const names = ['a', 'b'].map(end => `a-program-with-quite-a-long-name-for-a-table-${end}`)
  const text = summarize(reportOf(names, sizes), { columns, digests: false })
  const [, table = ''] = text.split('\n\n').map(part => part.trim())
  const lines = text.trimStart().split('\n').slice(0, 7)
  expect(table).not.toBe('')
  expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(columns)
  const column = lines[0]?.indexOf('binary') as number
  for (const line of lines.slice(1)) expect(line.slice(column)).toMatch(/^6\.7 MB {2}4\.1 MB/)
  if (columns < 80) expect(lines[1]).toContain('…')
})

const here = [`linux/${hostArch()}`]
test.each<
  [name: string, image: { tags: string[]; destinations: string[] }, ports: string[], next: string | undefined]
>([
  ['loaded', { tags: ['app:latest'], destinations: ['the Docker engine'] }, [], 'docker run --rm app:latest'],
  [
    'loaded, with ports',
    { tags: ['app:1'], destinations: ['the Docker engine'] },
    ['8080/tcp', '53/udp'],
    'docker run --rm -p 8080:8080 -p 53:53/udp app:1',
  ],
  ['archived', { tags: [], destinations: ['/p/dist/app.oci.tar'] }, [], "xbuild '/my p' --load"],
  ['pushed', { tags: ['r/app:1'], destinations: ['r/app:1'] }, [], undefined],
])('after an image was %s', (_, image, ports, next) => {
  expect(nextStep({ images: [image], platforms: here }, { ports, dir: '/my p' })).toBe(next)
})

test('what this machine cannot run is not proposed', () => {
  const image = { tags: ['app:1'], destinations: ['the Docker engine'] }
  expect(nextStep({ images: [image], platforms: ['linux/s390x'] }, { ports: [], dir: '/' })).toBeUndefined()
})
