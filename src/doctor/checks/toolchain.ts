import { Failure, isFailure } from '../../errors.ts'
import { languages } from '../../languages/index.ts'
import { run } from '../../process.ts'
import type { Check } from '../check.ts'
import { fromFailure, notApplicable, ok, warning } from '../outcome.ts'
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
