import type { Dockerfile, Instruction, Stage } from '../../dockerfile/model.ts'
import { commandsOf } from '../../dockerfile/shell.ts'
import { architectureWords, servesOneArchitecture } from '../../dockerfile/stages.ts'
import { architecturesIn, choosesArchitecture, targetsOf } from '../../dockerfile/toolchains.ts'
import { declaredBy, usesOf } from '../../dockerfile/variables.ts'
import type { Report, Rule } from '../finding.ts'

const good = `FROM --platform=$BUILDPLATFORM golang:1.26 AS build
ARG TARGETOS
ARG TARGETARCH
COPY main.go .
RUN GOOS=$TARGETOS GOARCH=$TARGETARCH go build -o /app main.go

FROM gcr.io/distroless/static-debian13:nonroot
COPY --from=build /app /app
ENTRYPOINT ["/app"]
`

export const constantArchitecture: Rule<Dockerfile> = {
  id: 'constant-architecture',
  severity: 'error',
  summary: 'The architecture to compile for comes from TARGETARCH, not from a constant.',
  explanation: `\`GOARCH=amd64\`, \`--target x86_64-unknown-linux-musl\` or \`-Dtarget=x86_64-linux-musl\` give that one architecture
to every platform of the image. So does an \`ARG ARCH=amd64\` that a later step uses: \`--build-arg\` has one value for all
platforms of a build. A constant is left alone where the script chooses (\`case "$TARGETARCH"\`, \`uname -m\`), in a stage that
serves one architecture by its name or its \`--platform\`, and \`GOOS=linux\` always.`,
  bad: good.replace('GOARCH=$TARGETARCH', 'GOARCH=amd64'),
  good,
  *check({ stages, globals, oneArchitecture }) {
    if (oneArchitecture) return
    for (const stage of stages) {
      if (stage.platform === 'constant' || stage.platform === 'unknown' || servesOneArchitecture(stage))
        continue
      const found = [...compiled(stage), ...declared(stage, globals)]
      if (new Set(found.flatMap(({ value }) => [...architecturesIn(value)])).size > 1) continue
      for (const { value: _, ...report } of found) yield report
    }
  },
}

interface Found extends Report {
  readonly value: string
}

function isConstant(value: string): boolean {
  return !value.includes('$') && architectureWords(value).length > 0
}

/** The targets that compiling commands name. */
function compiled({ instructions }: Stage): Found[] {
  return instructions
    .filter(one => one.keyword === 'RUN' && !one.onbuild && !choosesArchitecture(one))
    .flatMap(commandsOf)
    .flatMap(command => targetsOf(command))
    .filter(({ value }) => isConstant(value))
    .map(({ word, value }) => ({
      start: word.start,
      end: word.end,
      value,
      message: `${word.value} is the same for every platform of the image`,
      fix: /^(?:export )?GOARCH/.test(word.value)
        ? 'GOARCH=$TARGETARCH'
        : 'choose the target from $TARGETARCH',
    }))
}

const toolchainVariable = /^(?:GOARCH|CARGO_BUILD_TARGET)$/
const architectureVariable = /^(?:(?:\w+_)?ARCH|ARCHITECTURE|(?:RUST_|ZIG_|CARGO_)?TARGET)$/

/** The variables that hold an architecture; those of no toolchain only where a step uses them. */
function declared(stage: Stage, globals: readonly Instruction[]): Found[] {
  const own = stage.instructions.flatMap((one, index) =>
    one.onbuild ? [] : declaredBy(one).map(two => ({ ...two, index })),
  )
  const brought = new Set(own.filter(({ value }) => value === undefined).map(({ name }) => name))
  const outer = globals
    .flatMap(declaredBy)
    .filter(({ name }) => brought.has(name))
    .map(one => ({ ...one, index: -1 }))
  return [...outer, ...own].flatMap(({ name, value, start, end, index }) => {
    if (value === undefined || !isConstant(value)) return []
    const user = stage.instructions.slice(index + 1).find(one => usesOf(one).some(use => use.name === name))
    const wrong = toolchainVariable.test(name)
      ? true
      : architectureVariable.test(name) &&
        /^[\w.-]+$/.test(value) &&
        user?.keyword === 'RUN' &&
        !choosesArchitecture(user)
    if (!wrong || /^(?:TARGET|BUILD)ARCH$/.test(name)) return []
    const message = `${name}=${value} is the same for every platform of the image`
    return [{ start, end, value, message, fix: 'take it from $TARGETARCH' }]
  })
}
