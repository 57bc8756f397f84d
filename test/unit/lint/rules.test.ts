import { describe, expect, it, test } from 'vitest'
import { basePlatform } from '../../../src/lint/rules/of-the-run.ts'
import { allRules, dockerfileRules, workflowRules } from '../../../src/lint/rules.ts'
import { lintExample } from './lint.ts'

/** A small change to the good example of each rule that brings the mistake back, in another form than the bad example. */
const mutations: Readonly<Record<string, readonly [from: string | RegExp, to: string]>> = {
  'platform-arg-default': ['ARG TARGETARCH', 'ARG TARGETARCH="arm64"'],
  'platform-arg-undeclared': ['ARG TARGETARCH', 'ARG TARGETOS'],
  'final-stage-platform': ['FROM gcr', `FROM --platform=\${BUILDPLATFORM} gcr`],
  'toolchain-without-target': [' GOOS=$TARGETOS GOARCH=$TARGETARCH', ''],
  'constant-architecture': ['GOARCH=$TARGETARCH go build', 'GOARCH=arm64 go build'],
  'emulated-compile': ['FROM --platform=$BUILDPLATFORM golang', 'FROM golang'],
  'constant-platform': ['$BUILDPLATFORM', 'linux/arm64'],
  'foreign-asset': ['$TARGETARCH', 'x86_64'],
  'dockerignore-hides-source': ['node_modules', '**/app'],
  'sources-before-dependencies': ['COPY package.json package-lock.json ./', 'COPY ./ /web/'],
  'scratch-without-certificates': [/^COPY.*ca-certificates.*\n/m, ''],
  'redundant-target-platform': ['FROM alpine', `FROM --platform=\${TARGETPLATFORM} alpine`],
  'moving-base-tag': [/@sha256:\w+/, ''],
  'matrix-one-tag': [/outputs: .*/, 'tags: example.com/a:latest\n          push: true'],
  'load-several-platforms': ['push: true', "load: 'true'"],
  'lambda-attestations': ['provenance: false', 'provenance: mode=min'],
  'gha-cache-scope': [/cache-to: .*/, 'cache-to: type=gha,mode=max,scope=all'],
  'gha-cache-in-run': [/^.*ghaction-github-runtime.*\n/m, ''],
  'no-remote-cache': [/ *cache-(?:from|to): .*\n/g, ''],
  'cache-mode-min': [',mode=max', ''],
  'retired-action': [
    'docker/build-push-action@v7',
    'docker/build-push-action@2cdde995de11925a030ce8070c3d77a52ffcf1c0 # v4.2.1',
  ],
  'qemu-not-needed': ['# Dockerfile: RUN apt-get update', '# Dockerfile: COPY a /a'],
  'ignore-comment': [' we follow the tag', ''],
  'unreadable-file': ['FROM alpine:3.22', 'RUN echo'],
}

const looked = allRules.filter(rule => rule !== basePlatform)

describe.each(looked.map(rule => [rule.id, rule] as const))('%s', (id, rule) => {
  const found = (text: string) => lintExample(rule, text).filter(({ ruleId }) => ruleId === id)

  it('finds the mistake of its bad example', () => {
    expect(found(rule.bad)).toHaveLength(1)
    expect(found(rule.bad)[0]?.severity).toBe(rule.severity)
  })

  it('finds none in its good example', () => {
    expect(found(rule.good)).toEqual([])
  })

  it('finds it in the good example with one change', () => {
    const [from, to] = mutations[id] ?? ['', '']
    const mutant = rule.good.replace(from, () => to)
    expect(mutant).not.toBe(rule.good)
    expect(found(mutant)).not.toEqual([])
  })
})

test('a rule that is in no order of the table has no mutation', () => {
  expect(Object.keys(mutations).sort()).toEqual(looked.map(({ id }) => id).sort())
})

test('good examples break no other rule, but for what is only information', () => {
  for (const rule of looked) {
    if (rule.id === 'lambda-attestations') continue
    const others = lintExample(rule, rule.good).filter(({ severity }) => severity !== 'info')
    expect({ id: rule.id, others }).toEqual({ id: rule.id, others: [] })
  }
})

test('IDs are unique, and said in lower case with dashes', () => {
  const ids = allRules.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  for (const id of ids) expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/)
  expect(dockerfileRules.length + workflowRules.length).toBe(ids.length - 3)
})
