import type { Known } from '../../dockerfile/expand.ts'
import type { Override } from '../../dockerfile/scope.ts'

/** Names that people give to what xbuild knows by itself. */
const names: readonly [RegExp, string][] = [
  [/(?:^|_)(?:COMMIT|REVISION|SHA|SHA1|SHA256|HASH|VCS_REF|GITCOMMIT|GITSHA|REV)$/i, '{commit}'],
  [/(?:^|_)(?:DATE|TIME|BUILDDATE|BUILDTIME|TIMESTAMP|CREATED)$/i, '{date}'],
  [/(?:^|_)BRANCH$/i, '{branch}'],
  [/(?:^|_)(?:VERSION|TAG|GITVERSION|DESCRIBE|RELEASE)$/i, '{version}'],
]
/** Prefixes that make a version that of something else: GO_VERSION, ALPINE_VERSION. */
const own =
  /^(?:(?:APP|BUILD|GIT|IMAGE|RELEASE|PROJECT|BINARY|SOURCE|VCS|PKG|PACKAGE|CI|GITHUB|SERVICE|PRODUCT|REVISION|COMMIT)_)*(?:[A-Z0-9]+)$/i

/** What a default says that is there to be replaced by --build-arg. */
const placeholder =
  /^(?:|dev|devel|develop|development|unknown|none|latest|local|main|master|head|snapshot|n\/a|undefined|undef|edge|nightly|v?0\.0\.0.*)$/i

/** The placeholder of xbuild.toml for a variable of this name: `GIT_COMMIT` → `{commit}`. */
export function placeholderFor(name: string): string | undefined {
  return own.test(name) ? names.find(([pattern]) => pattern.test(name))?.[1] : undefined
}

/**
 * The placeholder for a variable of the program that -X sets to what a build argument says until somebody gives it a value:
 * `-X main.Version=latest`, of `ARG APP_VERSION=latest`.
 */
export function placeholderForOpen(variable: string, value: string): string | undefined {
  const name = variable.replace(/([a-z0-9])([A-Z])/g, '$1_$2')
  return value !== '' && placeholder.test(value)
    ? names.find(([pattern]) => pattern.test(name))?.[1]
    : undefined
}

/** A build argument that is meant to be given the version, commit or date takes xbuild's own. */
export const withPlaceholders: Override = (name, known) => {
  const isOpen: boolean =
    'value' in known
      ? placeholder.test(known.value)
      : known.unknown !== 'platform' && known.unknown !== 'shell'
  const value = isOpen ? placeholderFor(name) : undefined
  return value === undefined ? known : ({ value } satisfies Known)
}

/** The placeholder that a script's output is: `git describe --tags` → `{version}`. */
export function placeholderOfScript(script: string): string | undefined {
  const text = script.trim()
  if (/^git\s+describe\b/.test(text)) return '{version}'
  if (/^git\s+rev-parse\b.*--abbrev-ref|^git\s+(?:branch|symbolic-ref)\b/.test(text)) return '{branch}'
  if (/^git\s+rev-parse\b.*--short|^git\s+(?:log|show)\b.*%h/.test(text)) return '{short-commit}'
  if (/^git\s+rev-parse\b|^git\s+(?:log|show)\b.*%H/.test(text)) return '{commit}'
  if (/^git\s+(?:log|show)\b.*%c[dDIitr]/.test(text) || /^date\b/.test(text)) return '{date}'
  const [, variable] = /^echo\s+"?\$\{?(\w+)\}?"?$/.exec(text) ?? []
  return variable === undefined ? undefined : placeholderFor(variable)
}

/** Whether a text as it is written would be taken for a placeholder of xbuild.toml. */
export function looksLikePlaceholder(text: string): boolean {
  return /\{(?:version|commit|short-commit|date|branch|tag|name|platform|env\.\w+)\}/.test(text)
}
