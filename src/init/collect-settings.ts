import { distrolessBase } from '../base/known.ts'
import { findOutputFolder } from '../build/output-folder.ts'
import type { Options } from '../config/options.ts'
import { dockerfilePlaces } from '../dockerfile/places.ts'
import { isFailure } from '../errors.ts'
import { tooLong } from '../lint/limits.ts'
import { indexLines } from '../util/source-text.ts'
import { type Adoption, adoptDockerfile } from './adopt/adopt-dockerfile.ts'
import { baseKind } from './adopt/base.ts'
import type { Build } from './adopt/build.ts'
import { withoutDefaults } from './adopt/builds.ts'
import type { Entry } from './adopt/ledger.ts'
import { keepUsable } from './keep-usable.ts'
import type { FoundProject } from './read-project.ts'
import { mergeSettings, type Setting, type Table } from './settings.ts'
import { readMakefile } from './sources/makefile-flags.ts'
import { isDefault, platformsOf, widest } from './sources/platforms.ts'
import { parseReleaseFile, readReleaseFile } from './sources/release-files.ts'
import { makefileNames } from './write/makefile.ts'

/** What xbuild.toml should say, and where each line of the files that were read went. */
export interface Collected {
  readonly settings: readonly Setting[]
  readonly entries: readonly Entry[]
  /** The Dockerfile that was adopted, relative to the project. */
  readonly dockerfile: string | undefined
}

const releaseFiles = ['.goreleaser.yml', '.goreleaser.yaml', 'goreleaser.yml', 'goreleaser.yaml']
const koFiles = ['.ko.yaml', '.ko.yml']

/**
 * Reads the Dockerfile, the release files, the Makefile and the pipelines of a project. The Dockerfile goes before the
 * others; those only say how the program is compiled where it does not.
 * @param chosen the Dockerfile, relative to the project, instead of the one that is found
 */
export async function collectSettings(
  { facts, dir, root }: FoundProject,
  options: Options,
  chosen?: string,
): Promise<Collected> {
  const find = (names: readonly string[]) => names.find(name => facts.read(name) !== undefined)
  const dockerfile = chosen ?? find(dockerfilePlaces)
  const text = dockerfile === undefined ? undefined : facts.read(dockerfile)
  const adopted = text === undefined || dockerfile === undefined ? undefined : adopt(text, dockerfile, facts)
  const settings: Setting[] = [...(adopted?.settings ?? [])]
  const entries: Entry[] = [...(adopted?.entries ?? [])]

  const language: Table = facts.language
  const hasOwn = (key: string) => settings.some(one => one.table === language && one.key === key)
  const takeBuild = (build: Build, file: string, line: number, text: string) => {
    const moved: string[] = []
    for (const [key, value] of Object.entries(build.settings)) {
      const setting = withoutDefaults(key, value, facts)
      const isEmpty = Array.isArray(setting) && setting.length === 0
      if (setting === undefined || isEmpty || hasOwn(key) || (adopted?.compiles && key !== 'vars')) continue
      settings.push({ table: language, key, value: setting, from: `${file}:${line}` })
      moved.push(key)
    }
    const bins = build.bins.filter(bin =>
      facts.executables.some(one => [one.name, one.package].includes(bin)),
    )
    // A build takes the program by this file, too, which may go once there is an xbuild.toml.
    if (bins.length > 0 && !facts.main && !settings.some(({ key }) => key === 'bins' || key === 'programs')) {
      settings.push({ table: '', key: 'bins', value: bins.slice(0, 1), from: `${file}:${line}` })
      moved.push('bins')
    }
    if (moved.length > 0)
      entries.push({
        file,
        line,
        text,
        outcome: 'moved',
        says: moved.map(key => (key === 'bins' ? key : `[${language}] ${key}`)).join(', '),
      })
    for (const says of adopted?.compiles ? [] : build.left)
      entries.push({ file, line, text, outcome: 'left', says })
  }
  const names = facts.main ? [facts.main.name, facts.main.package] : []
  for (const file of [find(koFiles), find(releaseFiles)]) {
    if (file === undefined || language !== 'go') continue
    const source = facts.read(file) ?? ''
    const parsed = parseReleaseFile(source)
    if ('fault' in parsed) {
      const says = `it is not read, for it is no YAML: ${parsed.fault}`
      entries.push({ file, line: parsed.line, text: '', outcome: 'left', says })
      continue
    }
    const release = readReleaseFile(parsed.root, names)
    if (!release) continue
    const lineOf = (key: string) => source.split('\n').findIndex(line => line.startsWith(`${key}:`)) + 1 || 1
    takeBuild(release.build, file, lineOf('builds'), 'builds:')
    const [bin] = release.build.bins
    const program = facts.main ?? facts.executables.find(one => [one.name, one.package].includes(bin ?? ''))
    if (!adopted && program && release.binary && release.binary !== program.name) {
      const line = lineOf('builds')
      settings.push({ table: 'image', key: 'program', value: `/${release.binary}`, from: `${file}:${line}` })
      entries.push({
        file,
        line,
        text: `binary: ${release.binary}`,
        outcome: 'moved',
        says: '[image] program',
      })
    }
    if (
      release.base &&
      baseKind(release.base) !== 'distroless' &&
      !settings.some(({ key }) => key === 'base')
    )
      settings.push({
        table: 'image',
        key: 'base',
        value: release.base,
        from: `${file}:${lineOf('defaultBaseImage')}`,
      })
    if (release.platforms && !release.platforms.includes('all') && !isDefault(release.platforms))
      settings.push({
        table: '',
        key: 'platforms',
        value: release.platforms,
        from: `${file}:${lineOf('defaultPlatforms')}`,
      })
  }
  const makefile = find(makefileNames)
  const made = makefile === undefined ? undefined : readMakefile(facts.read(makefile) ?? '')
  if (makefile && made && isOwn(made.command.tool, language))
    takeBuild(made.build, makefile, made.line, made.text)
  const platforms = findPlatforms(facts, root === dir)
  if (platforms) {
    const hasBase = settings.some(({ key }) => key === 'base')
    const { served, missing } = hasBase
      ? { served: platforms.ids, missing: [] }
      : servedByDistroless(platforms.ids)
    if (!isDefault(served) && served.length > 0)
      settings.push({
        table: '',
        key: 'platforms',
        value: served,
        from: `${platforms.file}:${platforms.line}`,
      })
    const { file, line } = platforms
    if (missing.length > 0) {
      const says = `distroless has no image for ${missing.join(', ')}: base = "builtin" in [image] runs static binaries on them`
      entries.push({ file, line, text: platforms.ids.join(','), outcome: 'left', says })
    }
  }
  settings.push(...(await otherOutputFolder(options)))
  const usable = await keepUsable(settings, entries, dir)
  return { settings: mergeSettings(usable.settings), entries: usable.entries, dockerfile }
}

