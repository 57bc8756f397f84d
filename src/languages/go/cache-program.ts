import { type Platform, platformFolder } from '../../platforms.ts'
import { readTextIfThere } from '../../util/read-file.ts'
import { tokens } from '../../util/substitute.ts'
import type { CacheCounts } from '../language.ts'
import type { GoProject } from './project.ts'
import { minorOf } from './toolchain-version.ts'

/** The first Go that asks a cache program (GOCACHEPROG) without an experiment. */
const firstMinor = 24

/** The cache program that Go asks, as it was given; undefined without one, and for a Go that does not know of it. */
export function cacheProgram({ settings, toolchain }: GoProject): string | undefined {
  const asked = settings.get('GOCACHEPROG')?.value
  const experiment = settings.get('GOEXPERIMENT')?.value ?? ''
  const isKnown = minorOf(`go${toolchain.version}`) >= firstMinor || experiment.includes('cacheprog')
  return isKnown ? asked : undefined
}

/** Where a build that is counted writes what it did with each package. */
export function actionGraphOf(platform: Platform, program?: string): string {
  const own = program === undefined ? '' : `-${program}`
  return `${tokens.work}/${platformFolder(platform)}${own}.actions.json`
}

/** An action of `go build -debug-actiongraph` (cmd/go/internal/work, actionJSON); it has commands where something was run. */
interface Action {
  readonly Mode?: string
  readonly Package?: string
  readonly Cmd?: readonly string[] | null
}

/**
 * How many packages the cache program had, of those that the build needed. A build that linked nothing has asked for none:
 * the program was up to date.
 * @param file an action graph; what is none counts as nothing asked
 */
export async function countCacheProgram(file: string): Promise<CacheCounts> {
  const actions = parseActions(await readTextIfThere(file))
  const ran = ({ Cmd }: Action) => (Cmd?.length ?? 0) > 0
  const packages = actions.filter(({ Mode }) => Mode === 'build')
  if (!actions.some(action => action.Mode === 'link' && ran(action))) return { hits: 0, misses: 0 }
  const misses = packages.filter(ran).length
  return { hits: packages.length - misses, misses }
}

function parseActions(text: string | undefined): Action[] {
  try {
    const value: unknown = JSON.parse(text ?? '')
    return Array.isArray(value) ? (value as Action[]) : []
  } catch {
    return []
  }
}
