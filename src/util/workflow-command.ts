/** Workflow commands of GitHub Actions: lines of a job's log that its runner obeys (actions/toolkit, core/src/command.ts). */

/** `::error file=a.go,line=3::text`, without a line end. What is undefined is left out. */
export function workflowCommand(
  name: 'error' | 'warning' | 'notice' | 'group' | 'endgroup',
  properties: Readonly<Record<string, string | number | undefined>>,
  text: string,
): string {
  const given = Object.entries(properties).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${escapeProperty(String(value))}`],
  )
  return `::${name}${given.length > 0 ? ` ${given.join(',')}` : ''}::${escapeData(text)}`
}

/**
 * Text of others that the runner takes for no command: it obeys `::` at the start of a line, blanks before it or not, and
 * the old form `##[` anywhere.
 */
export function withoutCommands(text: string): string {
  return text.replace(/^(\s*:):/gm, '$1 :').replaceAll('##[', '## [')
}

function escapeData(text: string): string {
  return text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replace(/:/g, '%3A').replace(/,/g, '%2C')
}
