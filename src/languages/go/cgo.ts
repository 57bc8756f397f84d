import { type CToolchain, chooseCToolchain } from '../../c-toolchains/index.ts'
import type { Platform } from '../../platforms.ts'
import type { LibcPrediction } from '../../types.ts'
import type { CompileRequest } from '../language.ts'
import { machineFlagRemarks } from '../machine-flags.ts'
import { cgoMode } from './cgo-mode.ts'
import type { GoProject } from './project.ts'
import { joinQuoted } from './quoted.ts'
import type { GoSettings } from './settings.ts'

/** What cgo adds to one platform's `go build`. */
export interface CgoSettings {
  readonly env: Readonly<Record<string, string>>
  /** Flags for Go's linker. */
  readonly ldflags: readonly string[]
  /** Words of -extldflags, for the C linker. */
  readonly external: readonly string[]
  readonly used: boolean
}

/** How a build uses cgo. */
interface CgoPlan {
  readonly settings: (platform: Platform) => CgoSettings
  readonly prediction: LibcPrediction
  readonly hints: readonly string[]
}

/**
 * CGO_ENABLED is set for every target, because Go's own default differs: on for the host's architecture, off for the
 * others, which gives a dynamic binary on one platform and static ones elsewhere.
 */
const off: CgoSettings = { env: { CGO_ENABLED: '0' }, ldflags: [], external: [], used: false }

/**
 * Whether and how each platform is built with cgo: where a chosen program really uses it, or where the user says so. Musl
 * is preferred, because it links statically.
 * @throws {Failure} tool, naming the package that needs cgo, when a platform has no C toolchain.
 */
export function planCgo(project: GoProject, request: CompileRequest): CgoPlan {
  const { options, platforms, executables } = request
  const { mode, by = '', remarks } = cgoMode(options.go, project.settings)
  const chosen = new Set(executables.map(item => item.package))
  const used = project.cCode.filter(code => code.executables?.some(name => chosen.has(name)) ?? true)
  const found = project.cToolchains
  const toolchains = new Map<string, CToolchain>()
  if (found && mode !== false) {
    for (const platform of platforms) {
      const needed = used.find(code => code.platforms?.includes(platform.id) ?? true)
      if (!needed && mode !== true) continue
      const dependency = needed ? `the Go package ${needed.dependency}` : `the program, with ${by},`
      const request = {
        platform,
        libcs: ['musl', 'gnu'],
        preference: options.c.toolchain,
        found,
        dependency,
      } as const
      toolchains.set(platform.id, chooseCToolchain(request))
    }
  }
  const pie = project.flags.values.get('buildmode') === 'pie'
  return {
    settings: platform => cgoSettings(toolchains.get(platform.id), pie),
    prediction: predict([...toolchains.values()]),
    hints: [
      ...remarks,
      ...(used.length > 0 && mode === false
        ? [`${used.map(code => code.dependency).join(', ')} would use cgo, which ${by} turns off`]
        : []),
      ...(toolchains.size > 0 ? replacedCompilers(project.settings) : []),
      ...machineFlags(
        project.settings,
        platforms.filter(({ id }) => toolchains.has(id)),
      ),
    ],
  }
}

/** Flags that cgo gives to the C code of every platform. */
const cVariables = ['CGO_CFLAGS', 'CGO_CPPFLAGS', 'CGO_CXXFLAGS', 'CGO_LDFLAGS']

function machineFlags(settings: GoSettings, platforms: readonly Platform[]): string[] {
  const env = Object.fromEntries(cVariables.map(name => [name, settings.get(name)?.value]))
  return machineFlagRemarks(cVariables, env, platforms)
}

/** One compiler of the user's cannot serve several platforms, so each gets its own. */
function replacedCompilers(settings: GoSettings): string[] {
  const names = ['CC', 'CXX', 'AR'].filter(name => settings.has(name))
  const sources = [...new Set(names.map(name => settings.get(name)?.from))]
  return sources.map(from => {
    const replaced = names.filter(name => settings.get(name)?.from === from)
    const does = replaced.length === 1 ? 'does' : 'do'
    return `${replaced.join(', ')} of ${from} ${does} not count: [c] toolchain chooses a C compiler for each platform`
  })
}

function cgoSettings(toolchain: CToolchain | undefined, pie: boolean): CgoSettings {
  if (!toolchain) return off
  const { cc, cxx, ar, env, libc } = toolchain
  const command = (words: readonly string[]) => joinQuoted(words, 'the C compiler’s command')
  return {
    // Go splits CC and CXX at spaces itself, and reads quotes (cmd/internal/quoted).
    env: { ...env, CGO_ENABLED: '1', CC: command(cc), CXX: command(cxx), AR: command(ar) },
    ldflags: libc === 'musl' ? ['-linkmode=external'] : [],
    external: libc === 'musl' ? [pie ? '-static-pie' : '-static'] : [],
    used: true,
  }
}

function predict(toolchains: readonly CToolchain[]): LibcPrediction {
  const [first] = toolchains
  if (!first) return { libc: 'none', cxx: false, reason: 'cgo is off, so Go links statically' }
  const gnu = toolchains.find(({ libc }) => libc === 'gnu')
  if (gnu) return { libc: 'gnu', cxx: false, reason: `cgo with ${gnu.title} links against glibc` }
  return { libc: 'musl', cxx: false, reason: `cgo with ${first.title} links statically with musl` }
}
