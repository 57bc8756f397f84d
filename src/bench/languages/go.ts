import { existsSync } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Failure } from '../../errors.ts'
import type { Executable, Project } from '../../languages/language.ts'
import type { Platform } from '../../platforms.ts'
import { run } from '../../process.ts'
import { tokens } from '../../util/substitute.ts'
import type { BenchLanguage, Edit, StagedProject, ToolchainFolder } from './bench-language.ts'

/** Go: official images, or the toolchain modules that the Go team publishes for every architecture. */
export const goBench: BenchLanguage = {
  sourceRoot: workspaceRoot,
  image: version => `golang:${version}`,
  // The staged copy has no repository, and must not be stamped with one that happens to lie above it.
  args: ['-buildvcs=false'],
  cacheEnv: () => ({ GOCACHE: tokens.caches }),
  stageDependencies: vendorModules,
  settings: readSettings,
  edit: editMain,
  findToolchain: findGo,
}

async function workspaceRoot(dir: string, signal: AbortSignal): Promise<string> {
  const result = await run({ tool: 'go', args: ['env', 'GOWORK'], cwd: dir }, { signal })
  const work = result.stdout.trim()
  return work === '' || work === 'off' ? dir : dirname(work)
}

/** Vendors from the project itself, where `replace` directives to neighbouring folders still lead somewhere. */
async function vendorModules({ original, top, signal }: StagedProject): Promise<void> {
  if (existsSync(join(top, 'vendor', 'modules.txt'))) return
  const kind = existsSync(join(top, 'go.work')) ? 'work' : 'mod'
  const args = [kind, 'vendor', '-o', join(top, 'vendor')]
  const result = await run({ tool: 'go', args, cwd: original, env: { GOFLAGS: '-mod=mod' } }, { signal })
  if (result.ok) return
  throw new Failure({
    kind: 'compile',
    what: 'The dependencies cannot be fetched',
    where: original,
    why: result.stderr.trim(),
    fix: `cd ${original} && go ${kind} vendor -o /tmp/vendor`,
  })
}

async function readSettings({ root, signal }: StagedProject): Promise<Record<string, string>> {
  const names = ['GOFLAGS', 'GOEXPERIMENT'] as const
  const result = await run({ tool: 'go', args: ['env', '-json', ...names], cwd: root }, { signal })
  const found = (result.ok ? JSON.parse(result.stdout) : {}) as Partial<Record<string, string>>
  // Dependencies are vendored, whatever the user's own builds do.
  const flags = found['GOFLAGS']
    ?.split(/\s+/)
    .filter(flag => flag && !/^--?mod=/.test(flag))
    .join(' ')
  return {
    GOFLAGS: flags ?? '',
    ...(found['GOEXPERIMENT'] && { GOEXPERIMENT: found['GOEXPERIMENT'] }),
    GOPROXY: 'off',
    // A shared compile cache would be warm on one path and missing on the others.
    GOCACHEPROG: '',
  }
}

async function editMain(
  { root, signal }: StagedProject,
  { package: path }: Executable,
): Promise<Edit | undefined> {
  const template = '{{.Dir}}\t{{range .GoFiles}}{{.}}\t{{end}}{{range .CgoFiles}}{{.}}\t{{end}}'
  const result = await run({ tool: 'go', args: ['list', '-f', template, path], cwd: root }, { signal })
  const [dir, file] = result.stdout.trimEnd().split('\t')
  if (!result.ok || !dir || !file) return undefined
  return { file: join(dir, file), line: text => `var xbuildBenchEdit = "${text}"` }
}

async function findGo(
  project: Project,
  platform: Platform,
  { root, signal }: StagedProject,
  host: boolean,
): Promise<ToolchainFolder | undefined> {
  // With C code the builder needs a C compiler, which an image has and a bare toolchain has not.
  if (project.cCode.length > 0) return undefined
  const { version } = project.toolchain
  if (host) {
    const result = await run({ tool: 'go', args: ['env', 'GOROOT'], cwd: root }, { signal })
    const folder = result.stdout.trim()
    // Some distributions keep parts of it elsewhere, behind links that lead out of the folder.
    const whole = await lstat(join(folder, 'src')).then(
      found => found.isDirectory(),
      () => false,
    )
    if (whole) return goFolder(folder, `this machine’s go ${version}`)
  }
  const name = `golang.org/toolchain@v0.0.1-go${version}.linux-${platform.go['GOARCH']}`
  const env = { GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local' }
  const result = await run(
    { tool: 'go', args: ['mod', 'download', '-json', name], cwd: '/', env },
    { signal },
  )
  const answer = parseDownload(result.stdout)
  if (answer?.Dir) return goFolder(answer.Dir, name)
  throw new Failure({
    kind: 'tool',
    what: `Go ${version} for ${platform.id} cannot be fetched`,
    where: name,
    why: answer?.Error ?? result.stderr.trim(),
    fix: 'give an image that has it: [bench] image = "…" in xbuild.toml, or --image',
  })
}

function parseDownload(text: string): { Dir?: string; Error?: string } | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** In a module, nested go.mod files have another name and no file is executable; the go command fixes its own copies. */
function goFolder(folder: string, name: string): ToolchainFolder {
  const renamed = ['src/', 'src/cmd/'].filter(place => existsSync(join(folder, place, '_go.mod')))
  return {
    folder,
    name,
    program: 'bin/go',
    setup: renamed.map(place => `COPY --from=files /${place}_go.mod /toolchain/${place}go.mod`),
    env: { GOTOOLCHAIN: 'local', GOPATH: '/go' },
  }
}
