import { describe, expect, it } from 'vitest'
import { type MergePart, type MergeWishes, mergeIndex } from '../../../../src/image/publish/merge-index.ts'
import { type Descriptor, mediaTypes } from '../../../../src/oci/manifest.ts'
import { parsePlatforms } from '../../../../src/platforms.ts'
import { failureOf } from '../../../support/failure-of.ts'

let made = 0
const digest = () => `sha256:${String(++made).padStart(64, '0')}`
const entry = (id: string, more: object = {}): Descriptor => {
  const [os = '', architecture = '', variant] = id.split('/')
  const platform = { architecture, os, ...(variant && { variant }) }
  return { mediaType: mediaTypes.manifest, digest: digest(), size: 1, platform, ...more }
}
const proof = (of: Descriptor) =>
  entry('unknown/unknown', {
    annotations: {
      'vnd.docker.reference.digest': of.digest,
      'vnd.docker.reference.type': 'attestation-manifest',
    },
  })
const part = (entries: readonly Descriptor[], more: Partial<MergePart> = {}): MergePart => ({
  name: 'app@x',
  entries,
  mediaType: mediaTypes.index,
  annotations: {},
  indent: 0,
  ...more,
})
const merge = (parts: readonly MergePart[], wishes: Partial<MergeWishes> = {}) => {
  const merged = mergeIndex(parts, { annotations: [], ...wishes })
  return { ...merged, index: JSON.parse(merged.bytes.toString()) }
}
const ids = ({ platforms }: ReturnType<typeof merge>) => platforms.map(({ platform }) => platform).join(' ')

const amd64 = entry('linux/amd64')
const arm64 = entry('linux/arm64/v8')
const v7 = entry('linux/arm/v7')

describe('a merged index', () => {
  it('has the order of xbuild’s platforms, or that which is asked for', () => {
    expect(ids(merge([part([v7]), part([arm64]), part([amd64])]))).toBe(
      'linux/amd64 linux/arm64 linux/arm/v7',
    )
    const platforms = parsePlatforms(['linux/arm/v7,linux/amd64'])
    expect(ids(merge([part([amd64, v7])], { platforms }))).toBe('linux/arm/v7 linux/amd64')
  })
  it('has entries as they were, each once', () => {
    const odd = entry('linux/amd64', { annotations: { a: 'b' }, artifactType: 'x' })
    expect(merge([part([odd]), part([odd])]).index.manifests).toEqual([odd])
  })
  it('has attestations after the images, in their order', () => {
    const [forArm, forAmd] = [proof(arm64), proof(amd64)]
    const { index } = merge([part([arm64, forArm]), part([amd64, forAmd])])
    expect(index.manifests).toEqual([amd64, arm64, forAmd, forArm])
  })
  it('has the annotations that no part contradicts, and those that are given', () => {
    const parts = [
      part([amd64], { annotations: { same: '1', other: '1' } }),
      part([arm64], { annotations: { same: '1', other: '2' } }),
    ]
    const annotations = ['given=x', 'index:also=y', 'manifest-descriptor[linux/arm64]:note=fast']
    const merged = merge(parts, { annotations })
    expect(merged.index.annotations).toEqual({ same: '1', given: 'x', also: 'y' })
    expect(merged.index.manifests[1].annotations).toEqual({ note: 'fast' })
    expect(merged.remarks).toEqual([expect.stringContaining('annotation other is left out')])
  })
  it('is written as its parts are', () => {
    expect(merge([part([amd64])]).bytes.toString()).not.toContain('\n')
    expect(merge([part([amd64], { indent: 2 })]).bytes.toString()).toContain('{\n  "schemaVersion": 2,\n')
    expect(merge([part([amd64])]).bytes.toString()).not.toContain('annotations')
  })
  it('is Docker’s list where everything in it is Docker’s', () => {
    const { mediaType: _, ...alone } = part([{ ...amd64, mediaType: mediaTypes.dockerManifest }])
    expect(merge([alone]).mediaType).toBe(mediaTypes.dockerIndex)
    expect(merge([alone, part([arm64])]).mediaType).toBe(mediaTypes.index)
  })
  it('takes several builds of Windows', () => {
    const windows = (version: string) => ({
      ...entry('windows/amd64'),
      platform: { os: 'windows', architecture: 'amd64', 'os.version': version },
    })
    expect(merge([part([windows('10'), windows('11'), amd64])]).index.manifests).toHaveLength(3)
  })
})

it.each<[string, readonly MergePart[], Partial<MergeWishes>, string]>([
  [
    'a platform twice',
    [part([amd64]), part([entry('linux/amd64')])],
    {},
    'linux/amd64 is there twice: app@x',
  ],
  [
    'a platform in two spellings',
    [part([arm64]), part([entry('linux/arm64')])],
    {},
    'linux/arm64 is there twice',
  ],
  [
    'one that is missing',
    [part([amd64])],
    { platforms: parsePlatforms(['linux/386']) },
    'linux/386 is missing',
  ],
  [
    'one too many',
    [part([amd64, v7])],
    { platforms: parsePlatforms(['linux/amd64']) },
    'linux/arm/v7 was not asked for',
  ],
])('%s is refused', async (_, parts, wishes, why) => {
  expect(await failureOf(() => merge(parts, wishes))).toMatchObject({
    kind: 'verification',
    why: expect.stringContaining(why),
    fix: expect.stringContaining('no tag has moved'),
  })
})
