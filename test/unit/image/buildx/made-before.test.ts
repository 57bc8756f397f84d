import { describe, expect, it } from 'vitest'
import { isRepeatable } from '../../../../src/image/buildx/made-before.ts'
import type { Destination } from '../../../../src/image/destination.ts'

const push: Destination = { type: 'push', references: ['r.example/a:1'], tagsLast: 'digest' }
type Image = Parameters<typeof isRepeatable>[0]
const digest = `sha256:${'a'.repeat(64)}`
const image = (more: Partial<Image> = {}, base: object = { reference: 'r.example/b', digest }) =>
  ({ spec: { base }, destinations: [push], ...more }) as Image
const settings = (buildx: object = {}, more: object = {}) =>
  ({ buildx: { cacheFrom: [], cacheTo: [], ...buildx }, ...more }) as never

describe('isRepeatable', () => {
  it('is what is pushed, and no more, on a base that has a digest', () => {
    const byBuildx: Destination = { type: 'push', references: ['r.example/a:1'] }
    expect(isRepeatable(image({ destinations: [byBuildx] }), settings())).toBe(true)
    expect(isRepeatable(image(), settings())).toBe(true)
    expect(isRepeatable(image(), settings({ provenance: 'false', sbom: 'false' }))).toBe(true)
    expect(isRepeatable(image({}, { reference: 'scratch' }), settings())).toBe(true)
  })

  it.each([
    { provenance: 'mode=max' },
    { sbom: 'true' },
    { cache: 'gha' },
    { cacheFrom: ['c'] },
    { cacheTo: ['c'] },
    { metadataFile: 'm' },
  ])('is not what has %j', more => expect(isRepeatable(image(), settings(more))).toBe(false))

  it('is not what has another place to go, a template, a base that may move, or has to be looked at', () => {
    expect(isRepeatable(image({ destinations: [push, { type: 'load' }] }), settings())).toBe(false)
    expect(isRepeatable(image({ destinations: [{ type: 'load' }] }), settings())).toBe(false)
    expect(isRepeatable(image({ template: 'FROM scratch' }), settings())).toBe(false)
    expect(isRepeatable(image({}, { reference: 'r.example/b:1' }), settings())).toBe(false)
    expect(isRepeatable(image(), settings({}, { verify: 'strict' }))).toBe(false)
    expect(isRepeatable(image(), settings({}, { offline: true }))).toBe(false)
  })
})
