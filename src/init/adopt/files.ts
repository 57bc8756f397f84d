import { absolute, type CopyFacts } from '../../dockerfile/final-image.ts'
import type { Stage } from '../../dockerfile/model.ts'
import type { ImageProgram } from './image-programs.ts'
import type { Ledger } from './ledger.ts'
import { isProgram, nameOf, placeOf, projectFolder, type StageFacts, stageOf } from './programs.ts'
import type { ProjectFacts } from './project.ts'
import type { UserChoice } from './user.ts'

/** What the COPY and ADD of the last stage bring. */
export interface Copied {
  readonly programs: readonly ImageProgram[]
  /** Whether they bring certificates, users or time zones, as distroless has them. */
  readonly systemFiles: boolean
}

const systemFiles =
  /^\/(?:etc\/(?:ssl|pki|passwd|group|shadow|nsswitch\.conf|mime\.types|ca-certificates)|usr\/(?:share|local\/share)\/(?:zoneinfo|ca-certificates)|usr\/local\/go\/lib\/time|lib\/ld-|lib64\/ld-|tmp)/

/**
 * Copies of files of the project become [image] files; the program is xbuild's own.
 * @param ownerOf what becomes of the user that --chown names
 */
export function adoptFiles(
  copies: readonly CopyFacts[],
  stages: readonly StageFacts[],
  all: readonly Stage[],
  project: ProjectFacts,
  ledger: Ledger,
  ownerOf: (text: string) => UserChoice,
): Copied {
  const programs: ImageProgram[] = []
  let hasSystemFiles = false
  const last = stages.at(-1)
  const names = last?.names ?? new Set()
  const add = (copied: CopyFacts, source: string) => {
    programs.push({ path: placeOf(copied, source), name: nameOf(source), by: copied.by })
  }
  const take = (copied: CopyFacts, from: string) => {
    const isFolder = project.kindOf(from) === 'folder'
    const to = isFolder ? copied.target.replace(/(?<=.)\/$/, '') : copied.target
    const more = { ...modeOf(copied, ledger), ...ownerKey(copied, ownerOf, ledger) }
    const exclude = flagsOf(copied, 'exclude')
    if (exclude.length > 0 && !isFolder)
      ledger.left(copied.by, `--exclude=${exclude[0]}: take the files that it matches out of [image] files`)
    ledger.set(copied.by, 'image', 'files', [
      { from, to, ...more, ...(exclude.length > 0 && isFolder && { exclude }) },
    ])
  }
  for (const copied of copies) {
    const { by, from, unknown } = copied
    if (unknown.length > 0) {
      ledger.left(by, `its path depends on ${unknown[0]}`)
      continue
    }
    if (by.heredocs.length > 0) {
      ledger.left(by, 'write the text into a file of the project, and name that in [image] files')
      continue
    }
    if (by.flags.some(({ name, value }) => name === 'parents' && value !== 'false')) {
      ledger.left(by, '--parents keeps the folders of each source: name them in "to" of [image] files')
      continue
    }
    const stage = from === undefined ? undefined : stageOf(from, all)
    const source = stages.find(one => one.stage === stage)
    if (from !== undefined && !stage) {
      const covered = copied.sources.every(path => systemFiles.test(absolute(path, '/')))
      hasSystemFiles ||= covered
      if (covered) ledger.covered(by, 'a distroless image has it')
      else
        ledger.left(
          by,
          `it is a file of ${from}: copy it into the project for [image] files, or take a base that has it`,
        )
      continue
    }
    for (const path of copied.sources) {
      if (from !== undefined && source) {
        const place = absolute(path, '/')
        const own = fromProject(source, place, project)
        if (isProgram(source, path)) add(copied, path)
        else if (systemFiles.test(place)) {
          hasSystemFiles = true
          ledger.covered(by, 'a distroless image has it')
        } else if (own !== undefined) take(copied, own)
        else if (isEmptyFolder(source, place)) {
          const target = copied.target.replace(/(?<=.)\/$/, '')
          const { owner } = ownerKey(copied, ownerOf, ledger)
          // Folders are the image's user's by themselves.
          const isOther = owner !== undefined && !/^65532(?::65532)?$/.test(owner)
          ledger.set(by, 'image', 'folders', [{ path: target, ...(isOther && { owner }) }])
        } else
          ledger.left(by, `${path} is made by a stage: make it before xbuild, and name it in [image] files`)
      } else if (/^https?:|^git@/.test(path))
        ledger.left(by, 'download it into the project, and name it in [image] files')
      else if (by.keyword === 'ADD' && /\.(?:tar|tgz|tbz2|txz)(?:\.\w+)?$/.test(path))
        ledger.left(by, 'ADD unpacks it: unpack it in the project, and name the folder in [image] files')
      else
        for (const one of matching(path, project)) {
          const kind = project.kindOf(one)
          if (one === '.')
            ledger.left(by, 'it copies the whole project: name what the program reads in [image] files')
          else if (
            kind === undefined &&
            (names.has(nameOf(one)) || (programs.length === 0 && /^(?:dist|bin|build|out)\b/.test(one)))
          )
            add(copied, one)
          else if (kind === undefined) ledger.left(by, `there is no ${one} in the project`)
          else if (names.has(nameOf(one)) && kind === 'file') add(copied, one)
          else take(copied, one)
        }
    }
  }
  return { programs, systemFiles: hasSystemFiles }
}

