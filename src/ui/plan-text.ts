import type { PlanJson, PlannedBake, PlannedImage } from '../build/plan-json.ts'
import type { Command } from '../types.ts'
import { quoteWord } from '../util/quote-word.ts'

/** A plan for people: commands that can be copied into a shell, then each image with its files and Dockerfile. */
export function describePlan(plan: PlanJson): string {
  const { toolchain, platforms, concurrency } = plan
  const head = [
    `# ${plan.language} project, ${toolchain.name} ${toolchain.version}, for ${platforms.join(', ')}`,
    '# {work} is a temporary folder; commands and their environment are printed as build runs them',
    ...(plan.images.some(({ backend }) => backend === 'buildx') ? [unlessMade] : []),
    ...plan.notes.map(note => `# note: ${note}`),
  ]
  const before =
    plan.before.length > 0
      ? [['# before the project is read', ...plan.before.map(describeCommand)].join('\n')]
      : []
  const files = plan.files.map(({ path, mode, text }) => `# write ${path} (${mode})\n${indent(text)}`)
  const steps = plan.steps.map(({ title, command, produces, dockerfile, ignore }) =>
    [
      `# ${title}`,
      ...(dockerfile === undefined ? [] : [indent(dockerfile)]),
      ...(ignore ? [`# not sent: ${ignore.trim().split('\n').join(', ')}`] : []),
      describeCommand(command),
      ...produces.map(({ path }) => `# then verify and keep ${path}`),
    ].join('\n'),
  )
  const count = `${plan.steps.length} ${plan.steps.length === 1 ? 'step' : 'steps'}`
  const compile = `# ${count}, compiling ${concurrency === 1 ? 'one at a time' : `${concurrency} in parallel`}`
  const images = [...plan.images.map(describeImage), ...(plan.bake ? [describeBake(plan.bake)] : [])]
  return `${[head.join('\n'), ...before, ...files, compile, ...steps, ...images].join('\n\n')}\n`
}

const unlessMade =
  '# a pushed image of which nothing has changed, and which its registry has, is not made again'

function describeBake({ command, path, text }: PlannedBake): string {
  return `# write ${path}, all images\n${indent(text)}\n${describeCommand(command)}`
}

function describeImage(image: PlannedImage): string {
  const { base } = image
  return [
    `# Image ${image.name}${image.executable.predicted ? ' (predicted: only a compile shows which executables there are)' : ''}`,
    `# base ${base.reference}${base.predicted ? `, predicted: ${base.reason}` : ''}`,
    ...image.staged.map(
      ({ path, mode, owner, source }) =>
        `# stage ${path} (${[mode, owner].filter(Boolean).join(', ')}) from ${source}`,
    ),
    indent(image.dockerfile),
    image.command ? describeCommand(image.command) : madeBy[image.backend],
    ...image.destinations.map(destination => `# to ${destination}, then read back and verified`),
  ].join('\n')
}

/** Of an image that has no command of its own. */
const madeBy = { buildx: '# made with the others, below', oci: '# made by xbuild itself, without Docker' }

/** A command as a line for a POSIX shell. */
export function describeCommand({ tool, args, cwd, env }: Command): string {
  const variables = Object.entries(env ?? {}).map(([name, value]) => `${name}=${quoteWord(value)}`)
  return `(cd ${quoteWord(cwd)} && ${[...variables, quoteWord(tool), ...args.map(quoteWord)].join(' ')})`
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, '    ')
}
