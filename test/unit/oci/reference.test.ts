import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Failure, isFailure } from '../../../src/errors.ts'
import { formatReference, isDigest, isLoopback, parseReference } from '../../../src/oci/reference.ts'

const hex = 'a'.repeat(64)

describe('parseReference', () => {
  it.each([
    ['alpine', 'docker.io/library/alpine:latest'],
    ['me/app', 'docker.io/me/app:latest'],
    ['docker.io/alpine:3', 'docker.io/library/alpine:3'],
    ['index.docker.io/alpine', 'docker.io/library/alpine:latest'],
    ['localhost/app', 'localhost/app:latest'],
    ['localhost:5000/app', 'localhost:5000/app:latest'],
    ['app:5000/app', 'app:5000/app:latest'],
    ['[::1]:5000/app:1', '[::1]:5000/app:1'],
    ['REGISTRY/app', 'REGISTRY/app:latest'],
    ['gcr.io/a/b__c/d---e.f:v1.0_X-y', 'gcr.io/a/b__c/d---e.f:v1.0_X-y'],
    [`app@sha256:${hex}`, `docker.io/library/app@sha256:${hex}`],
    [`ghcr.io/a/b:1@sha256:${hex}`, `ghcr.io/a/b:1@sha256:${hex}`],
    [`app:${'t'.repeat(128)}`, `docker.io/library/app:${'t'.repeat(128)}`],
    ['app:5000', 'docker.io/library/app:5000'],
  ])('reads %s as %s', (text, full) => {
    expect(formatReference(parseReference(text))).toBe(full)
  })

  it.each([
    ['', undefined],
    [' ', undefined],
    ['-t', 't'],
    ['--push', 'push'],
    ['-app:1', 'app:1'],
    ['App', 'app'],
    ['ghcr.io/Me/App:V1', 'ghcr.io/me/app:V1'],
    ['app:1\nevil', undefined],
    ['app:1 ', 'app:1'],
    ['app:$(id)', 'app:id'],
    ['$(id)', 'id'],
    ['`id`', 'id'],
    ['app:', 'app'],
    ['app:-1', 'app:1'],
    ['app:.x', 'app:x'],
    ['app/', 'app'],
    ['a//b:1', undefined],
    ['a..b', undefined],
    ['../a', undefined],
    ['https://ghcr.io/a', 'ghcr.io/a'],
    ['-.example.com/a', undefined],
    [`app:${'t'.repeat(129)}`, `app:${'t'.repeat(128)}`],
    ['a'.repeat(256), undefined],
    [hex, undefined],
    ['app@sha256:abc', undefined],
    [`app@sha256:${hex.toUpperCase()}`, undefined],
    [`app@sha256:${hex}@sha256:${hex}`, undefined],
    [`app@md5:${hex}`, undefined],
    ['app:1:2', 'app:1-2'],
    ['app:1=2', 'app:1-2'],
    ['app:1.0+build', 'app:1.0-build'],
    ['app:1 app:2', undefined],
    ['föö', undefined],
    ['app\0', undefined],
  ])('refuses %j and offers %s', (text, suggestion) => {
    const failure = failureOf(() => parseReference(text))
    expect(failure.kind).toBe('usage')
    expect(failure.why).toBeTruthy()
    expect(failure.what).not.toMatch(/[\n\0]/)
    if (suggestion) expect(failure.what).toContain(`did you mean ${suggestion}?`)
    else expect(failure.what).not.toContain('did you mean')
  })

  it('takes or refuses any text, and what it takes is stable', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-zA-Z0-9.:/@_-]{0,40}$/)), text => {
        try {
          const full = formatReference(parseReference(text))
          expect(formatReference(parseReference(full))).toBe(full)
          expect(full).toMatch(/^[\w.:[\]/@-]+$/)
        } catch (error) {
          if (!isFailure(error, 'usage')) throw error
        }
      }),
    )
  })
})

it.each([
  ['localhost', true],
  ['localhost:5000', true],
  ['LOCALHOST', true],
  ['127.0.0.1:5000', true],
  ['127.255.3.4', true],
  ['[::1]:5000', true],
  ['127.0.0.1.example.com', false],
  ['127.0.0.256', false],
  ['localhost.example.com', false],
  ['10.0.0.1', false],
  ['docker.io', false],
])('isLoopback(%s) is %s', (registry, expected) => {
  expect(isLoopback(registry)).toBe(expected)
})

it('knows a digest', () => {
  expect(isDigest(`sha256:${hex}`)).toBe(true)
  expect(isDigest(`sha512:${hex}${hex}`)).toBe(true)
  expect(isDigest(`sha512:${hex}`)).toBe(false)
  expect(isDigest(`sha256:${hex}/../x`)).toBe(false)
})

function failureOf(action: () => unknown): Failure {
  try {
    action()
  } catch (error) {
    if (isFailure(error)) return error
    throw error
  }
  throw new Error('expected a failure')
}

it.each(['me:hunter2@ghcr.io/me/app:1', 'https://me:hunter2@ghcr.io/me/app', ':hunter2@localhost:5000/app'])(
  'does not print the password of %s',
  text => {
    const failure = failureOf(() => parseReference(text))
    expect(failure.what).toMatch(/has a password in it: \*\*\*@(?:ghcr.io|localhost:5000)/)
    expect(JSON.stringify(failure) + failure.message + failure.fix).not.toContain('hunter2')
  },
)
