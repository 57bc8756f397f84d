import { type CToolchain, chooseCToolchain } from '../../c-toolchains/index.ts'
import type { Platform } from '../../platforms.ts'
import type { LibcPrediction } from '../../types.ts'
import type { CompileRequest } from '../language.ts'
import type { GoProject } from './project.ts'

/** What cgo adds to one platform's `go build`. */
interface CgoSettings {
  readonly env: Readonly<Record<string, string>>
  readonly ldflags: readonly string[]
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
const off: CgoSettings = { env: { CGO_ENABLED: '0' }, ldflags: [] }

/**
 * Whether and how each platform is built with cgo: where a chosen program really uses it, or `[go] cgo = true`. Musl is
 * preferred, because it links statically.
 * @throws {Failure} tool, naming the package that needs cgo, when a platform has no C toolchain.
 */
export function planCgo(project: GoProject, request: CompileRequest): CgoPlan {
  const { options, platforms, executables } = request
  const chosen = new Set(executables.map(item => item.package))
  const used = project.cCode.filter(code => code.executables?.some(name => chosen.has(name)) ?? true)
  const found = project.cToolchains
  const toolchains = new Map<string, CToolchain>()
  if (found && options.go.cgo !== false) {
    for (const platform of platforms) {
      const needed = used.find(code => code.platforms?.includes(platform.id) ?? true)
      if (!needed && options.go.cgo !== true) continue
      const dependency = needed ? `the Go package ${needed.dependency}` : 'the program, with [go] cgo = true,'
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
  return {
    settings: platform => cgoSettings(toolchains.get(platform.id), options.go.ldflags),
    prediction: predict([...toolchains.values()]),
    hints: [
      ...(used.length > 0 && options.go.cgo === false
        ? [`${used.map(code => code.dependency).join(', ')} would use cgo, which [go] cgo = false turns off`]
        : []),
      ...(toolchains.size > 0 ? replacedCompilers(options.go.env) : []),
    ],
  }
}

/** One compiler of the user's cannot serve several platforms, so each gets its own. */
function replacedCompilers(env: Readonly<Record<string, string>>): string[] {
  const replaced = ['CC', 'CXX', 'AR'].filter(name => env[name])
  const does = replaced.length === 1 ? 'does' : 'do'
  return replaced.length === 0
    ? []
    : [
        `${replaced.join(', ')} of [go] env ${does} not count: [c] toolchain chooses a C compiler for each platform`,
      ]
}

/**
 * Go's own -s strips what it links itself, but not what `zig cc` links for it: that would keep the folders of this machine
 * in debug information (tried with Go 1.26 and zig 0.17). Where the user's flags keep it, it stays.
 */
function cgoSettings(toolchain: CToolchain | undefined, ldflags = '-s'): CgoSettings {
  if (!toolchain) return off
  const { cc, cxx, ar, env, libc } = toolchain
  return {
    // Go splits CC and CXX at spaces itself, and reads quotes (cmd/internal/quoted).
    env: { ...env, CGO_ENABLED: '1', CC: quoteAll(cc), CXX: quoteAll(cxx), AR: quoteAll(ar) },
    ldflags:
      libc === 'musl'
        ? [
            '-linkmode=external',
            ldflags.split(' ').includes('-s') ? '"-extldflags=-static -s"' : '-extldflags=-static',
          ]
        : [],
  }
}

function quoteAll(words: readonly string[]): string {
  return words.map(word => (/[\s'"]/.test(word) ? `"${word}"` : word)).join(' ')
}

function predict(toolchains: readonly CToolchain[]): LibcPrediction {
  const [first] = toolchains
  if (!first) return { libc: 'none', cxx: false, reason: 'cgo is off, so Go links statically' }
  const gnu = toolchains.find(({ libc }) => libc === 'gnu')
  if (gnu) return { libc: 'gnu', cxx: false, reason: `cgo with ${gnu.title} links against glibc` }
  return { libc: 'musl', cxx: false, reason: `cgo with ${first.title} links statically with musl` }
}
