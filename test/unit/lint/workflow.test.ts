import { describe, expect, it, test } from 'vitest'
import { lintBake, lintWorkflow } from '../../../src/lint/lint-workflow.ts'
import { exampleWorkflow } from '../../../src/lint/rules/workflow-build.ts'
import { short } from './lint.ts'

const github = (text: string) => short(lintWorkflow(text, '.github/workflows/a.yml'), { info: true })
const gitlab = (text: string) => short(lintWorkflow(text, '.gitlab-ci.yml'), { info: true })
const matrix = `strategy:
      matrix:
        platform: [linux/amd64, linux/arm64]
    runs-on: ubuntu-latest`
const platform = `\${{ matrix.platform }}`
const quiet =
  'platforms: linux/amd64,linux/arm64\npush: true\ntags: a.example/b:1\ncache-from: type=gha\ncache-to: type=gha,mode=max'

describe('GitHub workflows', () => {
  test.each([
    [
      'inputs as a list of lines',
      'platforms: |\n  linux/amd64\n  linux/arm64\nload: true\ncache-from: type=gha',
      ['13:17 load-several-platforms'],
    ],
    [
      'outputs in place of load',
      'platforms: linux/amd64,linux/arm64\noutputs: type=docker\ncache-from: type=gha',
      ['11:20 load-several-platforms'],
    ],
    [
      'an archive for docker load',
      'platforms: linux/amd64,linux/arm64\noutputs: type=docker,dest=a.tar\ncache-from: type=gha',
      [],
    ],
    ['one platform', 'platforms: linux/amd64\nload: true', []],
    ['no cache on purpose', 'platforms: linux/amd64,linux/arm64\npush: true\nno-cache: true', []],
    [
      'a cache of the registry',
      'platforms: linux/amd64,linux/arm64\npush: true\ncache-from: type=registry,ref=a',
      [],
    ],
    [
      'what only the run knows',
      `platforms: \${{ inputs.platforms }}\nload: \${{ github.event_name == 'pull_request' }}`,
      [],
    ],
  ])('%s', (_, inputs, expected) => {
    expect(github(exampleWorkflow(inputs))).toEqual(expected)
  })

  const loaded = (step: string) =>
    github(
      exampleWorkflow('platforms: linux/amd64,linux/arm64\nload: true\ncache-from: type=gha').replace(
        '      - uses: docker/setup-buildx',
        () => `      - ${step.split('\n').join('\n        ')}\n      - uses: docker/setup-buildx`,
      ),
    ).filter(line => line.endsWith('load-several-platforms')).length === 0
  const daemon = (value: string) =>
    `uses: docker/setup-docker-action@v4\nwith:\n  version: v27\n  daemon-config: |\n    {\n      "features": {\n        "containerd-snapshotter": ${value}\n      }\n    }`
  test.each([
    [true, daemon('true')],
    [false, daemon('false')],
    [false, daemon('false').replace('v27', 'latest')],
    [true, 'run: echo \'{"features":{"containerd-snapshotter":true}}\' | sudo tee /etc/docker/daemon.json'],
    [true, 'run: "echo {\\"features\\":{\\"containerd-snapshotter\\":true}} > daemon.json"'],
    [true, 'run: jq \'.features["containerd-snapshotter"] = true\' a.json'],
    [true, 'uses: depot/use-containerd-snapshotter-action@v1'],
    [true, 'uses: docker/setup-docker-action@v4'],
    [true, 'uses: docker/setup-docker-action@v4\nwith:\n  version: v29.1.0'],
    [
      false,
      'uses: docker/setup-docker-action@v4\nwith:\n  version: type=archive,channel=stable,version=28.5.1',
    ],
    [false, 'run: |\n  # "containerd-snapshotter": true\n  make'],
    [false, 'run: make'],
  ])('loading several platforms is right (%s) after the step %s', (isRight, step) => {
    expect(loaded(step)).toBe(isRight)
  })

  const pushed = (tags: string) =>
    `platforms: ${platform}\npush: true\ntags: ${tags}\ncache-from: type=gha,scope=${platform}\ncache-to: type=gha,mode=max,scope=${platform}`
  test.each([
    ['one tag', pushed('a.example/b:1'), ['15:17 matrix-one-tag']],
    ['a tag of the version', pushed(`a.example/b:\${{ github.sha }}`), ['15:17 matrix-one-tag']],
    ['a tag for each platform', pushed(`a.example/b:\${{ matrix.arch }}`), []],
    ['a tag from somewhere', pushed(`a.example/b:\${{ env.SUFFIX }}`), []],
    ['a tag of an unknown step', pushed(`\${{ steps.other.outputs.tags }}`), []],
    ['not pushed', pushed('a.example/b:1').replace('push: true', 'push: false'), []],
  ])('a matrix that pushes: %s', (_, inputs, expected) => {
    expect(github(exampleWorkflow(inputs, matrix))).toEqual(expected)
  })

  it('a matrix of other things may share a tag rule and a cache', () => {
    const text = exampleWorkflow(quiet, matrix.replace('platform:', 'go:'))
    expect(github(text)).toEqual([])
  })

  it('two images of one file share no cache', () => {
    const second =
      '      - uses: docker/build-push-action@v7\n        with:\n          file: b.Dockerfile\n          cache-to: type=gha,mode=max\n'
    expect(github(exampleWorkflow(quiet) + second)).toEqual([
      '14:21 gha-cache-scope',
      '18:21 gha-cache-scope',
    ])
  })

  it('commands in run: steps, their lines joined', () => {
    const text = `jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: |
          echo start
          docker buildx build --platform linux/amd64,linux/arm64 \\
            --load -t a.example/b:1 .
      - run: docker build -t b .
      - run: docker run --platform linux/arm64 b
`
    expect(github(text)).toEqual(['7:31 no-remote-cache', '8:13 load-several-platforms'])
  })

  it('composite actions', () => {
    const text = 'runs:\n  using: composite\n  steps:\n    - uses: docker/setup-qemu-action@v2\n'
    expect(github(text)).toEqual(['4:13 retired-action'])
  })

  it.each([
    ['docker/login-action@v2', 'warning'],
    ['docker/login-action@v3', 'info'],
    ['docker/login-action@v4', undefined],
    ['docker/login-action@main', undefined],
    ['docker/login-action@9780b0c442fbb1117ed29e0efdff1e18412f7567 # v3.3.0', 'info'],
    ['docker/login-action@9780b0c442fbb1117ed29e0efdff1e18412f7567', undefined],
    ['somebody/login-action@v1', undefined],
  ])('%s', (uses, severity) => {
    const [found] = lintWorkflow(`jobs:\n  a:\n    steps:\n      - uses: ${uses}\n`, 'a.yml')
    expect(found?.severity).toBe(severity)
  })

  it('what is no YAML, with the place', () => {
    expect(github('jobs:\n  a: [\n')).toEqual(['3:1 unreadable-file'])
  })

  it('files of other things', () => {
    for (const text of [
      '',
      'a',
      '[1, 2]',
      '{}',
      'jobs: 3',
      'jobs:\n  a:\n  b: [x]',
      'jobs:\n  a:\n    steps:\n      - 3\n      -\n',
    ]) {
      expect(github(text)).toEqual([])
    }
  })
})

