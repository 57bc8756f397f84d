import type { ImageFacts } from '../../dockerfile/final-image.ts'
import type { Instruction } from '../../dockerfile/model.ts'
import { entrypointPaths } from '../../image/verify/entrypoint.ts'
import type { Ledger } from './ledger.ts'
import { wordsOf } from './program-words.ts'
import { nameOf } from './programs.ts'
import type { ProjectFacts } from './project.ts'

/** A program of the project in the image: its path there, the name that it was compiled under, and the line that says so. */
export interface ImageProgram {
  readonly path: string
  readonly name: string
  readonly by: Instruction
}

/**
 * The program that the image runs, of those that it has. Those next to it become [image] programs; one elsewhere is left.
 * @returns undefined where no line says where a program goes
 */
export function adoptPrograms(
  programs: readonly ImageProgram[],
  facts: ImageFacts,
  project: ProjectFacts,
  ledger: Ledger,
): ImageProgram | undefined {
  const named = startedPaths(facts)
  const main = programs.find(({ path }) => named.includes(path)) ?? programs[0]
  if (!main) return undefined
  ledger.covered(main.by, 'the program')
  const others = programs.filter(one => one !== main)
  const folder = (path: string) => path.slice(0, path.lastIndexOf('/'))
  const isKnown = (name: string) => project.executables.some(one => one.name === name)
  const areNext = others.every(
    ({ path, name }) => folder(path) === folder(main.path) && nameOf(path) === name,
  )
  const all = [...new Set([main, ...others].map(({ name }) => name))]
  if (others.length > 0 && areNext && all.every(isKnown)) {
    ledger.set(main.by, 'image', 'programs', all)
    for (const { by } of others) ledger.covered(by, '[image] programs has it')
  } else {
    for (const { by, name } of others) {
      ledger.left(
        by,
        `${name} is a second program: [image] programs puts several next to each other, [images.NAME] makes several images`,
      )
    }
  }
  return main
}

/** Where the file may be that a container starts, in the Dockerfile's image. */
export function startedPaths({ entrypoint, cmd, workdir }: ImageFacts): string[] {
  const words = [entrypoint, cmd].map(said => (said ? (wordsOf(said.value) ?? []) : []))
  const [Entrypoint = [], Cmd = []] = words
  return entrypointPaths({ config: { Entrypoint, Cmd, Env: [], WorkingDir: workdir?.value.text } })
}
