import { test } from 'vitest'
import { mediaTypes, parseConfig, parseManifest } from '../../../src/oci/manifest.ts'
import { parseReference } from '../../../src/oci/reference.ts'
import { parseChallenges } from '../../../src/registry/auth.ts'
import { statusFailure } from '../../../src/registry/failures.ts'
import { readManifest } from '../../../src/registry/fetched-manifest.ts'
import { skipsProxy } from '../../../src/registry/proxies.ts'
import { parseRetryAfter } from '../../../src/registry/retry.ts'
import type { HttpResponse } from '../../../src/registry/transport.ts'
import { fuzz, inputs } from '../../support/fuzz.ts'

const digest = `sha256:${'a'.repeat(64)}`
const descriptor = { mediaType: mediaTypes.manifest, digest, size: 5 }
const platform = { os: 'linux', architecture: 'arm', variant: 'v7' }
const json = (...values: object[]) => values.map(value => Buffer.from(JSON.stringify(value)))
const documents = json(
  {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: [{ ...descriptor, platform, annotations: { a: 'b' } }],
  },
  { schemaVersion: 2, mediaType: mediaTypes.manifest, config: descriptor, layers: [descriptor, descriptor] },
  {
    os: 'linux',
    architecture: 'amd64',
    config: { Env: ['A=b'], Labels: { a: 'b' } },
    rootfs: { type: 'layers', diff_ids: [digest] },
  },
  { errors: [{ code: 'DENIED', message: 'no \u001b[31m\u202e' }] },
)
const headers = [
  'Bearer realm="https://a/t",service="s",scope="repository:a:pull,push"',
  'Basic realm="a \\"b\\"", BEARER Realm=x , service = "y"',
  'Wed, 21 Oct 2026 07:28:00 GMT',
  '120',
  'ghcr.io/me/app:1@sha256:aaaa',
  '10.0.0.0/8,.example.com,*.a:443,[fd00::1]:5',
].map(text => Buffer.from(text))

test(`${inputs} manifests and configs that are none`, async () => {
  const reference = parseReference('localhost:5000/app:1')
  await fuzz(documents, async bytes => {
    for (const type of [mediaTypes.index, mediaTypes.manifest, 'text/html', undefined]) {
      const response: HttpResponse = {
        status: 200,
        headers: { 'content-type': type },
        url: new URL('http://localhost:5000'),
        stream: async function* () {
          yield bytes
        },
        discard: async () => {},
      }
      await readManifest(response, reference).catch(error => {
        if (type !== undefined && !('kind' in error)) throw error
      })
    }
    for (const read of [() => parseConfig(bytes, 'c'), () => parseManifest(bytes, undefined, 'm')]) {
      try {
        read()
      } catch (error) {
        if (!('kind' in (error as object))) throw error
      }
    }
    throw statusFailure(400, bytes.toString(), 'GET http://localhost:5000', 'localhost:5000')
  })
}, 3_600_000)

test(`${inputs} headers and names that are none`, async () => {
  await fuzz(headers, bytes => {
    const text = bytes.toString()
    parseChallenges(text)
    const seconds = parseRetryAfter(text)
    if (seconds !== undefined && !(seconds >= 0)) throw new Error(`Retry-After: ${seconds}`)
    skipsProxy(new URL('https://10.1.2.3'), text)
    skipsProxy(new URL('https://a.example.com:5000'), text)
    parseReference(text)
  })
}, 3_600_000)
