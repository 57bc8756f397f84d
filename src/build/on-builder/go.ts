import { dirname, join } from 'node:path'
import { Failure } from '../../errors.ts'
import { cgoMode } from '../../languages/go/cgo-mode.ts'
import type { GoProject } from '../../languages/go/project.ts'
import type { CompileRequest, Project } from '../../languages/language.ts'
import { readTextIfThere } from '../../util/read-file.ts'
import { compareVersions } from '../../util/versions.ts'
import { type BuilderLanguage, stageFolders } from './builder-language.ts'
import { goReads, moduleOf, workFileOf } from './reads/go.ts'
import { isWithin } from './reads/read-path.ts'

/**
 * The variables of Go that decide what is compiled and from where it is downloaded (`go help environment`). Those of folders
 * and programs are this machine's own.
 */
const carried = [
  'GOFLAGS',
  'GOEXPERIMENT',
  'GOPROXY',
  'GOPRIVATE',
  'GONOPROXY',
  'GONOSUMDB',
  'GOSUMDB',
  'GOINSECURE',
  'GOVCS',
  'GODEBUG',
  'GOFIPS140',
  'GO111MODULE',
  'GOWORK',
]

const modules = `${stageFolders.caches}/go-mod`
const packages = `${stageFolders.caches}/go-build`

/** Go: the official image of the very version, so that the binary has the same bytes as on this machine. */
export const goOnBuilder: BuilderLanguage = {
  image: imageOf,
  elsewhere: withoutC,
  env: project => ({
    ...Object.fromEntries(
      carried.flatMap(name => {
        const value = project ? (project as GoProject).settings.get(name)?.value : process.env[name]
        return value ? [[name, value]] : []
      }),
    ),
    ...goAuth(project),
    GOTOOLCHAIN: 'local',
    GOCACHE: packages,
    GOMODCACHE: modules,
  }),
  programs: project => {
    const program = (project as GoProject).settings.get('GOCACHEPROG')?.value
    return program === undefined ? {} : { GOCACHEPROG: program }
  },
  caches: () => [
    { name: 'go-build', target: packages, perPlatform: true },
    { name: 'go-mod', target: modules, perPlatform: false },
  ],
  top: topOf,
  reads: goReads,
  named: { file: 'go.mod', pattern: /^module\s+"?([^\s"]+)/m },
  imageFor,
  downloads: ['go-mod'],
  outputs: () => [],
}

/** How Go logs in, where that takes no program of this machine. */
function goAuth(project: Project | undefined): Record<string, string> {
  const value = project ? (project as GoProject).settings.get('GOAUTH')?.value : process.env['GOAUTH']
  return value === 'off' || value === 'netrc' ? { GOAUTH: value } : {}
}

/** The official image of a version as `go env GOVERSION` has it, with a vendor's or an experiment's words behind. */
function imageOf(version: string): ReturnType<BuilderLanguage['image']> {
  const [release] = /^\d+\.\d+(?:\.\d+|(?:rc|beta)\d+)?(?=$|[ -])/.exec(version) ?? []
  return release === undefined
    ? { missing: `the official images are of releases, and there is none of go ${version}` }
    : { reference: `golang:${release}` }
}

/**
 * What go.work or go.mod asks for, in the words of Go's toolchain selection: `toolchain go1.22.3`, `go 1.22`. Before 1.21 the
 * line was no more than a language version, which any newer Go has, and dependencies may need a newer one.
 */
async function imageFor(dir: string) {
  const work = workFileOf(dir)
  const module = join(moduleOf(dir), 'go.mod')
  const text = (work && (await readTextIfThere(work))) ?? (await readTextIfThere(module)) ?? ''
  const [, version = '0'] = /^toolchain go(\S+)/m.exec(text) ?? /^go (\S+)/m.exec(text) ?? []
  return compareVersions(version, '1.21') < 0 ? { reference: 'golang:latest' } : imageOf(version)
}

/** The folder of go.work where the project lies in it, else that of the module. */
function topOf(dir: string, project?: Project): string {
  const work = workFileOf(dir, project)
  const folder = work === undefined ? undefined : dirname(work)
  return folder !== undefined && isWithin(folder, dir) ? folder : moduleOf(dir)
}

/** A stage has this machine's sources and not its C toolchains, and what the machine's memory is says nothing of it. */
function withoutC(project: Project, { executables, options }: CompileRequest): GoProject {
  const { memory: _, cToolchains: __, ...rest } = project as GoProject
  const chosen = new Set(executables.map(item => item.package))
  const { mode, by } = cgoMode(options.go, rest.settings)
  const used = rest.cCode.find(code => code.executables?.some(name => chosen.has(name)) ?? true)
  if (mode === false || (!used && mode !== true)) return rest
  throw new Failure({
    kind: 'usage',
    what: '--compile-on builder compiles no cgo',
    where: rest.root,
    why: `${used ? `the Go package ${used.dependency} uses it` : `${by} asks for it`}, and the official image has no C compiler for other platforms`,
    fix: '--compile-on host, or [go] cgo = false in xbuild.toml where the package has a pure Go form',
  })
}
