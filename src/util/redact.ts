const patterns: readonly [RegExp, string][] = [
  // user:password@ in a URL
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@:]*:[^\s/@]+@/gi, '$1***@'],
  // an Authorization header, in a log or a curl line
  [/\b(authorization:\s*)(basic|bearer)\s+\S+/gi, '$1$2 ***'],
  // NAME_TOKEN=value and its kin
  [/\b([A-Z0-9_]*(?:TOKEN|PASSWORD|PASSWD|SECRET|CREDENTIALS?|API_?KEY)[A-Z0-9_]*=)\S+/g, '$1***'],
  [/\b(gh[pousr]_|glpat-|npm_|AKIA)[A-Za-z0-9_-]{12,}/g, '$1***'],
]

/** `text` with what looks like a secret blanked out: passwords in URLs, Authorization headers, NAME_TOKEN=values. */
export function redact(text: string): string {
  return patterns.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text)
}

/** A value for JSON with every text in it redacted, and a text under the name of a secret (`DB_TOKEN`) as a whole. */
export function redactAll<T>(value: T): T {
  if (typeof value === 'string') return redact(value) as T
  if (Array.isArray(value)) return value.map(redactAll) as T
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, item]) => [
    name,
    typeof item === 'string' && redact(`${name}=x`) !== `${name}=x` ? '***' : redactAll(item),
  ])
  return Object.fromEntries(entries) as T
}
