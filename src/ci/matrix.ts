import { checkDistinct, wantedImages, wantedNames } from '../build/wanted-images.ts'
import type { Options } from '../config/options.ts'
import { Failure } from '../errors.ts'
import { checkToolchainArgs, detectLanguage } from '../languages/index.ts'
import { count } from '../util/format.ts'
import { type MatrixJob, planMatrix } from './plan-matrix.ts'
import { readRecordedSeconds } from './recorded-seconds.ts'

/** What a matrix is planned by. */
export interface MatrixRequest {
  /** The most jobs; one for each platform where it is absent. */
  readonly jobs?: number | undefined
  /** The most that the place takes. */
  readonly most: number
  /** Reports of earlier builds. */
  readonly reports: readonly string[]
  readonly signal: AbortSignal
}

/**
 * Reads the project as a build would and spreads its programs and platforms over jobs, by the seconds that earlier builds
 * took.
 * @throws {Failure} usage, project or tool.
 */
export async function makeMatrix(
  options: Options,
  { jobs, most, reports, signal }: MatrixRequest,
): Promise<{ readonly jobs: readonly MatrixJob[]; readonly missing: readonly string[] }> {
  const { dir, platforms, toolchainArgs } = options
  const language = await detectLanguage(dir, options.lang)
  checkToolchainArgs(language, toolchainArgs)
  const project = await language.inspect(dir, {
    options: options.language,
    platforms,
    toolchainArgs,
    wanted: wantedNames(options),
    download: true,
    signal,
  })
  const images = wantedImages(project, options)
  checkDistinct([...new Set(images.flatMap(image => image.executables))])
  const names = images.map(({ name }) => name)
  checkNames(names)
  const { seconds, missing } = await readRecordedSeconds(reports)
  const units = images.flatMap(({ name, executables }) =>
    platforms.map(({ id }) => {
      const known = executables
        .map(executable => seconds(executable.name, id))
        .filter(item => item !== undefined)
      const sum = known.reduce((total, item) => total + item, 0)
      return { program: name, platform: id, ...(known.length > 0 && { seconds: sum }) }
    }),
  )
  const planned = planMatrix(units, jobs ?? platforms.length)
  if (planned.length <= most) return { jobs: planned, missing }
  throw new Failure({
    kind: 'usage',
    what: `The matrix would have ${count(planned.length, 'job')}`,
    where: '--jobs',
    why: `a matrix of this kind has at most ${most}`,
    fix: `--jobs ${most}`,
  })
}

/** Their flags are split by a shell. */
function checkNames(names: readonly string[]): void {
  const wrong = names.find(name => !/^[\w./@+-]+$/.test(name))
  if (wrong === undefined) return
  throw new Failure({
    kind: 'usage',
    what: `${JSON.stringify(wrong)} cannot be in a matrix`,
    where: '[images] of xbuild.toml',
    why: 'a shell would split or change it',
    fix: 'give the image a name of letters, digits, ".", "_" and "-"',
  })
}
