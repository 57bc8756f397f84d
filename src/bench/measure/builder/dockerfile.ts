import { envInstructions } from '../../../image/buildx/dockerfile.ts'
import { quoteWord } from '../../../util/quote-word.ts'
import { readTemplate } from '../../../util/template.ts'

/** What a Dockerfile of the benchmark is filled with. */
export interface BenchDockerfile {
  /** The image of the toolchain stage: the official one, or scratch where the toolchain is copied in. */
  readonly image: string
  /** Whole instructions that make the toolchain ready. */
  readonly setup: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** The project's folder in the stage. */
  readonly workdir: string
  /** The id of the cache mount: a new one is an empty cache, which --no-cache alone does not give. */
  readonly cache: string
  /** The toolchain's command. */
  readonly compile: readonly string[]
  /** Paths in the builder stage to gather in /out once the command has ended, where it cannot write there itself. */
  readonly gather: readonly string[]
}

/**
 * Fills templates/cross or templates/emulated. The command is in exec form, which needs no shell, unless something
 * is to be gathered after it.
 */
export function renderBenchDockerfile(template: string, values: BenchDockerfile): string {
  const filled: Readonly<Record<string, string>> = {
    image: values.image,
    setup: values.setup.join('\n'),
    env: envInstructions(values.env),
    workdir: JSON.stringify(values.workdir),
    cache: values.cache,
    compile: compileWords(values),
  }
  return readTemplate(template)
    .split('\n')
    .flatMap(line => {
      const text = line.replace(/\{\{(\w+)\}\}/g, (_, name: string) => filled[name] ?? '')
      return text.trim() === '' && line.includes('{{') ? [] : [text]
    })
    .join('\n')
}

function compileWords({ compile, gather }: BenchDockerfile): string {
  if (gather.length === 0) return JSON.stringify(compile)
  const line = (words: readonly string[]) => words.map(quoteWord).join(' ')
  return `${line(compile)} && mkdir -p /out && ${line(['cp', ...gather, '/out/'])}`
}
