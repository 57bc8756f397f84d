import { dirname } from 'node:path'
import { Failure } from '../errors.ts'
import { run } from '../process.ts'
import type { Command } from '../types.ts'
import type { Finding } from './finding.ts'
import { basePlatform } from './rules/of-the-run.ts'
import { dockerfileRules } from './rules.ts'

/** A warning of `docker buildx build --call=check,format=json`. */
interface Warning {
  readonly ruleName: string
  readonly description?: string
  readonly detail?: string
  readonly url?: string
  readonly location?: {
    readonly ranges?: readonly {
      start: { line: number; character?: number }
      end: { line: number; character?: number }
    }[]
  }
}

/** What BuildKit said of a Dockerfile, or why it did not. */
export type Checked = { readonly warnings: readonly Warning[] } | { readonly reason: string }

/** The call of BuildKit's own linter. It resolves the base images, so it needs the registry. */
export function checkCommand(path: string): Command {
  const args = [
    'buildx',
    'build',
    '--call=check,format=json',
    '--progress=quiet',
    '--file',
    path,
    dirname(path),
  ]
  return { tool: 'docker', args, cwd: dirname(path) }
}

const timeout = 60

/** Runs BuildKit's linter (buildx ≥ 0.15). */
export async function checkWithBuildkit(path: string, signal?: AbortSignal): Promise<Checked> {
  try {
    const { stdout, stderr, timedOut } = await run(checkCommand(path), { signal, timeout })
    if (timedOut) return { reason: `no answer within ${timeout} s` }
    return readCheck(stdout) ?? { reason: lastLine(stderr) }
  } catch (error) {
    if (error instanceof Failure && error.kind === 'tool') return { reason: error.what }
    throw error
  }
}

/**
 * Reads its answer; undefined where that is none. `warnings` is null both where there are none and where the bases cannot be
 * resolved, which a `buildError` tells.
 */
export function readCheck(stdout: string): Checked | undefined {
  try {
    const { warnings, buildError } = JSON.parse(stdout) as {
      warnings?: readonly Warning[] | null
      buildError?: { message?: string }
    }
    if (warnings) return { warnings }
    return buildError ? { reason: buildError.message ?? 'it could not read the file' } : { warnings: [] }
  } catch {
    return undefined
  }
}

/** BuildKit's warnings as findings, without those that a rule of ours reports on the same line. */
export function mergeCheck(
  warnings: readonly Warning[],
  path: string,
  own: readonly Finding[],
  lineText: (line: number) => string,
): Finding[] {
  const rules = [...dockerfileRules, basePlatform]
  return warnings.flatMap(({ ruleName, detail, description, url, location }) => {
    const range = location?.ranges?.[0]
    const line = range?.start.line ?? 1
    const last = Math.max(range?.end.line ?? line, line)
    const same = rules.filter(({ buildkit = [] }) => buildkit.includes(ruleName)).map(({ id }) => id)
    // Ours may be on a later line of the same instruction.
    if (own.some(finding => same.includes(finding.ruleId) && line <= finding.line && finding.line <= last))
      return []
    return [
      {
        ruleId: `buildkit/${ruleName}`,
        severity: 'warning' as const,
        file: path,
        line,
        column: 1,
        endLine: line,
        endColumn: lineText(line).length + 1,
        message: detail ?? description ?? ruleName,
        ...(url && { fix: `see ${url}` }),
      },
    ]
  })
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}
