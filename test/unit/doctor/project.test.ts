import { describe, expect, it } from 'vitest'
import { dockerfile } from '../../../src/doctor/checks/dockerfile.ts'
import { remoteCache } from '../../../src/doctor/checks/remote-cache.ts'
import { targets } from '../../../src/doctor/checks/targets.ts'
import { toolchain } from '../../../src/doctor/checks/toolchain.ts'
import { type ProjectFacts, repositoriesOf } from '../../../src/doctor/project.ts'
import { Failure } from '../../../src/errors.ts'
import { githubWorkflow, gitlabJob } from '../../../src/init/write/ci.ts'
import type { CompilePlan } from '../../../src/languages/language.ts'
import { noRemoteCache } from '../../../src/lint/rules/workflow-build.ts'
import { formatRepository } from '../../../src/oci/reference.ts'
import { fakeTools } from '../../support/fake-tools.ts'
import { around } from './around.ts'

/** A project whose compile is planned by `compile`. */
const facts = (compile: (id: string) => Pick<CompilePlan, 'prepare'>): ProjectFacts =>
  ({
    language: {
      title: 'Rust',
      compile: (_: unknown, { platforms }: { platforms: { id: string }[] }) =>
        compile(platforms[0]?.id ?? ''),
    },
    project: { toolchain: { name: 'rustc', version: '1.96.0' }, remarks: ['a remark'], cCode: [] },
    images: [{ name: 'app', executables: [{ name: 'app', package: 'app' }], image: { tags: [] } }],
    source: { epoch: 0 },
  }) as unknown as ProjectFacts

const add = (triple: string) => ({
  title: 'Add',
  command: { tool: 'rustup', args: ['target', 'add', triple], cwd: '/' },
  produces: [],
  installs: `Rust's standard library for ${triple}`,
})

describe('toolchain', () => {
  it('is here', async () => {
    const found = await toolchain.run(await around({ project: facts(() => ({ prepare: [] })) }))
    expect(found).toEqual({ status: 'ok', why: 'rustc 1.96.0, for app (Rust)', details: ['a remark'] })
  })

  it('is missing', async () => {
    const project = new Failure({
      kind: 'tool',
      what: 'cargo was not found',
      fix: 'install Rust: https://rustup.rs',
    })
    expect(await toolchain.run(await around({ project }))).toMatchObject({
      status: 'problem',
      why: 'cargo was not found',
      fix: expect.stringMatching(/rustup/),
    })
  })

  it('is of no project: those that are here', async () => {
    const fakes = await fakeTools({
      go: { stdout: 'go version go1.26.8 linux/amd64\n' },
      cargo: { exitCode: 1 },
    })
    const { PATH } = process.env
    process.env['PATH'] = fakes.bin
    try {
      expect(await toolchain.run(await around())).toMatchObject({
        status: 'ok',
        why: expect.stringMatching(/^no project in .*; here are go1\.26\.8 linux\/amd64$/),
      })
      await fakes.add('go', { exitCode: 1 })
      expect(await toolchain.run(await around())).toMatchObject({
        status: 'warning',
        why: expect.stringMatching(/no toolchain on PATH/),
      })
    } finally {
      process.env['PATH'] = PATH
    }
  })
})

describe('targets', () => {
  it('are all there', async () => {
    expect(await targets.run(await around({ project: facts(() => ({ prepare: [] })) }))).toMatchObject({
      status: 'ok',
      why: 'linux/amd64, linux/arm64; this is linux/amd64',
      details: [expect.stringMatching(/^C compilers, where there is C code: linux\/amd64 .*, linux\/arm64 /)],
    })
    expect(await targets.run(await around())).toMatchObject({ status: 'not applicable' })
  })

  it('lack what rustup adds', async () => {
    const project = facts(id => ({
      prepare: id === 'linux/arm64' ? [add('aarch64-unknown-linux-musl')] : [],
    }))
    const found = await targets.run(await around({ project }))
    expect(found).toMatchObject({
      status: 'warning',
      why: "Rust's standard library for aarch64-unknown-linux-musl is missing; a build adds it",
      fix: 'rustup target add aarch64-unknown-linux-musl',
    })
    expect(found.repairs?.map(({ command }) => command.tool)).toEqual(['rustup'])
  })

  it('lack a C compiler', async () => {
    const project = facts(id => {
      if (id === 'linux/amd64') return { prepare: [] }
      throw new Failure({
        kind: 'tool',
        what: `No C compiler for ${id}`,
        why: 'sqlite is C code',
        fix: 'pip install ziglang',
      })
    })
    const platforms = ['linux/amd64', 'linux/arm64', 'linux/riscv64']
    expect(await targets.run(await around({ project, platforms }))).toMatchObject({
      status: 'problem',
      why: 'No C compiler for linux/arm64: sqlite is C code',
      details: ['No C compiler for linux/riscv64'],
      fix: 'pip install ziglang',
    })
  })
})

