import type { RuleInfo } from './finding.ts'

/** The page of a rule in docs/lint/, which --explain prints too. */
export function rulePage({ id, severity, summary, explanation, bad, good, buildkit = [] }: RuleInfo): string {
  const language = /^(?:# \S+: .*\n)?on: /.test(bad) ? 'yaml' : 'dockerfile'
  const also = buildkit.length > 0 ? `\nBuildKit has a rule for it too: ${buildkit.join(', ')}.\n` : ''
  return `# ${id}

${summary} Severity: ${severity}.

${explanation}
${also}
Wrong:

\`\`\`${language}
${bad}\`\`\`

Right:

\`\`\`${language}
${good}\`\`\`

To silence it at one place, write before it: \`# xbuild-lint ignore=${id} reason\`
`
}
