import { join } from 'node:path'
import { type FoundCToolchains, findCToolchains } from '../../c-toolchains/index.ts'
import { Failure } from '../../errors.ts'
import { fillPlaceholders } from '../../util/placeholders.ts'
import { readTextIfThere } from '../../util/read-file.ts'
import { withFilesKept } from '../../util/with-files-kept.ts'
import type { Executable, InspectContext, Project } from '../language.ts'
import { openAnswers } from './answers.ts'
import { cgoMode } from './cgo-mode.ts'
import { settableVariables } from './declarations.ts'
import { findProgramsElsewhere } from './elsewhere.ts'
import { type GoEnv, guessGoEnv, isSameEnv, knowsVcs, readGoEnv } from './go-env.ts'
import { type GoFlags, linkerWords, readGoFlags } from './goflags.ts'
import { assignmentsOf } from './ldflags.ts'
import type { ListedPackage } from './listed-package.ts'
import { availableMemory, decidesOnGarbage } from './memory.ts'
import { withStepsFirst } from './not-made.ts'
import { executable, isProgram, listPrograms, local, matches, packageOf, projectName } from './programs.ts'
import { type GoSettings, readGoSettings } from './settings.ts'
import type { PackageVariables } from './stamps.ts'
import { checkTarget } from './target.ts'
import { checkVersion, minorOf } from './toolchain-version.ts'
import { packagePatterns, workspaceSums } from './workspace.ts'

/** A Go module or workspace. */
export interface GoProject extends Project {
  readonly language: 'go'
  /** The variables of Go that the user has set. */
  readonly settings: GoSettings
  /** What GOFLAGS and the flags after `--` say. */
  readonly flags: GoFlags
  /** What -X may set, of the programs and of the packages that the user's -X names. */
  readonly variables: readonly PackageVariables[]
  /** Looked for only where a package uses cgo, or the user turns it on. */
  readonly cToolchains?: FoundCToolchains
  /** Packages that the programs import, the standard library's too: the number of compile steps of a cold build. */
  readonly packages: number
  /** Bytes of memory that Go's tools may make use of; absent where the user's own settings decide. */
  readonly memory?: number
}

/** Of the standard library's packages with C, the one that has no pure Go twin: BoringSSL, which GOEXPERIMENT asks for. */
const withoutTwin = 'crypto/internal/boring'

/**
 * Reads a Go module or workspace with `go env` and, for every architecture, `go list`: first the programs, then what the
 * chosen ones import, which Go downloads where it has to. Says which of their packages really use cgo; the standard
 * library's own cgo files have pure Go twins and do not count.
 * @throws {Failure} project, when there is no program or it does not load; tool, when Go is missing or too old; usage,
 * when a variable or flag of the user's contradicts the build.
 */
