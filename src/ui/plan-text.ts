import type { PlanJson, PlannedImage } from '../build/plan-json.ts'
import type { Command } from '../types.ts'
import { quoteWord } from '../util/quote-word.ts'

/** A plan for people: commands that can be copied into a shell, then each image with its files and Dockerfile. */
export function describePlan(plan: PlanJson): string {
  const { toolchain, platforms, concurrency } = plan
  const head = [
    `# ${plan.language} project, ${toolchain.name} ${toolchain.version}, for ${platforms.join(', ')}`,
    '# {work} is a temporary folder; every command and its environment is printed as it is run',
    ...plan.notes.map(note => `# note: ${note}`),
  ]
  const files = plan.files.map(({ path, mode, text }) => `# write ${path} (${mode})\n${indent(text)}`)
  const steps = plan.steps.map(({ title, command, produces }) =>
    [
      `# ${title}`,
      describeCommand(command),
      ...produces.map(({ path }) => `# then verify and keep ${path}`),
    ].join('\n'),
  )
  const compile = `# ${plan.steps.length} steps, compiling ${concurrency} at once`
  return `${[head.join('\n'), ...files, compile, ...steps, ...plan.images.map(describeImage)].join('\n\n')}\n`
}

function describeImage(image: PlannedImage): string {
  const { base } = image
  return [
    `# Image ${image.name}${image.executable.predicted ? ' (predicted: only a compile knows the executables)' : ''}`,
    `# base ${base.reference}${base.predicted ? `, predicted: ${base.reason}` : ''}`,
    ...image.staged.map(({ path, mode, source }) => `# stage ${path} (${mode}) from ${source}`),
    indent(image.dockerfile),
    image.command ? describeCommand(image.command) : '# made in-process, without Docker',
    ...image.destinations.map(destination => `# to ${destination}, then read back and checked`),
  ].join('\n')
}

/** A command as a line for a POSIX shell. */
export function describeCommand({ tool, args, cwd, env }: Command): string {
  const variables = Object.entries(env ?? {}).map(([name, value]) => `${name}=${quoteWord(value)}`)
  return `(cd ${quoteWord(cwd)} && ${[...variables, quoteWord(tool), ...args.map(quoteWord)].join(' ')})`
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, '    ')
}
