import { describe, expect, it, test } from 'vitest'
import { applyFixes } from '../../../src/lint/apply-fixes.ts'
import { lintDockerfile } from '../../../src/lint/lint-dockerfile.ts'

const fix = (text: string) => applyFixes(text, now => lintDockerfile(now, 'Dockerfile')).text

describe('corrections', () => {
  test.each([
    ['a default goes', 'FROM a\nARG TARGETARCH=amd64 # x\n', 'FROM a\nARG TARGETARCH # x\n'],
    ['a default among others', 'FROM a\nARG X=1 TARGETARCH=amd64 Y\n', 'FROM a\nARG X=1 TARGETARCH Y\n'],
    ['an ARG comes', 'FROM a\nRUN echo $TARGETARCH\n', 'FROM a\nARG TARGETARCH\nRUN echo $TARGETARCH\n'],
    [
      'two of them',
      'FROM a\nRUN echo $TARGETOS $TARGETARCH\n',
      'FROM a\nARG TARGETOS\nARG TARGETARCH\nRUN echo $TARGETOS $TARGETARCH\n',
    ],
    [
      'before its comments',
      'FROM a\n\n# why\n# how\nRUN echo $TARGETARCH\n',
      'FROM a\n\nARG TARGETARCH\n# why\n# how\nRUN echo $TARGETARCH\n',
    ],
    [
      'with its line ends',
      'FROM a\r\nRUN echo $TARGETARCH\r\n',
      'FROM a\r\nARG TARGETARCH\r\nRUN echo $TARGETARCH\r\n',
    ],
    [
      'of ONBUILD',
      'FROM a\n  ONBUILD RUN echo $TARGETARCH\n',
      'FROM a\n  ONBUILD ARG TARGETARCH\n  ONBUILD RUN echo $TARGETARCH\n',
    ],
    ['the platform of the last stage', 'FROM --platform=$BUILDPLATFORM   a\nCMD x\n', 'FROM a\nCMD x\n'],
    ['a platform that says nothing', 'FROM  --platform=$TARGETPLATFORM a AS b', 'FROM  a AS b'],
    ['nothing to do', 'FROM a\n\n\tRUN x  \n', 'FROM a\n\n\tRUN x  \n'],
    ['what only a person can decide', 'FROM a\nENV TARGETARCH=amd64\n', 'FROM a\nENV TARGETARCH=amd64\n'],
  ])('%s', (_, before, after) => {
    expect(fix(before)).toBe(after)
    expect(fix(after)).toBe(after)
  })

  it('keeps what is silenced', () => {
    const text = '# xbuild-lint ignore=final-stage-platform why\nFROM --platform=$BUILDPLATFORM a\nCMD x\n'
    expect(fix(text)).toBe(text)
  })

  it('keeps a byte order mark and the lack of a last line end', () => {
    expect(fix('\u{feff}FROM a\nARG TARGETARCH=arm64')).toBe('\u{feff}FROM a\nARG TARGETARCH')
  })
})
