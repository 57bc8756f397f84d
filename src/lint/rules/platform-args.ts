import type { Comment, Dockerfile, Instruction, Span } from '../../dockerfile/model.ts'
import { commandsOf, scriptOf } from '../../dockerfile/shell.ts'
import { lineage } from '../../dockerfile/stages.ts'
import { targetsOf, targetVariables } from '../../dockerfile/toolchains.ts'
import { automaticVariables, type Declared, declaredBy, usesOf } from '../../dockerfile/variables.ts'
import type { Report, Rule } from '../finding.ts'
import { goFile } from './examples.ts'

const automatic: ReadonlySet<string> = new Set(automaticVariables)

export const platformArgDefault: Rule<Dockerfile> = {
  id: 'platform-arg-default',
  severity: 'error',
  summary: 'TARGETARCH and the other automatic platform variables have no default and no fixed value.',
  explanation: `BuildKit sets \`TARGETPLATFORM\`, \`TARGETOS\`, \`TARGETARCH\`, \`TARGETVARIANT\` and their \`BUILD…\` twins for each
platform, and a bare \`ARG TARGETARCH\` brings the value into a stage. A default beats that value: with \`ARG TARGETARCH=amd64\`
every platform of the image gets amd64 binaries, under the label of its own architecture, and no step fails. A constant in
\`ENV\` does the same. \`TARGETOS=linux\` changes nothing for Linux images and is only information; a default of a \`BUILD…\`
variable is a warning: the build is wrong on machines of another architecture.`,
  bad: goFile.replace('ARG TARGETARCH', 'ARG TARGETARCH=amd64'),
  good: goFile,
  *check({ instructions }) {
    for (const instruction of instructions) {
      for (const declared of declaredBy(instruction)) {
        const { name, value } = declared
        if (!automatic.has(name) || value === undefined || value.includes('$')) continue
        yield defaultReport(instruction, declared, name, value)
      }
    }
  },
}

function defaultReport(
  { keyword, body }: Instruction,
  { start, end }: Declared,
  name: string,
  value: string,
): Report {
  const harmless = (name === 'TARGETOS' || name === 'BUILDOS') && value === 'linux'
  const partial = name.startsWith('BUILD') || (name === 'TARGETVARIANT' && value === '')
  const arg = keyword === 'ARG'
  return {
    start,
    end,
    message: `${arg ? `the default of ${name}` : `ENV ${name}`} replaces the value that BuildKit sets for each platform${
      value === '' ? '' : `: all of them get ${JSON.stringify(value)}`
    }`,
    fix: arg ? `ARG ${name}` : `ARG ${name} instead of ENV`,
    ...(harmless ? { severity: 'info' } : partial ? { severity: 'warning' } : {}),
    // Only where it is written without quotes and continuations: then the default is what follows the name.
    ...(arg && !/["'\\]/.test(body.text) && { edits: [{ start: start + name.length, end, text: '' }] }),
  }
}

export const platformArgUndeclared: Rule<Dockerfile> = {
  id: 'platform-arg-undeclared',
  severity: 'error',
  summary: 'A stage that uses TARGETARCH or another automatic platform variable declares it with ARG.',
  explanation: `The automatic platform variables are there in \`FROM\` lines, but inside a stage only after \`ARG TARGETARCH\` in that
stage or in one that it is based on. An \`ARG\` before the first \`FROM\` or in another stage does not count. Without it the
variable is empty: \`GOARCH= go build\` compiles for the build machine, and a download gets a name without an architecture. A
variable of your own that names the target (\`GOARCH=$ARCH\`, \`--target $TRIPLE\`) and that nothing in the stage sets is a warning:
only the base image could set it.`,
  bad: goFile.replace('ARG TARGETARCH\n', ''),
  good: goFile,
  buildkit: ['UndefinedVar'],
  *check({ stages, comments, text }) {
    for (const stage of stages) {
      const [own, ...bases] = lineage(stage)
      const scope = { plain: new Set<string>(), onbuild: new Set<string>() }
      for (const base of bases.reverse()) for (const one of base.instructions) declare(one, scope)
      for (const instruction of own?.instructions ?? []) {
        const known = instruction.onbuild ? scope.onbuild : scope.plain
        for (const use of usesOf(instruction)) {
          if (!automatic.has(use.name) || known.has(use.name) || setsItself(instruction, use.name)) continue
          known.add(use.name)
          yield {
            start: use.start,
            end: use.end,
            message: `${use.name} is empty here: ${describe(stage.name, stage.index)} does not declare it`,
            fix: `${instruction.onbuild ? 'ONBUILD ' : ''}ARG ${use.name} before it, in the same stage`,
            edits: [insertArg(text, instruction, use.name, comments)],
          }
        }
        yield* ownTargets(instruction, known)
        declare(instruction, scope)
      }
    }
  },
}

/** Targets that are taken from a variable which neither the stage nor the script sets. */
function* ownTargets(instruction: Instruction, known: ReadonlySet<string>): Iterable<Report> {
  for (const { word, value } of targetsIn(instruction)) {
    const [, name] = /^\$\{?(\w+)\}?$/.exec(value) ?? []
    if (name === undefined || automatic.has(name) || known.has(name) || setsAnything(instruction, name))
      continue
    yield {
      start: word.start,
      end: word.end,
      message: `${name} is empty here unless the base image sets it: the toolchain then compiles for the build machine`,
      fix: `ARG ${name} before it, in the same stage, or $TARGETARCH`,
      severity: 'warning',
    }
  }
}

function targetsIn(instruction: Instruction): readonly { word: Span; value: string }[] {
  if (instruction.keyword === 'RUN') return commandsOf(instruction).flatMap(targetsOf)
  if (instruction.keyword !== 'ENV') return []
  return declaredBy(instruction)
    .filter(({ name }) => targetVariables.test(name))
    .map(declared => ({ word: declared, value: declared.value ?? '' }))
}

/** Whether a script gives the variable a value, or runs another that may. */
function setsAnything(instruction: Instruction, name: string): boolean {
  if (setsItself(instruction, name)) return true
  return instruction.keyword === 'RUN' && /(?:^|[\s;&|])(?:source|eval|\.)\s/m.test(scriptOf(instruction))
}

function declare(instruction: Instruction, scope: { plain: Set<string>; onbuild: Set<string> }): void {
  const names = instruction.onbuild ? scope.onbuild : scope.plain
  for (const { name } of declaredBy(instruction)) names.add(name)
}

/** Whether a script gives the variable a value of its own. */
function setsItself(instruction: Instruction, name: string): boolean {
  if (instruction.keyword !== 'RUN') return false
  return new RegExp(`\\b${name}=|\\b(?:read|for)\\s[^\\n;]*\\b${name}\\b`).test(scriptOf(instruction))
}

/** The line before the instruction, and before the comments that belong to it. */
function insertArg(text: string, instruction: Instruction, name: string, comments: readonly Comment[]) {
  let start = instruction.start
  for (const comment of comments.toReversed()) {
    if (comment.end <= start && /^[ \t]*(?:\r\n|\n|\r)[ \t]*$/.test(text.slice(comment.end, start)))
      start = comment.start
  }
  const indent = /[ \t]*$/.exec(text.slice(Math.max(0, start - 200), start))?.[0] ?? ''
  const eol = /\r\n|\n|\r/.exec(text)?.[0] ?? '\n'
  return { start, end: start, text: `${instruction.onbuild ? 'ONBUILD ' : ''}ARG ${name}${eol}${indent}` }
}

function describe(name: string | undefined, index: number): string {
  return name === undefined ? `stage ${index}` : `the stage ${name}`
}
