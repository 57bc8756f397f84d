/** `-X PACKAGE.VARIABLE=VALUE`. */
export interface Assignment {
  readonly package: string
  readonly variable: string
  readonly value: string
}

/** The -X flags among the words of linker flags; one that the linker will refuse itself is left out. */
export function assignmentsOf(words: readonly string[]): Assignment[] {
  return words.flatMap((word, at) => {
    const text = /^--?X$/.test(word) ? words[at + 1] : /^--?X=([\s\S]*)$/.exec(word)?.[1]
    return text === undefined ? [] : assignment(text)
  })
}

/** The linker takes what stands before the last dot of the name for the package (cmd/link/internal/ld, addstrdata1). */
function assignment(text: string): Assignment[] {
  const equals = text.indexOf('=')
  const dot = text.lastIndexOf('.', equals)
  if (equals < 0 || dot < 0) return []
  return [
    { package: text.slice(0, dot), variable: text.slice(dot + 1, equals), value: text.slice(equals + 1) },
  ]
}

/**
 * Takes -extldflags out of linker flags: the linker heeds the last one alone, and xbuild has some of its own.
 * @returns the other words, and the value, which the linker splits at spaces itself
 */
export function takeExternal(words: readonly string[]): { rest: string[]; external: string } {
  let external = ''
  const rest = words.filter((word, at) => {
    if (/^--?extldflags$/.test(words[at - 1] ?? '')) {
      external = word
      return false
    }
    const value = /^--?extldflags=([\s\S]*)$/.exec(word)?.[1]
    if (value !== undefined) external = value
    return value === undefined && !/^--?extldflags$/.test(word)
  })
  return { rest, external }
}

/** Whether the linker is told to leave out the symbol table. */
export function strips(words: readonly string[]): boolean {
  const last = words.findLast(word => /^--?s(=|$)/.test(word))
  return last !== undefined && !/=(false|0|f|F)$/i.test(last)
}
