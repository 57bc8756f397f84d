// A copy of a base for krust, which cannot read a configuration whose history does not say `created_by`: OCI does not ask for
// it, and the bases here leave it out. The layers are the same.
import { createHash } from 'node:crypto'

const types = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  '*/*',
].join(', ')

/**
 * Pushes the copy, on the platforms that are asked for. @returns its reference
 * @param {string} base an index in a registry without TLS, by tag @param {readonly string[]} platforms
 */
export async function pushBaseWithHistory(base, platforms) {
  const { registry, name, tag } = partsOf(base)
  const [from, to] = [name, 'compare-base'].map(each => `http://${registry}/v2/${each}`)
  const index = await read(`${from}/manifests/${tag}`)
  const chosen = index.manifests.filter(({ platform }) =>
    platforms.includes(`${platform.os}/${platform.architecture}`),
  )
  const manifests = []
  for (const entry of chosen) {
    const manifest = await read(`${from}/manifests/${entry.digest}`)
    for (const { digest } of manifest.layers)
      await ask(`${to}/blobs/uploads/?mount=${digest}&from=${name}`, { method: 'POST' })
    const config = await read(`${from}/blobs/${manifest.config.digest}`)
    config.history = (config.history ?? []).map(each => ({ created_by: '', ...each }))
    const own = await pushBlob(to, JSON.stringify(config))
    const { digest, size } = await pushManifest(to, { ...manifest, config: { ...manifest.config, ...own } })
    manifests.push({ ...entry, digest, size })
  }
  await pushManifest(to, { ...index, manifests }, tag)
  return `${registry}/compare-base:${tag}`
}

/** @param {string} reference */
function partsOf(reference) {
  const [, registry = '', name = '', tag = ''] = /^([^/]+)\/(.+):([^:/@]+)$/.exec(reference) ?? []
  return { registry, name, tag }
}

/** @param {string} url @param {RequestInit} [options] */
async function ask(url, options = {}) {
  const answer = await fetch(url, options)
  if (!answer.ok) throw new Error(`${options.method ?? 'GET'} ${url}: ${answer.status}`)
  return answer
}

/** @param {string} url @returns {Promise<any>} */
async function read(url) {
  return (await ask(url, { headers: { accept: types } })).json()
}

/** @param {string} repository @param {string} text */
async function pushBlob(repository, text) {
  const digest = digestOf(text)
  const upload = await ask(`${repository}/blobs/uploads/`, { method: 'POST' })
  const place = new URL(upload.headers.get('location') ?? '', repository)
  place.searchParams.set('digest', digest)
  const headers = { 'content-type': 'application/octet-stream' }
  await ask(String(place), { method: 'PUT', body: text, headers })
  return { digest, size: Buffer.byteLength(text) }
}

/** @param {string} repository @param {{ mediaType: string }} manifest @param {string} [tag] */
async function pushManifest(repository, manifest, tag) {
  const text = JSON.stringify(manifest)
  const digest = digestOf(text)
  const headers = { 'content-type': manifest.mediaType }
  await ask(`${repository}/manifests/${tag ?? digest}`, { method: 'PUT', body: text, headers })
  return { digest, size: Buffer.byteLength(text) }
}

/** @param {string} text */
function digestOf(text) {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`
}
