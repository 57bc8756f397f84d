import type { ImagePlan } from '../image-plan.ts'
import { neededPlaceholders } from './dockerfile.ts'

type Written = Pick<ImagePlan, 'spec' | 'template'>

/** What a person should know of a Dockerfile made from their own template. */
export function dockerfileRemarks(dockerfile: string, { spec, template }: Written): string[] {
  const emulated = instructions(dockerfile).filter(({ name }) => name === 'RUN')
  const copies = instructions(dockerfile).some(({ text }) =>
    /^(?:COPY|ADD)\b.*\bTARGETPLATFORM\b/is.test(text),
  )
  return [
    ...emulated.map(
      ({ line }) =>
        `the template's RUN (line ${line}) runs as the target platform: a foreign one needs an emulator`,
    ),
    ...(copies ? [] : ['the template has no COPY of TARGETPLATFORM, so the image lacks the program']),
    ...(template === undefined ? [] : missingPlaceholders(spec, template)),
  ]
}

/** A setting of [image] whose placeholder the template lacks, and whose instruction it does not write itself. */
function missingPlaceholders(spec: Written['spec'], template: string): string[] {
  return neededPlaceholders(spec)
    .filter(name => !new RegExp(`\\{\\{\\s*${name}\\s*\\}\\}`).test(template))
    .filter(name => !instructions(template).some(instruction => instruction.name === instructionOf[name]))
    .map(name => `the template has no {{${name}}}, so the image lacks what [image] says of it`)
}

const instructionOf: Readonly<Record<string, string>> = {
  base: 'FROM',
  files: 'ADD',
  folders: 'ADD',
  env: 'ENV',
  labels: 'LABEL',
  ports: 'EXPOSE',
  user: 'USER',
  workdir: 'WORKDIR',
  volumes: 'VOLUME',
  'stop-signal': 'STOPSIGNAL',
  healthcheck: 'HEALTHCHECK',
  entrypoint: 'ENTRYPOINT',
  args: 'CMD',
}

/** The instructions of a Dockerfile with the line each begins on; continued lines are joined, heredocs left out. */
function instructions(dockerfile: string): { name: string; line: number; text: string }[] {
  const found: { name: string; line: number; text: string }[] = []
  const lines = dockerfile.split(/\r?\n/)
  for (let at = 0; at < lines.length; at++) {
    const line = at + 1
    let text = lines[at] ?? ''
    if (/^\s*(#|$)/.test(text)) continue
    while (/\\[ \t]*$/.test(text) && at + 1 < lines.length) {
      at++
      if (!/^\s*#/.test(lines[at] ?? '')) text = text.replace(/\\[ \t]*$/, '') + lines[at]
    }
    found.push({ name: (/^\s*(\w+)/.exec(text)?.[1] ?? '').toUpperCase(), line, text: text.trimStart() })
    if (!/^\s*(RUN|COPY|ADD)\b/i.test(text)) continue
    for (const [, end] of text.matchAll(/<<-?["']?(\w+)["']?/g)) {
      while (at + 1 < lines.length && (lines[at + 1] ?? '').trim() !== end) at++
      at++
    }
  }
  return found
}
