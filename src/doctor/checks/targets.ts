import { chooseCToolchain, findCToolchains } from '../../c-toolchains/index.ts'
import type { Options } from '../../config/options.ts'
import { Failure, isFailure } from '../../errors.ts'
import type { Platform } from '../../platforms.ts'
import type { Step } from '../../types.ts'
import type { Check } from '../check.ts'
import { fromFailure, notApplicable, ok, problem, warning } from '../outcome.ts'
import type { ProjectFacts } from '../project.ts'
import type { Surroundings } from '../surroundings.ts'

export const targets: Check = {
  id: 'targets',
  title: 'Targets',
  question:
    'Can the toolchain compile for every wanted platform: Rust’s standard libraries, C compilers where C code is compiled?',
  findings: `Each platform is planned as a build plans it. A problem where one cannot be compiled, such as C code without a C compiler; a warning
where rustup has to add a target first. \`--fix\` runs \`rustup target add\`.`,
  run: async around => {
    const { project, options, platforms } = around
    if (options instanceof Failure) return notApplicable('the configuration is wrong')
    const found = await project()
    if (found instanceof Failure) return notApplicable('no project could be read')
    const { steps, failures } = planEach(found, options, platforms)
    const [first] = failures
    if (first) {
      const others = failures.slice(1).map(({ what }) => what)
      const base = fromFailure(first)
      return problem({ ...base, details: [...(base.details ?? []), ...others] })
    }
    const adding = steps.filter(({ installs }) => installs !== undefined)
    if (adding.length > 0) {
      const commands = [...new Map(adding.map(({ command }) => [command.args.join(' '), command])).values()]
      return warning({
        why: `${adding.map(({ installs }) => installs).join('; ')} is missing; a build adds it`,
        fix: commands.map(({ tool, args }) => [tool, ...args].join(' ')).join('\n'),
        repairs: commands.map(command => ({ command })),
      })
    }
    const code = [...new Set(found.project.cCode.map(({ dependency }) => dependency))]
    return ok(`${platforms.map(({ id }) => id).join(', ')}; this is linux/${around.machine.arch}`, [
      ...(code.length > 0 ? [`C code: ${code.join(', ')}`] : []),
      await cCompilers(around),
    ])
  },
}

/** The steps that come before a compile for each platform, and why there is none for the others. */
function planEach(
  { language, project, images, source }: ProjectFacts,
  options: Options,
  platforms: readonly Platform[],
): { readonly steps: readonly Step[]; readonly failures: readonly Failure[] } {
  const request = {
    executables: [...new Set(images.flatMap(({ executables }) => executables))],
    options: options.language,
    toolchainArgs: [],
    source,
    jobs: 1,
    processors: 1,
    warm: true,
  }
  const failures: Failure[] = []
  const steps = platforms.flatMap(platform => {
    try {
      return language.compile(project, { ...request, platforms: [platform] }).prepare
    } catch (error) {
      if (!isFailure(error)) throw error
      failures.push(error)
      return []
    }
  })
  return { steps, failures }
}

/** What would compile C code for each platform, whether or not there is some. */
async function cCompilers({ dir, options, platforms, signal }: Surroundings): Promise<string> {
  const found = await findCToolchains(dir, platforms, signal)
  const preference = options instanceof Failure ? 'auto' : options.language.c.toolchain
  const titles = platforms.map(platform => {
    try {
      const request = { platform, preference, found, libcs: ['musl', 'gnu'], dependency: 'C code' } as const
      return `${platform.id} ${chooseCToolchain(request).title}`
    } catch (error) {
      if (isFailure(error, 'tool')) return `${platform.id} none`
      throw error
    }
  })
  return `C compilers, where there is C code: ${titles.join(', ')}`
}
