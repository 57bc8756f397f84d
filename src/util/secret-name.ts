/** Words that say by themselves that a value is secret, also at the end of a longer one (GITHUBTOKEN). */
const strong = /(?:TOKENS?|PASSWORDS?|PASSWD|PASSPHRASE|SECRETS?|CREDENTIALS?|API_?KEYS?)$/

/** Words that say so only as a part of their own, as in SIGNING_KEY: `monkey` and `author` are harmless. */
const weak: ReadonlySet<string> = new Set(['KEY', 'KEYS', 'AUTH', 'PASS', 'PWD', 'PAT', 'JWT'])

/** Where a secret is kept, or what keeps it: the value is a path or the name of a program. */
const places = /(?:^|_)(?:FILE|PATH|DIR|SOCK|SOCKET|STDIN|PROVIDERS?)$/

/**
 * Whether a variable, an option or a header is named as secrets are: DB_PASSWORD, apiKey, X-Auth-Token. PWD and OLDPWD are
 * folders, and GIT_CONFIG_KEY_0 is the name of a setting.
 */
export function isSecretName(name: string): boolean {
  const parts = partsOf(name)
  const whole = parts.join('_')
  if (places.test(whole) || /^(?:OLD)?PWD$|^GIT_CONFIG_KEY_\d+$/.test(whole)) return false
  return parts.some(part => strong.test(part) || weak.has(part)) || /(?:^|_)API_KEYS?(?:_|$)/.test(whole)
}

/**
 * `isSecretName` for a word in a text: `key=value` and `pass=3` of a log say nothing, API_KEY=value and `-Dauth-key=value`
 * do.
 */
export function isSecretWord(name: string): boolean {
  if (!isSecretName(name)) return false
  const parts = partsOf(name)
  return parts.length > 1 || strong.test(parts[0] ?? '') || name === name.toUpperCase()
}

function partsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toUpperCase()
    .split(/[^A-Z0-9]+/)
    .filter(part => part !== '')
}
