import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { copyImage } from '../../../../src/image/publish/copy-image.ts'
import type { ImageSource } from '../../../../src/image/read/image-source.ts'
import { mediaTypes } from '../../../../src/oci/manifest.ts'
import type { RegistryClient } from '../../../../src/registry/client.ts'

const blob = (text: string) => ({
  mediaType: mediaTypes.layer,
  digest: `sha256:${createHash('sha256').update(text).digest('hex')}`,
  size: text.length,
})

it('tells of each blob that the repository had not, and of no other', async () => {
  const [config, old, fresh] = ['config', 'old', 'fresh'].map(blob) as [Blob, Blob, Blob]
  const bytes = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: [old, fresh] }),
  )
  const root = { mediaType: mediaTypes.manifest, digest: blob(bytes.toString()).digest, size: bytes.length }
  const source = { name: 'x', document: async () => bytes, async *blob() {} } as unknown as ImageSource
  const client = {
    headManifest: async () => undefined,
    headBlob: async (_: unknown, digest: string) => digest === old.digest,
    uploadBlob: async () => {},
    putManifest: async () => {},
  } as unknown as RegistryClient
  const uploaded: string[] = []
  const target = { registry: 'r.example', repository: 'a' }
  await copyImage(source, root, target, { client, onUpload: digest => uploaded.push(digest) })
  expect(uploaded.sort()).toEqual([config.digest, fresh.digest].sort())
})

type Blob = ReturnType<typeof blob>
