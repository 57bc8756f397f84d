import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, test } from 'vitest'
import { openImage } from '../../../../src/image/read/source.ts'
import { scanLayer } from '../../../../src/image/verify/layer-scan.ts'
import { verifyImage } from '../../../../src/image/verify/verify.ts'
import { fuzz, inputs } from '../../../support/fuzz.ts'
import { buildTar } from '../../../support/tar-builder.ts'
import { buildImage, layoutFiles } from '../../../support/test-image.ts'

const folder = mkdtempSync(join(tmpdir(), 'fuzz-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const tar = buildTar([
  { name: 'usr/' },
  { name: 'app', content: 'x'.repeat(700) },
  { name: 'link', link: '../app' },
  { name: 'x', pax: { path: 'long/'.repeat(40), mtime: '1.5' } },
  { name: '@', type: 'L', content: `${'n'.repeat(200)}\0` },
  { name: 'short', size: Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) },
  { name: 'usr/.wh.gone' },
  { name: 'usr/.wh..wh..opq' },
])

async function* stored(bytes: Uint8Array) {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000)
}

test(`${inputs} layers that are none`, async () => {
  await fuzz([tar, gzipSync(tar), buildTar([])], bytes =>
    scanLayer(stored(bytes), new Set(['app']), folder, 'layer').catch(error => {
      // No two files of one name are there.
      if (error.what !== 'A file of the image cannot be kept while it is checked') throw error
      throw error.cause
    }),
  )
}, 3_600_000)

const files = layoutFiles(buildImage(['linux/amd64', 'linux/arm64']))
const archive = buildTar([...files].map(([name, content]) => ({ name, content })))
const saved = buildTar([
  {
    name: 'manifest.json',
    content: JSON.stringify([{ Config: 'c.json', RepoTags: ['a:1'], Layers: ['l.tar'] }]),
  },
  {
    name: 'c.json',
    content: JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [] } }),
  },
  { name: 'l.tar', content: buildTar([{ name: 'app', content: 'x' }]) },
])

test(`${Math.ceil(inputs / 10)} archives that are none`, async () => {
  const path = join(folder, 'image.tar')
  let number = 0
  await fuzz([archive, saved], async bytes => {
    if (number++ % 10) return
    writeFileSync(path, bytes)
    const source = await openImage(path)
    try {
      await verifyImage(source)
    } finally {
      await source.close()
    }
  })
}, 3_600_000)
