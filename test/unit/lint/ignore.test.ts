import { describe, expect, it, test } from 'vitest'
import { ignoredBy } from '../../../src/lint/dockerignore.ts'
import { lintDockerfile } from '../../../src/lint/lint-dockerfile.ts'
import { lintWorkflow } from '../../../src/lint/lint-workflow.ts'
import { short } from './lint.ts'

const found = (text: string) => short(lintDockerfile(text, 'Dockerfile'), { info: true })

describe('comments that ignore a rule', () => {
  test.each([
    ['the instruction after it', '# xbuild-lint ignore=moving-base-tag why\nFROM a:1\n', []],
    [
      'not the one after that',
      '# xbuild-lint ignore=moving-base-tag why\nFROM a:1\nFROM b:1\n',
      ['3:6 moving-base-tag'],
    ],
    ['over other comments', '# xbuild-lint ignore=moving-base-tag why\n# more\n\nFROM a:1\n', []],
    [
      'several rules',
      '# xbuild-lint ignore=moving-base-tag,constant-platform why\nFROM --platform=linux/amd64 a:1\nFROM b@sha256:0\n',
      [],
    ],
    ['another rule', '# xbuild-lint ignore=foreign-asset why\nFROM a:1\n', ['2:6 moving-base-tag']],
    [
      'a rule that is none',
      '# xbuild-lint ignore=moving-tag why\nFROM a:1\n',
      ['1:3 ignore-comment', '2:6 moving-base-tag'],
    ],
    ['without a reason', '# xbuild-lint ignore=moving-base-tag\nFROM a:1\n', ['1:3 ignore-comment']],
    ['without a rule', '# xbuild-lint ignore\nFROM a:1\n', ['1:3 ignore-comment', '2:6 moving-base-tag']],
    [
      'the lines of the whole instruction',
      'FROM a@sha256:0\n# xbuild-lint ignore=foreign-asset why\nRUN true && \\\n  curl https://x.example/a-linux-amd64\n',
      [],
    ],
    [
      'written inside of an instruction',
      'FROM a@sha256:0\nRUN true && \\\n# xbuild-lint ignore=foreign-asset why\n  curl https://x.example/a-linux-amd64\n',
      [],
    ],
    [
      'not in a here-document',
      'FROM a@sha256:0\nRUN <<E\n# xbuild-lint ignore=foreign-asset why\ncurl https://x.example/a-linux-amd64\nE\n',
      ['4:32 foreign-asset'],
    ],
  ])('%s', (_, text, expected) => {
    expect(found(text)).toEqual(expected)
  })

  it('in YAML, for its line, or for the step after it', () => {
    const step = '      - uses: docker/login-action@v1\n'
    const text = (before: string, after = '') =>
      `jobs:\n  a:\n    steps:\n${before}${step.trimEnd()}${after}\n`
    const lint = (yaml: string) => short(lintWorkflow(yaml, 'a.yml'))
    expect(lint(text(''))).toEqual(['4:15 retired-action'])
    expect(lint(text('', ' # xbuild-lint ignore=retired-action why'))).toEqual([])
    expect(lint(text('      # xbuild-lint ignore=retired-action why\n'))).toEqual([])
    expect(lint(text('      # xbuild-lint ignore=retired-actions why\n'))).toEqual([
      '4:9 ignore-comment',
      '5:15 retired-action',
    ])
  })

  it('the setting, for all files', () => {
    expect(lintDockerfile('FROM a:1\n', 'Dockerfile', { ignore: ['moving-base-tag'] })).toEqual([])
  })

  test.each([
    ['RedundantTargetPlatform', []],
    ['all', []],
    ['StageNameCasing,RedundantTargetPlatform;error=true', []],
    ['StageNameCasing', ['2:6 redundant-target-platform']],
  ])('# check=skip=%s of BuildKit', (skip, expected) => {
    expect(found(`# check=skip=${skip}\nFROM --platform=$TARGETPLATFORM a@sha256:0\n`)).toEqual(expected)
  })
})

describe('.dockerignore', () => {
  test.each([
    ['dist', 'dist/app', 'dist'],
    ['dist', './dist', 'dist'],
    ['/dist/', 'dist/app', '/dist/'],
    ['dist\n!dist/app', 'dist/app', undefined],
    ['dist\n!dist/app', 'dist', undefined],
    ['dist\n!dist/other', 'dist/app', 'dist'],
    ['!dist/app\ndist', 'dist/app', 'dist'],
    ['*', 'src', '*'],
    ['*\n!src', 'src/a', undefined],
    ['*\n!**/*.go', 'src', undefined],
    ['*.md', 'README.md', '*.md'],
    ['*.md', 'docs/README.md', undefined],
    ['**/*.md', 'docs/README.md', '**/*.md'],
    ['**', 'a/b', '**'],
    ['a/**/b', 'a/x/y/b', 'a/**/b'],
    ['a?c', 'abc', 'a?c'],
    ['[ab]c', 'bc', '[ab]c'],
    ['# dist', 'dist', undefined],
    ['', 'dist', undefined],
    ['[z-a]', 'a', undefined],
  ])('%j for %s', (patterns, source, expected) => {
    expect(ignoredBy(patterns, source)).toBe(expected)
  })

  it('takes no time for patterns of many stars', () => {
    const started = performance.now()
    ignoredBy('*a*a*a*a*a*a*a*a*a*a*a*b\n**/**/**/**/**/**/**/**/**/x', 'a/'.repeat(100))
    expect(performance.now() - started).toBeLessThan(200)
  })
})
