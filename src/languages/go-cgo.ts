import { Failure } from '../errors.ts'
import type { Platform } from '../platforms.ts'
import type { GoProject } from './go-project.ts'
import type { CompileRequest, LibcPrediction } from './language.ts'

/** What cgo adds to one platform's `go build`. */
interface CgoSettings {
  readonly env: Readonly<Record<string, string>>
  readonly ldflags: readonly string[]
}

/**
 * CGO_ENABLED is set for every target, because Go's own default differs: on for the host's architecture, off for the
 * others, which gives a dynamic binary on one platform and static ones elsewhere.
 */
const cgoOff: CgoSettings = { env: { CGO_ENABLED: '0' }, ldflags: [] }

/**
 * Whether and how each platform is built with cgo.
 * @throws {Failure} tool, naming the package that needs cgo.
 */
export function planCgo(
  project: GoProject,
  request: CompileRequest,
): { for: (platform: Platform) => CgoSettings; prediction: LibcPrediction } {
  const chosen = new Set(request.executables.map(item => item.package))
  const needed = project.cCode.find(code => code.executables?.some(name => chosen.has(name)) ?? true)
  if (needed && request.options.go.cgo !== false) {
    throw new Failure({ kind: 'tool', what: `${needed.dependency} needs cgo` })
  }
  return { for: () => cgoOff, prediction: { libc: 'none', cxx: false, reason: 'cgo is off' } }
}