export async function inspectGo(dir: string, given: InspectContext): Promise<GoProject> {
  const { platforms, options } = given
  const answers = await openAnswers(dir, given)
  const context = { ...given, answers }
  const asked = readGoEnv(dir, context)
  asked.catch(() => {}) // thrown below
  // What Go will say is nearly always known, so that listing need not wait for it.
  const guess = await guessGoEnv(dir, options.go.env)
  const early = readPackages(dir, guess, context)
  early.catch(() => {}) // thrown below
  const environment = await asked
  checkVersion(environment.GOVERSION, platforms)
  const isGuessed = isSameEnv(guess, environment)
  if (!isGuessed) await early.catch(() => {})
  const packages = await (isGuessed ? early : readPackages(dir, environment, context))
  const { settings, flags, targetRemarks, mode, architectures, assigned, keptFiles } = packages
  const { shallow, listings, mains, released } = packages
  await checkPrograms(dir, shallow, context)
  // Nobody waits for it, and a run that ends before has not kept it.
  if (context.download) answers.save([...shallow, ...listings].flat()).catch(() => {})
  const found = programsOf(dir, listings, architectures, context, shallow)
  const modulePaths = new Map(mains.map(main => [packageOf(main, dir), main.modulePath]))
  const programs = await Promise.all(
    [...found.programs.values()].map(item => withStepsFirst(item, modulePaths.get(item.package) ?? '', dir)),
  )
  const usesC = found.cCode.size > 0 || mode === true
  const cToolchains = usesC ? await findCToolchains(dir, platforms, context.signal) : undefined
  // GOMEMLIMIT came with Go 1.19 (its release notes); without it nothing would ever be collected.
  const memoryMayBeLimited =
    minorOf(environment.GOVERSION) >= 19 && !decidesOnGarbage({ ...process.env, ...options.go.env })
  return {
    language: 'go',
    ...projectName(mains, dir),
    ...(released && { defaultExecutable: released }),
    root: dir,
    executables: programs.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
    toolchain: { name: 'go', version: environment.GOVERSION.replace(/^go/, '') },
    cCode: [...found.cCode].map(([dependency, { platforms, executables }]) => ({
      dependency,
      platforms: [...platforms],
      executables: [...executables],
    })),
    ...(cToolchains && { cToolchains: withOwnPkgConfig(cToolchains, options.go.env) }),
    remarks: targetRemarks,
    settings,
    flags,
    variables: await readVariables(dir, listings, architectures, assigned),
    packages: found.packages,
    ...(memoryMayBeLimited && { memory: availableMemory() }),
    ...(keptFiles.length > 0 && { keptFiles }),
    cacheFolder: environment.GOCACHE,
  }
}

/** The packages of the project, and what the user says of them. */
async function readPackages(dir: string, environment: GoEnv, context: InspectContext) {
  const { platforms, options } = context
  const settings = await readGoSettings(environment.GOENV, options.go.env)
  const flags = readGoFlags(settings, context.toolchainArgs ?? [])
  const targetRemarks = checkTarget(settings, platforms)
  const { mode } = cgoMode(options.go, settings)
  const architectures = [...new Map(platforms.map(platform => [platform.arch, platform])).values()]
  const patterns = await packagePatterns(dir, environment.GOWORK, context)
  const assigned = assignedPackages(flags, context)
  const listing = {
    patterns,
    // What git says is not known yet; what the environment says is.
    tags: [
      ...new Set([...flags.tags, ...options.go.tags.map(tag => fillPlaceholders(tag, {}, '[go] tags'))]),
    ],
    cgo: mode !== false,
    knowsVcs: knowsVcs(environment),
    withFiles: assigned,
  }
  const keptFiles = workspaceSums(environment.GOWORK)
  const listed = await withFilesKept(keptFiles, () => listPrograms(dir, architectures, listing, context))
  return { settings, flags, targetRemarks, mode, architectures, assigned, keptFiles, ...listed }
}

/** The packages that the user's -X names. */
function assignedPackages(flags: GoFlags, { options }: InspectContext): string[] {
  const words = [
    ...flags.ldflags,
    ...linkerWords(options.go.ldflags ?? '', '[go] ldflags', ['go', 'ldflags']),
    ...Object.keys(options.go.vars).flatMap(name => ['-X', `${name}=`]),
  ]
  return [...new Set(assignmentsOf(words).map(item => item.package))].filter(path => path !== 'main')
}

/**
 * Makes sure that there is a program, and the one asked for.
 * @throws {Failure} project, with the programs that a build tag or a module of their own keeps out.
 */