const flagsOf = ({ by }: CopyFacts, name: string) =>
  by.flags.filter(flag => flag.name === name).map(({ value }) => value)

function modeOf({ by, mode }: CopyFacts, ledger: Ledger): { mode?: string } {
  if (mode === undefined) return {}
  if (/^0?[0-7]{3}$/.test(mode)) return { mode: mode.padStart(4, '0') }
  ledger.left(by, `--chmod=${mode}: mode in [image] files takes octal digits, "0755"`)
  return {}
}

/** Files are root's without it, as with COPY. */
function ownerKey(
  { by, owner }: CopyFacts,
  ownerOf: (text: string) => UserChoice,
  ledger: Ledger,
): { owner?: string } {
  if (owner === undefined || /^(?:root|0)(?::(?:root|0))?$/.test(owner)) return {}
  const found = ownerOf(owner)
  if ('value' in found) return { owner: found.value }
  if ('covered' in found) return { owner: '65532:65532' }
  ledger.left(by, `--chown=${owner}: ${found.problem}`)
  return {}
}

/** Whether a stage only makes a folder, for the image to have it: `mkdir /data`. */
function isEmptyFolder({ commands }: StageFacts, path: string): boolean {
  const uses = commands.filter(({ command, workdir, resolve }) =>
    command.words.slice(1).some(({ raw }) => {
      const word = absolute(resolve(raw).text, workdir)
      return word === path || word.startsWith(`${path}/`)
    }),
  )
  return (
    uses.some(({ command }) => command.tool === 'mkdir') &&
    uses.every(({ command }) => /^(?:mkdir|chown|chmod|chgrp)$/.test(command.tool))
  )
}

/** The path in the project of a file that a stage has by a COPY of its own. */
function fromProject({ facts }: StageFacts, path: string, project: ProjectFacts): string | undefined {
  const root = projectFolder(facts, path)
  const inside = root === undefined ? undefined : path.slice(root.length).replace(/^\//, '')
  if (inside && project.kindOf(inside)) return inside
  for (const { from, sources, target } of facts.copies) {
    if (
      from !== undefined ||
      (path !== target && !path.startsWith(target.endsWith('/') ? target : `${target}/`))
    )
      continue
    for (const source of sources) {
      const rest = path.slice(target.length).replace(/^\//, '')
      const candidates = [
        `${clean(source)}/${rest}`.replace(/\/$/, ''),
        nameOf(source) === rest ? clean(source) : undefined,
      ]
      const found = candidates.find(one => one !== undefined && one !== '.' && project.kindOf(one))
      if (found !== undefined) return found
    }
  }
  return undefined
}

const clean = (path: string) => absolute(path, '/').slice(1) || '.'

/** The files that a source names, with its wildcards filled in by the project's. */
function matching(source: string, project: ProjectFacts): string[] {
  const path = clean(source)
  if (!/[*?[]/.test(path)) return [path]
  const folder = path.replace(/\/?[^/]*$/, '')
  const pattern = wildcards(nameOf(path))
  const found = /[*?[]/.test(folder) ? [] : project.list(folder || '.').filter(name => pattern?.test(name))
  return found.length > 0 ? found.map(name => (folder ? `${folder}/${name}` : name)) : [path]
}

/** Go's filepath.Match for one name, with which BuildKit looks for files: `*`, `?`, `[a-z]`, `[^a-z]`, and a backslash before any. */
function wildcards(pattern: string): RegExp | undefined {
  const text = pattern.replace(
    /\[\^?(?:\\.|[^\]\\])+\]|\\.|[*?]|[.+^${}()|[\]\\]/g,
    found => ({ '*': '.*', '?': '.' })[found] ?? (found.length > 1 ? found : `\\${found}`),
  )
  try {
    return new RegExp(`^${text}$`)
  } catch {
    return undefined // [z-a], which is no pattern for Go either
  }
}

/** The file of the project that a COPY may put at a path of the image: the source, or a file below it. */
function filesAt(copied: CopyFacts, source: string, path: string, project: ProjectFacts): string[] {
  const from = clean(source)
  if (project.kindOf(from) !== 'folder') return placeOf(copied, source) === path ? [from] : []
  const to = copied.target.replace(/\/?$/, '/')
  return path.startsWith(to) ? [clean(`${from}/${path.slice(to.length)}`)] : []
}

/** Whether a file of the image is a script that is copied from the project. */
export function isScript(copies: readonly CopyFacts[], project: ProjectFacts): (path: string) => boolean {
  return path =>
    copies.some(copied =>
      copied.sources.some(
        source =>
          copied.from === undefined &&
          filesAt(copied, source, path, project).some(file => project.read(file)?.startsWith('#!') === true),
      ),
    )
}
