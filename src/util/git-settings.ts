/**
 * Arguments of git for reading a repository that may come from anybody: nothing that it configures runs
 * (core.fsmonitor, hooks, gpg.program), and a bare repository among the sources is not taken for the repository.
 */
export const hardenedGit: readonly string[] = [
  ...['-c', 'core.fsmonitor=false'],
  ...['-c', 'core.hooksPath=/dev/null'],
  ...['-c', 'safe.bareRepository=explicit'],
  ...['-c', 'log.showSignature=false'],
  ...['-c', 'i18n.logOutputEncoding=UTF-8'],
]

const settings = [
  ['core.fsmonitor', 'false'],
  ['core.hooksPath', '/dev/null'],
  ['log.showSignature', 'false'],
  ['i18n.logOutputEncoding', 'UTF-8'],
] as const

/**
 * The same for the git that go, cargo or docker call, as variables behind those that are set already (git-config(1),
 * ENVIRONMENT). safe.bareRepository is not among them: go and cargo keep what they download in bare repositories. With
 * GIT_OPTIONAL_LOCKS=0 git does not rewrite the index.
 */
export function gitSettings(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const before = /^\d{1,3}$/.test(env['GIT_CONFIG_COUNT'] ?? '') ? Number(env['GIT_CONFIG_COUNT']) : 0
  const variables = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${before + index}`, key],
    [`GIT_CONFIG_VALUE_${before + index}`, value],
  ])
  return {
    GIT_CONFIG_COUNT: String(before + settings.length),
    ...Object.fromEntries(variables),
    GIT_OPTIONAL_LOCKS: '0',
  }
}