async function checkPrograms(
  dir: string,
  listings: readonly (readonly ListedPackage[])[],
  { wanted = [] }: InspectContext,
): Promise<void> {
  const mains = listings.flat().filter(isProgram)
  const failed = listings[0]?.find(item => item.error && !item.dependency && item.path !== '')
  if (mains.length === 0 && failed?.name === '') throw doesNotLoad(failed, dir)
  const missing = wanted.filter(name => !mains.some(item => matches(item, name, dir)))
  if (mains.length > 0 && missing.length === 0) return
  const all = await findProgramsElsewhere(dir)
  const meant = all.filter(
    ({ name, folder }) => missing.includes(name) || missing.some(text => folder === local(text)),
  )
  const elsewhere = meant.length > 0 ? meant : mains.length === 0 ? all : []
  const [first] = elsewhere
  if (!first) return
  throw new Failure({
    kind: 'project',
    what:
      meant.length > 0 ? `${first.name} cannot be built as it is` : 'The project has no program of its own',
    where: dir,
    why: elsewhere
      .slice(0, 10)
      .map(({ folder, why }) => `${folder} ${why}`)
      .join('\n'),
    fix: elsewhere
      .slice(0, 10)
      .map(({ fix }) => fix)
      .join('\n'),
  })
}

interface FoundPrograms {
  readonly programs: ReadonlyMap<string, Executable>
  readonly cCode: ReadonlyMap<string, { platforms: Set<string>; executables: Set<string> }>
  readonly packages: number
}

function programsOf(
  dir: string,
  listings: readonly (readonly ListedPackage[])[],
  architectures: readonly { readonly arch: string }[],
  { platforms }: InspectContext,
  shallow: readonly (readonly ListedPackage[])[],
): FoundPrograms {
  const programs = new Map<string, Executable>()
  const cCode = new Map<string, { platforms: Set<string>; executables: Set<string> }>()
  let packages = 0
  for (const main of shallow.flat().filter(isProgram)) {
    const program = executable(main, new Map(), dir)
    programs.set(program.package, program)
  }
  for (const [index, listed] of listings.entries()) {
    const same = platforms.filter(platform => platform.arch === architectures[index]?.arch)
    const byPath = new Map(listed.map(item => [item.path, item]))
    for (const main of listed.filter(isProgram)) {
      const program = executable(main, byPath, dir)
      if (!programs.get(program.package)?.problem) programs.set(program.package, program)
      packages = Math.max(packages, main.deps.size + 1)
      for (const path of [...main.deps, main.path]) {
        const item = byPath.get(path)
        if (!item?.cgo || (item.standard && path !== withoutTwin)) continue
        const entry = cCode.get(path) ?? { platforms: new Set(), executables: new Set() }
        cCode.set(path, entry)
        entry.executables.add(program.package)
        for (const platform of same) entry.platforms.add(platform.id)
      }
    }
  }
  return { programs, cCode, packages }
}

/** Reads what the programs and the packages that -X names declare. */
async function readVariables(
  root: string,
  listings: readonly (readonly ListedPackage[])[],
  architectures: readonly { readonly arch: string }[],
  assigned: readonly string[],
): Promise<PackageVariables[]> {
  const wanted = listings.flatMap((listed, index) =>
    listed
      .filter(item => isProgram(item) || assigned.includes(item.path))
      .map(item => ({ item, arch: architectures[index]?.arch ?? '' })),
  )
  return Promise.all(
    wanted.map(async ({ item, arch }) => {
      const texts = item.files.map(async name => (await readTextIfThere(join(item.dir, name))) ?? '')
      return {
        arch,
        path: item.path,
        ...(isProgram(item) && { program: packageOf(item, root) }),
        variables: settableVariables(await Promise.all(texts)),
      }
    }),
  )
}

/** `[go] env` configures pkg-config as well as the environment does. */
function withOwnPkgConfig(found: FoundCToolchains, env: Readonly<Record<string, string>>): FoundCToolchains {
  const names = ['PKG_CONFIG_PATH', 'PKG_CONFIG_LIBDIR', 'PKG_CONFIG_SYSROOT_DIR']
  return { ...found, pkgConfigSet: found.pkgConfigSet || names.some(name => env[name] !== undefined) }
}

function doesNotLoad(item: ListedPackage, dir: string): Failure {
  return new Failure({
    kind: 'project',
    what: `Package ${item.path} does not load`,
    where: item.dir || dir,
    why: item.error,
    fix: 'go mod tidy && go build ./...',
  })
}