it('repositories are those of the tags, with the names of the images', () => {
  const found = repositoriesOf([
    {
      name: 'web',
      image: {
        tags: ['ghcr.io/me/{name}:{version}', 'ghcr.io/me/{name}:latest', 'localhost:5000/{env.X}/a:1'],
      },
    },
  ] as never)
  expect(found.map(formatRepository)).toEqual(['ghcr.io/me/web'])
})

describe('Dockerfiles', () => {
  const look = async (files: Record<string, string>) => dockerfile.run(await around({ files }))
  const good = 'FROM gcr.io/distroless/static-debian13:nonroot\nCOPY app /app\nENTRYPOINT ["/app"]\n'

  it('are linted', async () => {
    expect(await look({})).toMatchObject({ status: 'not applicable' })
    expect(await look({ Dockerfile: good })).toMatchObject({ status: 'ok', why: 'Dockerfile: nothing found' })
    expect(
      await look({
        Dockerfile: good,
        'Dockerfile.dev': 'FROM --platform=$BUILDPLATFORM alpine:3.22\nCMD ["sh"]\n',
      }),
    ).toMatchObject({
      status: 'problem',
      why: '2 Dockerfiles: 1 finding',
      details: [expect.stringMatching(/^Dockerfile\.dev:1: .*\(final-stage-platform\)$/)],
    })
    const emulated =
      'FROM golang:1.26 AS build\nRUN go build -o /app .\nFROM scratch\nCOPY --from=build /app /app\n'
    expect(await look({ Dockerfile: emulated })).toMatchObject({
      status: 'warning',
      fix: 'xbuild lint Dockerfile',
    })
  })

  it('are heard where they or xbuild.toml silence a rule, and where .dockerignore hides files', async () => {
    const Dockerfile = 'FROM --platform=$BUILDPLATFORM alpine:3.22\nCMD ["sh"]\n'
    expect(
      await look({ Dockerfile, 'xbuild.toml': '[lint]\nignore = ["final-stage-platform"]\n' }),
    ).toMatchObject({ status: 'ok' })
    expect(await look({ Dockerfile: good, '.dockerignore': 'app\n' })).toMatchObject({
      status: 'problem',
      details: [expect.stringMatching(/dockerignore/)],
    })
  })
})

describe('remote cache', () => {
  const look = async (files: Record<string, string>, cacheTo?: string[]) =>
    remoteCache.run(await around({ files, flags: cacheTo ? { cacheTo } : {} }))
  const path = '.github/workflows/image.yml'
  const workflow = (...steps: string[]) =>
    `on: push\njobs:\n  image:\n    runs-on: ubuntu-latest\n    steps:\n${steps.map(step => `      - ${step}\n`).join('')}`

  it('is named by what CI builds, or is missing there', async () => {
    expect(await look({})).toMatchObject({ status: 'not applicable' })
    expect(await look({}, ['type=registry,ref=a/b:cache'])).toMatchObject({
      status: 'ok',
      why: '[cache] names type=registry,ref=a/b:cache',
    })
    expect(await look({ [path]: noRemoteCache.good })).toMatchObject({
      status: 'ok',
      why: '1 workflow with a cache',
    })
    expect(await look({ [path]: noRemoteCache.bad })).toMatchObject({
      status: 'warning',
      why: expect.stringMatching(/^\.github\/workflows\/image\.yml:\d+: every run builds every layer/),
    })
    expect(await look({ [path]: workflow('run: go test ./...') })).toMatchObject({ status: 'not applicable' })
  })

  it('is there in what init writes, for each language and service', async () => {
    for (const language of ['go', 'rust', 'zig'] as const) {
      const facts = { language, image: 'ghcr.io/a/b', branch: 'main', folder: '.', goFile: 'go.mod', zig: '' }
      const written = { [path]: githubWorkflow(facts), '.gitlab-ci.yml': gitlabJob(facts) }
      for (const [file, text] of Object.entries(written))
        expect(await look({ [file]: text }), `${language} ${file}`).toMatchObject({ status: 'ok' })
    }
  })

  it('is looked for in a workflow whose Dockerfile is a folder', async () => {
    const step =
      "uses: docker/build-push-action@v6\n        with: { file: ./docker, push: true, tags: 'a/b:1' }"
    const found = await look({ [path]: workflow(step), 'docker/a': '' })
    expect(found).not.toMatchObject({ status: 'problem' })
  })

  it('is that of the toolchain for xbuild', async () => {
    expect(await look({ [path]: workflow('run: xbuild --push -t a/b:1') })).toMatchObject({
      status: 'warning',
      why: `${path}: xbuild compiles from nothing in every run, for nothing keeps the toolchain’s caches`,
    })
    const cached = workflow('uses: actions/setup-go@v6', 'run: xbuild --push -t a/b:1')
    expect(await look({ [path]: cached })).toMatchObject({ status: 'ok' })
    expect(
      await look({
        '.gitlab-ci.yml':
          'publish:\n  script:\n    - docker buildx build --platform linux/amd64,linux/arm64 --push -t a/b:1 .\n',
      }),
    ).toMatchObject({ status: 'warning' })
  })
})