/** A Dockerfile that lint would not look at is not looked at here. */
function adopt(text: string, file: string, facts: FoundProject['facts']): Adoption {
  const finding = tooLong(text, file, indexLines(text))
  if (!finding) return adoptDockerfile(text, file, facts)
  const entry: Entry = { file, line: 1, text: '', outcome: 'left', says: finding.message }
  return { settings: [], entries: [entry], compiles: false }
}

const isOwn = (tool: string, language: Table) => tool.startsWith(language === 'rust' ? 'cargo' : language)

interface PipelinePlatforms {
  readonly ids: readonly string[]
  readonly file: string
  readonly line: number
}

function findPlatforms(
  { list, read }: FoundProject['facts'],
  atRoot: boolean,
): PipelinePlatforms | undefined {
  if (!atRoot) return undefined
  const workflows = list('.github/workflows').filter(name => /\.ya?ml$/.test(name))
  const files = [...workflows.map(name => `.github/workflows/${name}`), '.gitlab-ci.yml']
  const found = widest(
    files.flatMap(file => {
      const platforms = platformsOf(read(file) ?? '', file.startsWith('.github') ? 'github' : 'gitlab')
      return platforms ? [{ ...platforms, file }] : []
    }),
  )
  if (!found || isDefault(found.platforms)) return undefined
  return { ids: found.platforms, file: found.file, line: found.line }
}

/** The platforms that the default base has an image for. */
function servedByDistroless(ids: readonly string[]): { served: string[]; missing: string[] } {
  const { platforms = [] } = distrolessBase('static')
  const isServed = (id: string) => platforms.includes(id) || platforms.includes(id.replace(/\/v\d$/, ''))
  return { served: ids.filter(isServed), missing: ids.filter(id => !isServed(id)) }
}

/** A folder dist that is the project's own, such as that of a front end, is not written into. */
async function otherOutputFolder(options: Options): Promise<Setting[]> {
  try {
    await findOutputFolder(options)
    return []
  } catch (error) {
    if (!isFailure(error, 'usage')) throw error
    return [{ table: '', key: 'dist', value: '.xbuild/dist', from: 'the project has a dist/ of its own' }]
  }
}
