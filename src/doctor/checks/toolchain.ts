import { Failure, isFailure } from '../../errors.ts'
import { languages } from '../../languages/index.ts'
import { run } from '../../process.ts'
import type { Check } from '../check.ts'
import { fromFailure, notApplicable, ok, problem, warning } from '../outcome.ts'
import type { Surroundings } from '../surroundings.ts'

export const toolchain: Check = {
  id: 'toolchain',
  title: 'Toolchain',
  question: 'Is the toolchain of the project here, new enough, and can it read the project?',
  findings:
    'A problem where it is missing or too old, or where the project cannot be read; a warning where there is neither a project nor a toolchain.',
  run: async around => {
    if (around.options instanceof Failure) return notApplicable('the configuration is wrong')
    const found = await around.project()
    if (!(found instanceof Failure)) {
      const { language, project, images } = found
      const { name, version } = project.toolchain
      const programs = images.flatMap(image => image.executables.map(({ name }) => name)).join(', ')
      return ok(`${name} ${version}, for ${programs} (${language.title})`, project.remarks)
    }
    const isNoProject = found.kind === 'project' && found.what.startsWith('There is no')
    if (!isNoProject) return fromFailure(found)
    const versions = (await Promise.all(Object.values(languages).map(one => versionOf(one, around)))).filter(
      text => text !== undefined,
    )
    if (versions.length > 0) return ok(`no project in ${around.dir}; here are ${versions.join(', ')}`)
    return warning({
      why: `no project in ${around.dir}, and no toolchain on PATH`,
      fix: 'install Go (https://go.dev/dl/), Rust (https://rustup.rs) or Zig (pip install ziglang)',
    })
  },
}

async function versionOf(
  { versionCommand }: (typeof languages)['go'],
  { dir, signal }: Surroundings,
): Promise<string | undefined> {
  const result = await run({ ...versionCommand, cwd: dir }, { signal, timeout: 4 }).catch(error => {
    if (isFailure(error, 'tool')) return undefined
    throw error
  })
  const text = result?.ok ? result.stdout.trim().split('\n')[0] : undefined
  return (
    text &&
    (/\d/.test(text) ? (text.startsWith('go version') ? text.slice('go version '.length) : text) : undefined)
  )
}

export const targets: Check = {
  id: 'targets',
  title: 'Targets',
  question:
    'Can the toolchain compile for every wanted platform: Rust’s standard libraries, C compilers where C code is compiled?',
  findings: `Each platform is planned as a build plans it. A problem where one cannot be compiled, such as C code without a C compiler; a warning
where rustup has to add a target first. \`--fix\` runs \`rustup target add\`.`,
  run: async ({ project, options, platforms, machine }) => {
    if (options instanceof Failure) return notApplicable('the configuration is wrong')
    const found = await project()
    if (found instanceof Failure) return notApplicable('no project could be read')
    const { language, project: inspected, images, source } = found
    const executables = [...new Set(images.flatMap(({ executables }) => executables))]
    const request = {
      executables,
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
        return language.compile(inspected, { ...request, platforms: [platform] }).prepare
      } catch (error) {
        if (!isFailure(error)) throw error
        failures.push(error)
        return []
      }
    })
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
    const c = inspected.cCode.map(({ dependency }) => dependency)
    const ids = platforms.map(({ id }) => id).join(', ')
    return ok(
      `${ids}${c.length > 0 ? `, with C code of ${[...new Set(c)].join(', ')}` : ''}; this is linux/${machine.arch}`,
    )
  },
}