describe('GitLab pipelines', () => {
  it('scripts of jobs and what they take from anchors', () => {
    const text = `.build: &build
  before_script:
    - docker login
image:
  script: [docker build .]
job:
  <<: *build
  parallel:
    matrix:
      - PLATFORM: [linux/amd64, linux/arm64]
  script:
    - docker buildx build --platform $PLATFORM --push -t a.example/b:1 --cache-to type=gha,mode=max .
`
    expect(gitlab(text)).toEqual(['12:55 matrix-one-tag', '12:72 gha-cache-in-run'])
  })
})

test('bake files, as buildx prints them', () => {
  const text = 'target "app" {\n  platforms = ["linux/amd64", "linux/arm64"]\n}\ntarget "other" {}\n'
  const printed = JSON.stringify({
    target: {
      app: {
        context: '.',
        dockerfile: 'Dockerfile',
        platforms: ['linux/amd64', 'linux/arm64'],
        output: [{ type: 'docker' }],
        'cache-to': ['type=gha,mode=max'],
      },
      other: { dockerfile: 'other.Dockerfile', 'cache-to': [{ type: 'gha', mode: 'max' }] },
    },
  })
  expect(short(lintBake(text, 'docker-bake.hcl', printed))).toEqual([
    '1:1 load-several-platforms',
    '1:1 gha-cache-scope',
    '4:1 gha-cache-scope',
  ])
})
