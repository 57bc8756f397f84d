import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Platform } from '../platforms.ts'
import { createRegistryClient, type RegistryClient } from '../registry/client.ts'
import { indexLines } from '../util/source-text.ts'
import { applyFixes } from './apply-fixes.ts'
import { printBake } from './bake-print.ts'
import { checkBasePlatforms } from './base-platforms.ts'
import { checkWithBuildkit, mergeCheck } from './buildkit-check.ts'
import { findFiles, kindOfNamed, repositoryRoot } from './find-files.ts'
import type { Finding } from './finding.ts'
import { ignoredRules } from './ignored-rules.ts'
import { lintDockerfile } from './lint-dockerfile.ts'
import { lintBake, lintWorkflow } from './lint-workflow.ts'
import { unreadableFile } from './rules/of-the-run.ts'
import { readSource, type SourceFile, writeSource } from './source-file.ts'
import { toFinding } from './to-finding.ts'

/** What to lint and how. */
export interface LintRequest {
  readonly cwd: string
  /** Files and folders; none for all that git tracks. */
  readonly files: readonly string[]
  /** Ask registries, for these platforms; and BuildKit's own linter. */
  readonly registry?: { readonly platforms: readonly Platform[]; readonly insecure: readonly string[] }
  readonly fix: boolean
  readonly signal?: AbortSignal
}

/** What linting found. */
export interface LintResult {
  readonly findings: readonly Finding[]
  /** The text of each file that was looked at, as it is now. */
  readonly texts: ReadonlyMap<string, string>
  /** How many findings were corrected. */
  readonly fixed: number
  /** What could not be looked at, and why. */
  readonly notes: readonly string[]
}

interface Context extends LintRequest {
  /** IDs of rules that do not count for the file. */
  readonly ignore: readonly string[]
  readonly root: string
  readonly client: RegistryClient | undefined
  readonly notes: string[]
}

/**
 * Lints Dockerfiles, workflows and bake files, one after the other.
 * @throws {Failure} usage, for files that are not there or cannot be read, and for a wrong xbuild.toml.
 */
export async function lintFiles(request: LintRequest): Promise<LintResult> {
  const { cwd, registry, signal } = request
  const paths = await findFiles(cwd, request.files, signal)
  const client = registry && createRegistryClient({ insecure: registry.insecure, ...(signal && { signal }) })
  const root = (await repositoryRoot(cwd, signal)) ?? cwd
  const notes: string[] = []
  const ignoredFor = ignoredRules(cwd)
  const findings: Finding[] = []
  const texts = new Map<string, string>()
  let fixed = 0
  try {
    for (const path of paths) {
      const ignore = await ignoredFor(resolve(cwd, path))
      const context: Context = { ...request, ignore, root, client, notes }
      const source = await readSource(resolve(cwd, path))
      const lint = await linterOf(path, source, context)
      const result = request.fix ? applyFixes(source.text, lint) : { text: source.text, count: 0 }
      if (result.count > 0) await writeSource(resolve(cwd, path), result.text, source)
      fixed += result.count
      texts.set(path, result.text)
      const own = lint(result.text)
      const all = [...own, ...(await withBuildkit(path, result.text, own, context))]
      findings.push(...all.sort((a, b) => a.line - b.line || a.column - b.column))
    }
  } finally {
    await client?.close()
  }
  return { findings, texts, fixed, notes }
}

type Lint = (text: string) => readonly Finding[]

/** The function that lints a file of this kind, with what it needs from outside read already. */
async function linterOf(path: string, { text }: SourceFile, context: Context): Promise<Lint> {
  const { cwd, ignore, registry, client, signal } = context
  const kind = kindOfNamed(path)
  if (kind === 'dockerfile') {
    const dockerignore = dockerignoreOf(resolve(cwd, path))
    const asked = registry && client ? await checkBasePlatforms(text, path, registry.platforms, client) : []
    // Corrections do not touch the names of images, but may move their lines.
    return now => lintDockerfile(now, path, { ignore, dockerignore, more: now === text ? asked : [] })
  }
  if (kind === 'workflow') {
    const readDockerfile = (wanted: string) => readIfThere(join(context.root, wanted))
    return now => lintWorkflow(now, path, { ignore, readDockerfile })
  }
  const printed = await printBake(resolve(cwd, path), signal)
  if ('json' in printed) return now => lintBake(now, path, printed.json, ignore)
  if ('missing' in printed) {
    context.notes.push(`${path} was not looked at: ${printed.missing}`)
    return () => []
  }
  return now => [
    toFinding(unreadableFile, { start: 0, end: 0, message: printed.refused }, path, indexLines(now)),
  ]
}

async function withBuildkit(
  path: string,
  text: string,
  own: readonly Finding[],
  context: Context,
): Promise<Finding[]> {
  const { registry, cwd, notes, ignore, signal } = context
  if (!registry || kindOfNamed(path) !== 'dockerfile') return []
  const checked = await checkWithBuildkit(resolve(cwd, path), signal)
  if ('reason' in checked) {
    notes.push(`BuildKit did not check ${path}: ${checked.reason}`)
    return []
  }
  const { lineText } = indexLines(text)
  return mergeCheck(checked.warnings, path, own, lineText).filter(({ ruleId }) => !ignore.includes(ruleId))
}

/** The .dockerignore of a Dockerfile: its own, or that of its folder. */
export function dockerignoreOf(path: string): string | undefined {
  // GoReleaser makes a build context of its own.
  if (/goreleaser/i.test(path)) return undefined
  return readIfThere(`${path}.dockerignore`) ?? readIfThere(join(dirname(path), '.dockerignore'))
}

/** The text of a file; undefined where there is none. */
export function readIfThere(path: string): string | undefined {
  return existsSync(path) && statSync(path).isFile() ? readFileSync(path, 'utf8') : undefined
}
