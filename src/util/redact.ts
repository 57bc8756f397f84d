import { isSecretWord } from './secret-name.ts'

/** A private key, to its end or to the end of the text; line ends may be written as `\n`. */
const privateKey = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]*-----|$)/g

/** What is secret by its shape: tokens of GitHub, GitLab, npm, PyPI, crates.io, Docker, Slack, AWS, Google, Vault; JWTs. */
const shapes: readonly [RegExp, string][] = [
  [/\b(gh[pousr]_|github_pat_|gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent)-|npm_|pypi-)[\w-]{12,}/g, '$1***'],
  [/\b(dckr_pat_|hvs\.|sk_live_|sk-|hf_|cio)(?=[\w-]*\d)[\w-]{20,}/g, '$1***'],
  [/\b(xox[a-z]-|xapp-)[\w-]{8,}/g, '$1***'],
  [/\b(A(?:KI|SI)A)[A-Z0-9]{12,}\b/g, '$1***'],
  [/\b(AIza)[\w-]{30,}/g, '$1***'],
  [/\b(ya29\.|dop_v1_|shpat_|SG\.|ATATT|[rs]k_(?:live|test)_)(?=[\w.-]*\d)[\w.-]{20,}/g, '$1***'],
  [/\beyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*/g, '***'],
]

/** The part of a URL before the host; `5000/` after a colon is a port, and ssh takes a name without a password. */
const urlUser =
  /(?<![\w+.-])([a-z][a-z0-9+.-]{0,30}):\/\/(?:([^\s/@:"<>]{0,200}):(?!\/\/|\d{1,5}(?:[/\s"]|$))[^\s@"<>]{1,500}@(?:[^\s/@"<>]{0,200}@)?|([^\s/@:"<>]{1,500})@)/gi

/** What signs an address of a store, and is as good as a login for a while. */
const signatures = /([?&](?:x-(?:amz|goog)-(?:signature|credential|security-token)|sig)=)[^&\s"'#]+/gi

/** `--token VALUE`: a value that looks like one, so that a sentence about --token stays. */
const flagged =
  /((?:^|[\s"'(])--?([A-Za-z][\w-]*)\s+)("[^"\n]*"|'[^'\n]*'|(?![-(]|(?:id|type|src|env)=)(?=\S*\d|\S{20})[^\s"')]+)/g

/** A header that carries a secret, in a log or a curl line. */
const headers: readonly [RegExp, string][] = [
  [
    /\b((?:proxy-)?authorization["']?\s*[:=]\s*["']?)(basic|bearer|token|digest|negotiate)\s+[^\s"']+/gi,
    '$1$2 ***',
  ],
  [/\b((?:proxy-)?authorization:\s*)(?!(?:basic|bearer|token|digest|negotiate)\b)[^\s"']+/gi, '$1***'],
  [
    /\b((?:x-[\w-]{0,40}(?:key|token)|private-token|job-token|deploy-token|set-cookie|cookie):\s*)[^\r\n"']+/gi,
    '$1***',
  ],
]

/** `name=`, and `name = "`, `"name": "`: what comes before a value. */
const assigned = /(["']?)(?<!\w)([A-Za-z_][\w.-]{0,100})\1(?:=|\s*[:=]\s*(?=["']))/g
/** The value; a quoted one is taken to its end. */
const assignedValue = /"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?(?:\\''[^']*')*|[^\s&;]+/y

/**
 * `text` with what looks like a secret blanked out: passwords and bare tokens in URLs, headers, values under the name of
 * a secret, private keys, and tokens that are known by their shape.
 */
export function redact(text: string): string {
  let result = text.replace(privateKey, '***')
  result = result.replace(urlUser, (whole, scheme: string, _name, bare?: string) =>
    bare !== undefined && /ssh$|^git$/i.test(scheme) ? whole : `${scheme}://***@`,
  )
  for (const [pattern, replacement] of [...headers, ...shapes]) result = result.replace(pattern, replacement)
  result = result.replace(signatures, '$1***')
  result = result.replace(flagged, (whole, head: string, name: string) =>
    isSecretWord(name) ? `${head}***` : whole,
  )
  return redactAssigned(result)
}

/** Blanks values under the names of secrets, also inside of other values: `-ldflags=-X=main.token=…`. */
function redactAssigned(text: string): string {
  let done = ''
  let from = 0
  assigned.lastIndex = 0
  for (let head = assigned.exec(text); head; head = assigned.exec(text)) {
    if (!isSecretWord(head[2] as string)) continue
    assignedValue.lastIndex = assigned.lastIndex
    const value = assignedValue.exec(text)?.[0]
    if (value === undefined) continue
    done += `${text.slice(from, assigned.lastIndex)}${/^["']/.exec(value) ?? ''}***${endQuote(value)}`
    assigned.lastIndex += value.length
    from = assigned.lastIndex
  }
  return done + text.slice(from)
}

function endQuote(value: string): string {
  const first = value[0] ?? ''
  return /["']/.test(first) && value.length > 1 && value.endsWith(first) ? first : ''
}

/**
 * A value for JSON with every text in it redacted, and as a whole what is under the name of a secret: `{ DB_TOKEN: … }`,
 * or the argument `DB_TOKEN=…`.
 */
export function redactAll<T>(value: T): T {
  if (typeof value === 'string') return redactWord(value) as T
  if (Array.isArray(value)) {
    return value.map((item, at) => (isValueOfSecret(value[at - 1], item) ? '***' : redactAll(item))) as T
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, item]) => [
    name,
    typeof item === 'string' && item !== '' && isSecretWord(name) ? '***' : redactAll(item),
  ])
  return Object.fromEntries(entries) as T
}

/** Whether an argument is the value of the one before: `--token`, `VALUE`. What `docker build --secret` takes names one. */
function isValueOfSecret(before: unknown, value: unknown): boolean {
  const [, name] = /^--?([A-Za-z][\w-]*)$/.exec(typeof before === 'string' ? before : '') ?? []
  if (name === undefined || typeof value !== 'string' || !isSecretWord(name)) return false
  return value !== '' && !/^(?:-|(?:id|type|src|source|env)=)/.test(value)
}

function redactWord(text: string): string {
  const [, head, name = ''] = /^((?:--?[A-Za-z][\w-]*=)?([A-Za-z_][\w.-]*)=)./s.exec(text) ?? []
  return head !== undefined && isSecretWord(name) ? `${head}***` : redact(text)
}

/** Redacts a text that comes in pieces; a secret may lie across their borders. */
export interface Redactor {
  /** Takes a piece, and returns what of the text is complete by now. */
  add(piece: string): string
  /** The rest. */
  end(): string
}

/** Characters. A line longer than this is cut where it has a space. */
const longestLine = 256 * 1024

/** A redactor, which holds back the line that has not ended, and a private key until it has. */
export function createRedactor(): Redactor {
  let held = ''
  return {
    add(piece) {
      held += piece
      let cut = Math.max(held.lastIndexOf('\n'), held.lastIndexOf('\r')) + 1
      for (const { index, 0: key } of held.matchAll(privateKey)) {
        const end = index + key.length
        if (index < cut && (cut < end || !key.includes('-----END '))) cut = index
      }
      if (held.length - cut > longestLine) cut = held.lastIndexOf(' ') + 1 || held.length
      const complete = redact(held.slice(0, cut))
      held = held.slice(cut)
      return complete
    },
    end() {
      const rest = redact(held)
      held = ''
      return rest
    },
  }
}
