import type { ImageFacts } from '../../dockerfile/final-image.ts'
import type { Ledger } from './ledger.ts'
import { wordsOf } from './program-words.ts'
import { nameOf } from './programs.ts'

/** Programs that are process 1 in front of another, as packages of distributions bring them. */
const inits = /^(?:tini(?:-static)?|dumb-init|catatonit)$/

/** Their flags that take the next word. */
const valued = new Set(['-p', '-e', '-r', '--rewrite'])

/** Whether a package brings nothing but such a program. */
export const isInitPackage = (name: string): boolean => inits.test(name)

/**
 * The image without the init in front of its program, which no image of xbuild has by itself: left in, the container could
 * not start.
 */
export function withoutInit(facts: ImageFacts, ledger: Ledger): ImageFacts {
  const { entrypoint, cmd } = facts
  const said = entrypoint ?? cmd
  const words = said && wordsOf(said.value)
  const [first = ''] = words ?? []
  if (!said || !words || !inits.test(nameOf(first))) return facts
  ledger.left(said.by, `without ${nameOf(first)} the program is process 1; [image] init takes a static one`)
  const value = { words: behindFlags(words.slice(1)) }
  if (!entrypoint) return { ...facts, cmd: { value, by: said.by } }
  const { entrypoint: _, ...rest } = facts
  return value.words.length === 0 ? rest : { ...rest, entrypoint: { value, by: said.by } }
}

function behindFlags(words: readonly string[]): readonly string[] {
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as string
    if (word === '--') return words.slice(index + 1)
    if (!word.startsWith('-')) return words.slice(index)
    if (valued.has(word)) index++
  }
  return []
}
