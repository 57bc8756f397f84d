import { describe, expect, test } from 'vitest'
import { isDistribution, linkedFolders, withoutLinks } from '../../../src/base/distributions.ts'
import { knownBase } from '../../../src/base/known.ts'
import { checkTargets } from '../../../src/image/targets.ts'
import type { ImageSpec } from '../../../src/types.ts'

const inBase = (path: string, base: string) => withoutLinks(path, linkedFolders(knownBase(base)))

describe('linkedFolders', () => {
  test.each([
    'debian:bookworm-slim',
    'debian',
    'docker.io/library/debian:13@sha256:abc',
    'mirror.example:5000/library/debian:trixie',
    'registry.k8s.io/build-image/debian-base:bookworm-v1.0.4',
    'ubuntu:24.04',
    'public.ecr.aws/ubuntu/ubuntu:noble',
    'cgr.dev/chainguard/wolfi-base',
    'fedora:42',
    'quay.io/fedora/fedora',
    'registry.access.redhat.com/ubi9/ubi-minimal:9.6',
    'almalinux:9',
    'rockylinux/rockylinux:9',
    'quay.io/centos/centos:stream9',
    'public.ecr.aws/amazonlinux/amazonlinux:2023',
    'gcr.io/distroless/base-debian13:nonroot',
    'mirror.example/cc-debian12',
  ])('%s has links to /usr', base => {
    expect(inBase('/bin/app', base)).toBe('/usr/bin/app')
    expect(inBase('/lib/a.so', base)).toBe('/usr/lib/a.so')
    expect(inBase('/lib64', base)).toMatch(/^\/usr\/lib/)
    expect(inBase('/library/a', base)).toBe('/library/a')
  })

  test.each([
    'scratch',
    'builtin',
    'alpine:3.22',
    'busybox',
    'debian:bullseye-slim',
    'debian:11.9',
    'ubuntu:18.04',
    'amazonlinux:1',
    'ghcr.io/me/app:1',
    './debian',
    '/srv/fedora',
  ])('%s has none that is known', base => {
    expect(inBase('/bin/app', base)).toBe('/bin/app')
  })

  test('/usr/sbin may be a link too', () => {
    expect(inBase('/sbin/app', 'debian')).toBe('/usr/sbin/app')
    expect(inBase('/sbin/app', 'fedora')).toBe('/usr/bin/app')
  })

  test('/var/run is one to /run, but in distroless nobody says so', () => {
    expect(inBase('/var/run/app', 'debian:11')).toBe('/run/app')
    expect(inBase('/var/run/app', 'alpine')).toBe('/run/app')
    expect(inBase('/var/run/app', 'gcr.io/distroless/static-debian13')).toBe('/var/run/app')
  })
})

test.each([
  ['debian:trixie', '/bin/app', 'use an absolute path such as /usr/bin/app'],
  ['ubuntu:24.04', '/lib/app/plugin.so', 'use an absolute path such as /usr/lib/app/plugin.so'],
  ['fedora:43', '/sbin/app', 'use an absolute path such as /usr/bin/app'],
])('on %s, %s is refused', (base, target, fix) => {
  const spec = {
    files: [{ target, source: { artifact: 'app' }, mode: 0o755 }],
    base: { ...knownBase(base), predicted: false, reason: '' },
  } as unknown as ImageSpec
  expect(() => checkTargets(spec)).toThrow(expect.objectContaining({ kind: 'usage', fix }))
})

test.each([
  ['debian', true],
  ['ghcr.io/me/debian', true],
  ['registry.access.redhat.com/ubi9/ubi-minimal', true],
  ['ghcr.io/me/debian-app', false],
  ['me/notfedora', false],
])('%s is of a distribution: %s', (repository, expected) => {
  expect(isDistribution(repository)).toBe(expected)
})
