import type { Platform } from '../../platforms.ts'
import { fillPlaceholders, type Placeholders, sourcePlaceholders } from '../../util/placeholders.ts'
import type { CompileRequest, Executable } from '../language.ts'
import type { CgoSettings } from './cgo.ts'
import { ldflagsWord, linkerWords } from './goflags.ts'
import { type Assignment, assignmentsOf, strips, takeExternal } from './ldflags.ts'
import type { GoProject } from './project.ts'
import { joinQuoted } from './quoted.ts'
import { stampsFor } from './stamps.ts'

/** The linker flags of the user, for one executable: GOFLAGS, then `[go.vars]`, then `[go] ldflags`, the last of which wins. */
export function userLdflags(
  project: GoProject,
  { options, source }: Pick<CompileRequest, 'options' | 'source'>,
  platform: Platform,
  { name }: Executable,
): string[] {
  const values: Placeholders = { ...sourcePlaceholders(source), name, platform: platform.id }
  const fill = (text: string, place: string) => fillPlaceholders(text, values, place)
  return [
    ...project.flags.ldflags,
    ...Object.entries(options.go.vars).flatMap(([variable, text]) => [
      '-X',
      `${variable}=${fill(text, `[go.vars] ${JSON.stringify(variable)}`)}`,
    ]),
    // Split first, so that a value with a space stays one word.
    ...linkerWords(options.go.ldflags ?? '', '[go] ldflags', ['go', 'ldflags']).map(word =>
      fill(word, '[go] ldflags'),
    ),
  ]
}

/**
 * `-ldflags=…` of one `go build`, in this order: what xbuild sets by default, its stamps, what cgo needs, the user's. Of two
 * of a kind the linker takes the last, so the user's win. Programs that differ in them get one each.
 */
export function ldflagsOf(
  project: GoProject,
  request: CompileRequest,
  platform: Platform,
  cgo: CgoSettings,
): string[] {
  const each = request.executables.map(executable => {
    const user = userLdflags(project, request, platform, executable)
    const stamps = stampsBefore(project, request, platform, executable, user)
    const { rest, external } = takeExternal(user)
    const words = [
      ...(request.options.go.ldflags === undefined ? defaultLdflags(cgo) : []),
      ...stamps.flatMap(({ package: path, variable, value }) => ['-X', `${path}.${variable}=${value}`]),
      ...cgo.ldflags,
      ...rest,
    ]
    const linker = externalFlags(cgo, external, strips(words))
    return ldflagsWord(linker ? [...words, `-extldflags=${linker}`] : words)
  })
  if (new Set(each).size === 1) return each.slice(0, 1)
  return request.executables.map(({ package: path }, at) =>
    (each[at] as string).replace('-ldflags=', () => `-ldflags=${path}=`),
  )
}

/** Our stamps for one executable: none for a variable that the user sets. */
export function stampsBefore(
  project: GoProject,
  { source }: Pick<CompileRequest, 'source'>,
  platform: Platform,
  executable: Executable,
  user: readonly string[],
): Assignment[] {
  const own = new Set(assignmentsOf(user).map(item => `${item.package}.${item.variable}`))
  return stampsFor(executable, platform.arch, project.variables, source).filter(
    item => !own.has(`${item.package}.${item.variable}`),
  )
}

/**
 * Without cgo the build ID is the same on every machine (-trimpath leaves no folder in it, and since Go 1.20 the standard
 * library is compiled from source); with cgo it depends on how the C compiler is called.
 */
function defaultLdflags({ used }: CgoSettings): string[] {
  return used ? ['-s', '-w', '-buildid='] : ['-s', '-w']
}

/**
 * Go's own -s strips what it links itself, but not what `zig cc` links for it: that would keep the folders of this machine
 * in debug information (tried with Go 1.26 and zig 0.17). Where the user's flags keep it, it stays.
 */
function externalFlags(cgo: CgoSettings, user: string, stripped: boolean): string {
  const own = cgo.external.length > 0 && stripped ? [...cgo.external, '-s'] : cgo.external
  return [joinQuoted(own, '-extldflags'), user].filter(Boolean).join(' ')
}
