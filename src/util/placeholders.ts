import { Failure } from '../errors.ts'

/** What the placeholders of xbuild.toml stand for. One that is there without a value is an error where it is used. */
export type Placeholders = Readonly<Record<string, string | undefined>>

/** What is known of the source; a part of SourceInfo. */
export interface SourceFacts {
  readonly version?: string
  readonly revision?: string
  readonly branch?: string
  readonly tag?: string
  /** Seconds since 1970; 0 where it is not known. */
  readonly epoch: number
}

/** `{version}`, `{commit}`, `{short-commit}`, `{date}`, `{branch}` and `{tag}` of the source. */
export function sourcePlaceholders({ version, revision, branch, tag, epoch }: SourceFacts): Placeholders {
  return {
    version,
    commit: revision,
    'short-commit': revision?.slice(0, 7),
    date: isoDate(epoch),
    branch,
    tag,
  }
}

/** `2023-11-14T22:13:20Z`; undefined for 0, which means that there is no date. */
export function isoDate(epoch: number): string | undefined {
  return epoch > 0 ? new Date(epoch * 1000).toISOString().replace('.000Z', 'Z') : undefined
}

/** Why a placeholder may have no value, and what gives it one. */
const missing: Readonly<Record<string, { why: string; fix: string }>> = {
  version: {
    why: 'there is neither a tag of git nor a version in a manifest nor a commit',
    fix: 'git tag v0.1.0, or --version-from TEXT',
  },
  tag: {
    why: 'no tag of git belongs to this project',
    fix: 'git tag v0.1.0 (in a shallow clone: git fetch --tags)',
  },
  branch: { why: 'no branch is checked out', fix: 'git switch BRANCH, or leave {branch} out' },
  commit: { why: 'the project is not in a git repository with a commit', fix: 'git commit' },
  'short-commit': { why: 'the project is not in a git repository with a commit', fix: 'git commit' },
  date: {
    why: 'the project is not in a git repository with a commit',
    fix: 'git commit, or export SOURCE_DATE_EPOCH=$(date +%s)',
  },
}

const placeholder = /\{\{([a-z][a-z-]*|env\.\w+)\}\}|\{([a-z][a-z-]*|env\.\w+)\}/g

/**
 * Replaces `{version}` and the others, and `{env.NAME}` by a variable of the environment. Braces around anything else are
 * text: arguments may hold JSON. `{{date}}` is the text `{date}`.
 * @param place the key or flag that the text comes from, for messages
 * @throws {Failure} usage, when a placeholder has no value.
 */
export function fillPlaceholders(
  text: string,
  values: Placeholders,
  place: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  return text.replace(placeholder, (whole, escaped: string | undefined, plain: string | undefined) => {
    const name = escaped ?? plain ?? ''
    const variable = name.startsWith('env.') ? name.slice('env.'.length) : undefined
    if (variable === undefined && !Object.hasOwn(values, name)) return whole
    if (escaped !== undefined) return `{${escaped}}`
    const value = variable === undefined ? values[name] : env[variable]
    if (value !== undefined) return value
    const { why, fix } = missing[name] ?? {
      why: variable ? `the environment has no ${variable}` : 'it is not known here',
      fix: variable ? `export ${variable}=…` : `leave ${whole} out of ${place}`,
    }
    throw new Failure({ kind: 'usage', what: `${whole} in ${place} has no value`, where: text, why, fix })
  })
}
