import { dirname, join } from 'node:path'
import { configFile } from '../config/load.ts'
import { dockerfilePlaces } from '../dockerfile/places.ts'
import type { ImagePlan } from '../image/image-plan.ts'
import { findFrontEnd } from '../languages/front-end.ts'
import { readTextIfThere } from '../util/read-file.ts'
import type { Plan } from './plan.ts'
import { git } from './run-git.ts'

/** Files that say how a project was built before, and set variables by -X. */
const recipes = ['Makefile', 'GNUmakefile', '.goreleaser.yml', '.goreleaser.yaml']

interface OwnFile {
  readonly name: string
  readonly text: string
}

/**
 * What the project's own Dockerfile, Makefile, .goreleaser.yml or package.json has that this build does not. Nothing for a
 * project with an xbuild.toml: somebody has decided what it has.
 */
export async function hintsOfOwnFiles({ root, project, images, compile }: Plan): Promise<string[]> {
  if ((await readTextIfThere(join(root, configFile))) !== undefined) return []
  const [found, dockerfiles, frontEnd] = await Promise.all([
    readAll(root, recipes),
    readAll(root, dockerfilePlaces),
    frontEndHint(root),
  ])
  const [image] = images
  const dockerfile = dockerfiles.find(file => image && isOfImage(file, image))
  const hints: (string | undefined)[] = [frontEnd]
  if (dockerfile && image && images.length === 1) {
    const { dockerfileHint } = await import('./dockerfile-hint.ts')
    hints.push(dockerfileHint(dockerfile.text, dockerfile.name, image))
  }
  if (project.language === 'go') {
    const given = compile.steps.flatMap(({ command }) => command.args).join(' ')
    const files = [...found, ...(dockerfile ? [dockerfile] : [])]
    hints.push(files.map(({ name, text }) => stampHint(name, text, given)).find(Boolean))
  }
  return hints.filter(hint => hint !== undefined)
}

async function readAll(root: string, names: readonly string[]): Promise<OwnFile[]> {
  const texts = await Promise.all(names.map(name => readTextIfThere(join(root, name)).catch(() => undefined)))
  return names.flatMap((name, at) => (texts[at] === undefined ? [] : [{ name, text: texts[at] }]))
}

/** Whether it is the Dockerfile of this image: one in a folder may be that of a tool, and must name the program. */
function isOfImage({ name, text }: OwnFile, { executables }: ImagePlan): boolean {
  if (!name.includes('/')) return true
  const words = new Set(text.split(/[^\w.-]+/))
  return executables.some(item => words.has(item.name))
}

/** A front end whose output is not in the repository, and which nobody makes then. */
async function frontEndHint(root: string): Promise<string | undefined> {
  const frontEnd = await findFrontEnd(root)
  const folder = frontEnd && dirname(frontEnd.file)
  // A package.json at the top is often there for tools alone.
  if (!folder || folder === '.') return undefined
  const outputs = ['dist', 'build', 'out'].map(name => `${folder}/${name}`)
  if ((await git(root, ['ls-files', '--', ...outputs])).text !== '') return undefined
  return `${frontEnd.file} has a front end, which this build does not make. If the program embeds it: [build] ${frontEnd.steps} in xbuild.toml`
}

/**
 * The variables that a file sets by -X and this build does not; undefined where there is none. A name that a variable of
 * make begins is completed where the file says what it is.
 * @param given the arguments of this build's commands
 */
export function stampHint(file: string, text: string, given: string): string | undefined {
  const named = [...text.matchAll(/(?<![\w-])-X[ =]\s*\\?['"]?([\w./~${}()-]+\.[A-Za-z_]\w*)\s*=/g)]
  const names = named
    .map(([, name = '']) => name.replace(/\$[({](\w+)[)}]/g, (whole, key) => textOf(key, text) ?? whole))
    .filter(name => !name.includes('$') && !given.includes(`${name}=`))
  const [first, ...others] = [...new Set(names)]
  if (first === undefined) return undefined
  const more = others.length > 0 ? ` and ${others.length} more` : ''
  const value = valueFor(first)
  return `${file} sets ${first}${more} by -X, which this build does not: [go] vars = { "${first}" = "${value}" } in xbuild.toml, or xbuild init`
}

/** What a variable of make or a shell is, where it is a plain text. */
function textOf(key: string, text: string): string | undefined {
  const [, value] =
    new RegExp(`^\\s*(?:export\\s+)?${key}\\s*[:?]?=\\s*["']?([\\w./~-]+)["']?\\s*$`, 'm').exec(text) ?? []
  return value
}

/** The placeholder that fits a variable's name. */
function valueFor(name: string): string {
  const variable = name.slice(name.lastIndexOf('.') + 1)
  if (/commit|sha|revision|githash/i.test(variable)) return '{commit}'
  if (/date|time/i.test(variable)) return '{date}'
  return /branch/i.test(variable) ? '{branch}' : '{version}'
}
