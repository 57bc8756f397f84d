import { isFailure } from '../../errors.ts'
import type { Platform } from '../../platforms.ts'
import type { InspectContext } from '../language.ts'
import type { ListedPackage } from './listed-package.ts'
import { runGo } from './run-go.ts'

/** How packages are listed. */
export interface Listing {
  readonly platform: Platform
  readonly patterns: readonly string[]
  /** With dependencies, which Go may have to download; else only what the patterns name. */
  readonly deep: boolean
  /** Only from what is on this machine. */
  readonly offline?: boolean
  readonly tags: readonly string[]
  readonly cgo: boolean
  /** Whether this Go knows -buildvcs (1.18): listing needs no commit, and git may refuse to tell it. */
  readonly knowsVcs: boolean
  /** Import paths whose files are listed too. */
  readonly withFiles: readonly string[]
}

/**
 * Lists packages for one architecture. cgo is on for the listing unless the user turns it off, because with it off a
 * program whose files all import "C" is left out without a word.
 * @throws {Failure} as runGo.
 */
export async function listPackages(
  dir: string,
  { platform, patterns, deep, offline: isOffline = false, tags, cgo, knowsVcs, withFiles }: Listing,
  context: InspectContext,
): Promise<ListedPackage[]> {
  const flags = [
    ...['-e', deep ? '-deps' : '-find'],
    ...(tags.length > 0 ? [`-tags=${tags.join(',')}`] : []),
    ...(knowsVcs ? ['-buildvcs=false'] : []),
    ...sourceFlags(context.toolchainArgs ?? []),
  ]
  const args = ['list', ...flags, '-f', template(withFiles), ...patterns]
  const target = {
    GOOS: 'linux',
    GOARCH: platform.go['GOARCH'] as string,
    CGO_ENABLED: cgo ? '1' : '0',
  }
  // Even with -find go downloads what all of the packages import, unless there is nowhere to download from.
  const offline = { ...target, GOPROXY: 'off', GONOPROXY: 'none' }
  if (deep) return parse(await runGo(dir, args, context, isOffline ? offline : target))
  const listed = await runGo(dir, args, context, offline).then(parse, onlyProjectFailures)
  if (listed.some(item => item.name !== '')) return listed
  return parse(await runGo(dir, args, context, target))
}

/** @throws {Failure} what is no fault of the project, or of having nowhere to download from. */
export function onlyProjectFailures(error: unknown): never[] {
  if (isFailure(error, 'project') || isFailure(error, 'tool')) return []
  throw error
}

const parse = ({ stdout }: { readonly stdout: string }) => stdout.split('\n').filter(Boolean).map(parseListed)

/** The flags after `--` that decide which files and modules `go build` reads; tags are merged with others before. */
function sourceFlags(toolchainArgs: readonly string[]): string[] {
  return toolchainArgs.flatMap((word, at) => {
    const [, equals] = /^--?(?:mod|modfile|overlay)(=|$)/.exec(word) ?? []
    if (equals === undefined) return []
    return equals === '=' ? [word] : [word, toolchainArgs[at + 1] ?? '']
  })
}

/**
 * Deps is quadratic in size, so it is printed for programs only. Everything is quoted: a folder's name may hold
 * anything, and an error has several lines.
 */
function template(withFiles: readonly string[]): string {
  const named = withFiles.map(path => ` (eq .ImportPath ${JSON.stringify(path)})`).join('')
  return [
    '{{printf "%q" .Name}}',
    '{{printf "%q" .ImportPath}}',
    '{{printf "%q" .Dir}}',
    '{{.Standard}}',
    '{{.DepOnly}}',
    '{{len .CgoFiles}}',
    '{{with .Module}}{{if not .Main}}{{printf "%q" .Path}}{{else}}""{{end}}{{else}}""{{end}}',
    '{{with .Module}}{{printf "%q" .Path}}\t{{printf "%q" .Dir}}{{else}}""\t""{{end}}',
    `{{if or (eq .Name "main")${named}}}{{printf "%q" (join .GoFiles "/")}}\t{{printf "%q" (join .CgoFiles "/")}}{{else}}""\t""{{end}}`,
    '{{if eq .Name "main"}}{{printf "%q" (join .Deps " ")}}{{else}}""{{end}}',
    '{{with .Error}}{{if .Pos}}{{printf "%s: %s" .Pos .Err | printf "%q"}}{{else}}{{printf "%q" .Err}}{{end}}{{else}}""{{end}}',
  ].join('\t')
}

function parseListed(line: string): ListedPackage {
  const [name, path, dir, standard, dependency, cgo, module, modulePath, moduleDir, ...rest] =
    line.split('\t')
  const [files, cgoFiles, deps, error] = rest
  return {
    name: unquote(name),
    path: unquote(path),
    dir: unquote(dir),
    standard: standard === 'true',
    dependency: dependency === 'true',
    cgo: cgo !== '0',
    module: unquote(module),
    modulePath: unquote(modulePath),
    moduleDir: unquote(moduleDir),
    files: [files, cgoFiles].flatMap(list => unquote(list).split('/')).filter(Boolean),
    deps: new Set(unquote(deps).split(' ').filter(Boolean)),
    error: unquote(error),
  }
}

/** Reads a Go string literal as %q prints it: JSON's, but for \a \v \x and \U. */
function unquote(literal = '""'): string {
  if (!literal.includes('\\')) return literal.slice(1, -1)
  const json = literal.replace(/\\(a|v|x[0-9a-f]{2}|U[0-9a-f]{8})/g, (_, code: string) =>
    code.length === 1 ? '?' : String.fromCodePoint(Number.parseInt(code.slice(1), 16)),
  )
  try {
    return JSON.parse(json) as string
  } catch {
    return literal.slice(1, -1)
  }
}
