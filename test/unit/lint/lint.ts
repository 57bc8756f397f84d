import type { Finding, RuleInfo } from '../../../src/lint/finding.ts'
import { lintDockerfile } from '../../../src/lint/lint-dockerfile.ts'
import { lintWorkflow } from '../../../src/lint/lint-workflow.ts'
import { workflowRules } from '../../../src/lint/rules.ts'

/** The findings of an example of a rule. Its first line may say what is around it: `# .dockerignore: …`, `# Dockerfile: …`. */
export function lintExample(rule: RuleInfo, text: string): Finding[] {
  if (!workflowRules.some(({ id }) => id === rule.id)) {
    const dockerignore = /^# \.dockerignore: (.*)$/m.exec(text)?.[1]
    return lintDockerfile(text, 'Dockerfile', { dockerignore })
  }
  const run = /^# Dockerfile: (.*)$/m.exec(text)?.[1]
  const readDockerfile = () => run && `FROM alpine:3.22\n${run}\n`
  return lintWorkflow(text, '.github/workflows/image.yml', { readDockerfile })
}

/** Findings as short lines: `3:5 rule-id`, the worse ones alone unless asked. */
export function short(findings: readonly Finding[], { info = false } = {}): string[] {
  return findings
    .filter(({ severity }) => info || severity !== 'info')
    .map(({ line, column, ruleId }) => `${line}:${column} ${ruleId}`)
}

/** The IDs of the rules that a Dockerfile breaks, those above info. */
export function rulesBroken(text: string, path = 'Dockerfile'): string[] {
  return lintDockerfile(text, path)
    .filter(({ severity }) => severity !== 'info')
    .map(({ ruleId }) => ruleId)
}
