import { basename } from 'node:path'
import { type CopyFacts, type ImageFacts, type Program, readFinalImage } from '../dockerfile/final-image.ts'
import { installedPackages, missingPackages } from '../dockerfile/packages.ts'
import { parseDockerfile } from '../dockerfile/parse.ts'
import { commandsOf } from '../dockerfile/shell.ts'
import { compilesWith } from '../dockerfile/toolchains.ts'
import type { ImagePlan } from '../image/image-plan.ts'

/** The part of an image that a Dockerfile is compared with. */
type Compared = Pick<ImagePlan, 'executables'> & { readonly spec: Pick<ImagePlan['spec'], 'config'> }

/** Names of one kind that are shown. */
const shown = 4

/**
 * What the project's own Dockerfile says of its last image and this build does not, as one line; undefined where nothing is
 * lacking, or the file is no Dockerfile. xbuild does not read it for a build: it says so.
 */
export function dockerfileHint(text: string, name: string, image: Compared): string | undefined {
  const facts = readFinalImage(parseDockerfile(text, name))
  if (!facts) return undefined
  const lacking = [
    ...portsAndPlaces(facts, image),
    ...list('COPY', copiesOf(facts, image)),
    ...list('packages', packagesOf(facts)),
  ]
  if (lacking.length === 0) return undefined
  return `${name} is not used, and has what this image has not: ${lacking.join('; ')}. xbuild init writes it into xbuild.toml`
}

function portsAndPlaces(facts: ImageFacts, { executables, spec: { config } }: Compared): string[] {
  const texts = (said: ImageFacts['ports']) => said.map(({ value }) => value.text)
  const port = (text: string) => (text.includes('/') ? text : `${text}/tcp`)
  const user = facts.user?.value.text
  const command = argumentsOf(facts, new Set(executables.map(({ name }) => name)))
  // Where the program is compiled, both are for the compiler.
  const isSource = compilesItself(facts)
  return [
    ...list(
      'EXPOSE',
      texts(facts.ports).filter(text => !config.ports.includes(port(text))),
    ),
    ...(user && config.user === undefined && !usual.test(user) ? [`USER ${user}`] : []),
    ...list(
      'VOLUME',
      texts(facts.volumes).filter(text => !config.volumes?.includes(text)),
    ),
    ...(!isSource && facts.workdir && facts.workdir.value.text !== '/' && config.workdir === undefined
      ? [`WORKDIR ${facts.workdir.value.text}`]
      : []),
    ...list(
      'ENV',
      [...facts.env.keys()].filter(key => !isSource && key !== 'PATH' && !Object.hasOwn(config.env, key)),
    ),
    ...(facts.healthcheck?.value.test && !config.healthcheck ? ['HEALTHCHECK'] : []),
    ...(facts.stopSignal && !config.stopSignal ? [`STOPSIGNAL ${facts.stopSignal.value.text}`] : []),
    ...(command.length > 0 && config.cmd.length === 0 && config.entrypoint.length === 1
      ? [`the arguments ${command.join(' ')}`]
      : []),
  ]
}

/** Users that xbuild's images run as by themselves, or that say the same. */
const usual = /^(root|0|nonroot|65532)(:(root|0|nonroot|65532))?$/

/** What the program is called with. It may come after a wrapper; the words of a script are not the program's. */
function argumentsOf({ entrypoint, cmd }: ImageFacts, programs: ReadonlySet<string>): readonly string[] {
  const wordsOf = (program: Program | undefined) => (program && 'words' in program ? program.words : [])
  const words = [...wordsOf(entrypoint?.value), ...wordsOf(cmd?.value)]
  const at = words.findIndex(word => programs.has(basename(word)))
  if (at < 0 && /^((ba|da|a|z)?sh|.*\.sh)$/.test(basename(words[0] ?? ''))) return []
  return words.slice(Math.max(at, 0) + 1)
}

/** Files of the build context in the last image, but for the program and for sources that are compiled there. */
function copiesOf(facts: ImageFacts, { executables }: Compared): string[] {
  if (compilesItself(facts)) return []
  const programs = new Set(executables.map(({ name }) => name))
  const isFile = (source: string) => !/^\.?\/?$/.test(source) && !programs.has(source.split('/').at(-1) ?? '')
  const own = ({ from, sources }: CopyFacts) => (from === undefined ? sources.filter(isFile) : [])
  return facts.copies.flatMap(own)
}

function packagesOf(facts: ImageFacts): string[] {
  if (compilesItself(facts)) return []
  const commands = facts.runs.flatMap(({ by }) => commandsOf(by))
  const packages = commands.flatMap(({ tool, words }) =>
    installedPackages(
      tool,
      words.map(({ value }) => value),
    ),
  )
  return missingPackages(packages.filter(name => name !== undefined))
}

/** Whether the last stage is where the program is compiled too, so that its files and packages are for that. */
function compilesItself({ runs }: ImageFacts): boolean {
  return runs.some(({ by }) => commandsOf(by).some(command => compilesWith(command) !== undefined))
}

function list(kind: string, names: readonly string[]): string[] {
  const distinct = [...new Set(names)]
  if (distinct.length === 0) return []
  const more = distinct.length > shown ? ` and ${distinct.length - shown} more` : ''
  return [`${kind} ${distinct.slice(0, shown).join(' ')}${more}`]
}
