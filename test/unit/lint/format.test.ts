import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import type { Finding } from '../../../src/lint/finding.ts'
import { formatGithub } from '../../../src/lint/format/github.ts'
import { formatJson } from '../../../src/lint/format/json.ts'
import { formatSarif } from '../../../src/lint/format/sarif.ts'
import { countFindings, formatText } from '../../../src/lint/format/text.ts'
import { lintDockerfile } from '../../../src/lint/lint-dockerfile.ts'
import { allRules } from '../../../src/lint/rules.ts'
import { lintExample } from './lint.ts'

const text = 'FROM a@sha256:0\n\tARG TARGETARCH=amd64\n'
const findings = lintDockerfile(text, 'my: files,/Docker%file')
const texts = new Map([['my: files,/Docker%file', text]])

describe('text', () => {
  it('shows the line and marks the column, tabs as they are', () => {
    expect(formatText(findings, texts, false)).toBe(
      `my: files,/Docker%file:2:6: error: the default of TARGETARCH replaces the value that BuildKit sets for each platform: all of them get "amd64" [platform-arg-default]
  2 | \tARG TARGETARCH=amd64
    | \t    ^^^^^^^^^^^^^^^^
    = fix: ARG TARGETARCH
`,
    )
  })

  it('cuts long lines and shows no control characters', () => {
    const long = `FROM a@sha256:0\nRUN echo ${'x'.repeat(300)}\u{1b}[31m $TARGETARCH\n`
    const shown = formatText(lintDockerfile(long, 'D'), new Map([['D', long]]), false).split('\n')
    expect(shown[1]).toMatch(/^ {2}2 \| …x+\u{fffd}\[31m \$TARGETARCH$/u)
    expect(shown[2]?.indexOf('^')).toBe(shown[1]?.indexOf('$'))
  })

  it('counts', () => {
    expect(countFindings([], 1)).toBe('no findings in 1 file')
    expect(countFindings(findings, 2)).toBe('1 error in 2 files')
    const warning = { ...(findings[0] as Finding), severity: 'warning' as const }
    expect(countFindings([warning, warning, ...findings], 3)).toBe('1 error, 2 warnings in 3 files')
  })
})

it('JSON has what was promised', () => {
  expect(JSON.parse(formatJson(findings))).toEqual({
    findings: [
      {
        ruleId: 'platform-arg-default',
        severity: 'error',
        file: 'my: files,/Docker%file',
        line: 2,
        column: 6,
        endLine: 2,
        endColumn: 22,
        message: expect.any(String),
        fix: 'ARG TARGETARCH',
      },
    ],
  })
})

it('GitHub annotations are escaped', () => {
  expect(formatGithub(findings)).toBe(
    '::error file=my%3A files%2C/Docker%25file,line=2,endLine=2,col=6,endColumn=21,title=platform-arg-default::' +
      'the default of TARGETARCH replaces the value that BuildKit sets for each platform: all of them get "amd64"%0Afix: ARG TARGETARCH\n',
  )
})

describe('SARIF', () => {
  const schema = JSON.parse(
    readFileSync(new URL('../../fixtures/sarif/sarif-2.1.0.schema.json', import.meta.url), 'utf8'),
  )
  const validate = new Ajv2020({ strict: false, validateFormats: false, allErrors: true }).compile(schema)
  const check = (sarif: unknown) => (validate(sarif) ? [] : validate.errors)

  it('is as its schema has it, for a finding of every rule', () => {
    const all = allRules.flatMap(rule => lintExample(rule, rule.bad))
    const other = { ...(all[0] as Finding), ruleId: 'buildkit/StageNameCasing' }
    const sarif = JSON.parse(
      formatSarif([...all, other, ...findings], new Map([...texts, ['Dockerfile', allRules[0]?.bad ?? '']])),
    )
    expect(check(sarif)).toEqual([])
    const [{ results, tool }] = sarif.runs
    for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex].id).toBe(ruleId)
    expect(results.at(-1)).toMatchObject({
      level: 'error',
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'my:%20files,/Docker%25file' },
            region: { startLine: 2, startColumn: 6 },
          },
        },
      ],
      fixes: [
        {
          artifactChanges: [
            { replacements: [{ deletedRegion: { startLine: 2, startColumn: 16, endColumn: 22 } }] },
          ],
        },
      ],
    })
  })

  it('without findings too', () => {
    expect(check(JSON.parse(formatSarif([], new Map())))).toEqual([])
  })

  it('the schema refuses what is not SARIF', () => {
    expect(check({ version: '2.1.0', runs: [{ tool: {} }] })).not.toEqual([])
  })
})
