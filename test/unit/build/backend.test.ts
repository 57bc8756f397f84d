import { expect, test } from 'vitest'
import { chooseBackend, type FoundBuilder } from '../../../src/build/backend.ts'
import { planImage } from '../../../src/build/plan-image.ts'
import type { BuildFlags } from '../../../src/config/flags.ts'
import { resolveOptions } from '../../../src/config/options.ts'
import { Failure } from '../../../src/errors.ts'
import type { BuilderFacts } from '../../../src/image/buildx/builder.ts'
import { failureOf } from '../../support/failure-of.ts'
import { temporaryFolder } from '../../support/projects.ts'

const able: BuilderFacts = {
  name: 'b',
  driver: 'docker',
  endpoint: 'default',
  nodes: 1,
  running: true,
  platforms: [],
  containerdStore: true,
  hostNetwork: false,
  asked: [],
}
const classic = { ...able, containerdStore: false }
const gone = new Failure({ kind: 'tool', what: 'docker was not found' })

async function choose(flags: BuildFlags, builder: FoundBuilder) {
  const options = await resolveOptions(
    { dir: await temporaryFolder(), tag: ['r.example/app:1'], ...flags },
    {},
  )
  const executable = { name: 'app', package: '.' }
  const base = {
    reference: options.image.base ?? 'scratch',
    family: 'other',
    predicted: false,
    reason: '',
  } as const
  const { platforms, backend, buildx, image } = options
  const planned = planImage({ name: 'app', executables: [executable], image }, base, { epoch: 0 }, options)
  return chooseBackend({ images: [planned], platforms, backend, buildx }, builder)
}

test.each<[string, BuildFlags, FoundBuilder, 'buildx' | 'oci', string?]>([
  ['a builder that can', { push: true }, able, 'buildx'],
  ['no docker', { push: true }, gone, 'oci', 'docker was not found'],
  ['a builder that cannot', { push: true }, classic, 'oci', 'The builder cannot build for several platforms'],
  ['a base of this machine', { base: 'builtin' }, able, 'oci', 'The base builtin is not in a registry'],
  [
    'a base of this machine and a builder',
    { base: './base.tar', builder: 'b' },
    able,
    'oci',
    'The base ./base.tar is not in a registry',
  ],
  ['--backend oci', { backend: 'oci' }, undefined, 'oci'],
  ['--provenance=false and no docker', { provenance: 'false' }, gone, 'oci', 'docker was not found'],
])('%s', async (_, flags, builder, name, reason) => {
  const backend = await choose(flags, builder)
  expect(backend).toMatchObject({ name, ...(reason !== undefined && { reason }) })
  if (reason === undefined) expect(backend).not.toHaveProperty('reason')
})

test.each<[string, BuildFlags, FoundBuilder, string]>([
  ['--backend buildx without docker', { backend: 'buildx' }, gone, 'docker was not found'],
  ['a named builder that is not there', { builder: 'b' }, gone, 'docker was not found'],
  ['--load without docker', { load: true }, gone, 'docker was not found'],
  ['--cache-to without docker', { cacheTo: ['type=gha'] }, gone, 'docker was not found'],
  ['--load with --backend oci', { load: true, backend: 'oci' }, undefined, '--load needs docker buildx'],
  ['--sbom with --backend oci', { sbom: 'true', backend: 'oci' }, undefined, '--sbom needs docker buildx'],
  [
    'a base of this machine with --backend buildx',
    { base: 'builtin', backend: 'buildx' },
    able,
    'is not in a registry',
  ],
  ['a base of this machine with --load', { base: 'builtin', load: true }, able, 'is not in a registry'],
])('%s is refused', async (_, flags, builder, what) =>
  expect((await failureOf(choose(flags, builder))).what).toContain(what),
)
