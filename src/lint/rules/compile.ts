import type { Dockerfile, Stage } from '../../dockerfile/model.ts'
import {
  architectureWords,
  copiedInto,
  lineage,
  pathsCopiedFrom,
  servesOneArchitecture,
  stagesOfImages,
} from '../../dockerfile/stages.ts'
import { type Compile, compilesOf, hasTarget, isMake, type Toolchain } from '../../dockerfile/toolchains.ts'
import { declaredBy } from '../../dockerfile/variables.ts'
import type { Rule } from '../finding.ts'
import { goProject, goProjectUntargeted } from './examples.ts'

const advice: Readonly<Record<Toolchain, string>> = {
  go: 'GOOS=$TARGETOS GOARCH=$TARGETARCH go build',
  cargo: 'cargo build --target, chosen from $TARGETARCH',
  zig: 'zig build -Dtarget=, chosen from $TARGETARCH',
  c: 'a cross compiler, such as xx-clang',
}

export const emulatedCompile: Rule<Dockerfile> = {
  id: 'emulated-compile',
  severity: 'warning',
  summary: 'A stage that compiles is pinned to $BUILDPLATFORM and cross-compiles.',
  explanation: `A stage without \`--platform\` runs on the target platform: for every platform but the build machine's own, the
compiler runs under QEMU, several times to thirty times slower, and now and then crashes there. Go, Rust and Zig cross-compile:
pin the stage with \`--platform=$BUILDPLATFORM\` and tell the toolchain the target, or let \`xbuild\` compile on the host. For a
C compiler or \`make\` this is only information: cross-compiling C needs a sysroot.`,
  bad: goProjectUntargeted.replace('--platform=$BUILDPLATFORM ', ''),
  good: goProject,
  *check({ stages }) {
    for (const stage of stages) {
      if (stage.platform !== 'target') continue
      const all = compilesOf(stage).map(compile => ({ ...compile, toolchain: byImage(stage, compile) }))
      const worst = all.find(({ toolchain }) => toolchain !== 'c') ?? all[0]
      if (!worst) continue
      const { command, toolchain } = worst
      yield {
        start: command.start,
        end: command.end,
        message: `${command.tool} runs under emulation for every platform but the build machine’s: the stage is not pinned to it`,
        fix: `FROM --platform=$BUILDPLATFORM, and ${advice[toolchain]}`,
        ...(toolchain === 'c' && { severity: 'info' as const }),
      }
    }
  },
}

/** `make` on an image of Go or Rust compiles just that. */
function byImage(stage: Stage, { toolchain, command }: Compile): Toolchain {
  if (!isMake(command.tool)) return toolchain
  const [, name] = /(?:^|\/)(golang|rust)(?::|@|$)/.exec(lineage(stage).at(-1)?.image ?? '') ?? []
  return name === 'golang' ? 'go' : name === 'rust' ? 'cargo' : toolchain
}

export const toolchainWithoutTarget: Rule<Dockerfile> = {
  id: 'toolchain-without-target',
  severity: 'error',
  summary: 'A pinned stage that compiles for the image tells the toolchain the target.',
  explanation: `On \`--platform=$BUILDPLATFORM\` the compiler runs natively and, unless it is told otherwise, compiles for the
machine that it runs on. What is copied from there into the image is then the same binary for every platform, and nothing fails
until the container starts. Reported where nothing in the stage speaks of \`TARGETARCH\`, \`GOARCH\`, \`--target\` or \`xx\`, and a
stage of the target platform takes files from it. \`make\` on an image of Go or Rust compiles just that: it is a warning where no
variable tells the Makefile an architecture, its goal is to build, and what is copied may be a program.`,
  bad: goProjectUntargeted,
  good: goProject,
  *check({ stages }) {
    const inImages = stagesOfImages(stages)
    const ofTarget = [...inImages].filter(({ platform }) => platform === 'target')
    const takenFrom = ofTarget.flatMap(one => copiedInto(one, stages))
    for (const stage of stages) {
      const user = takenFrom.find(one => lineage(one).includes(stage))
      if (!user || stage.platform !== 'build' || servesOneArchitecture(stage)) continue
      const all = compilesOf(stage).map(one => ({ ...one, toolchain: byImage(stage, one) }))
      const compiles = all.filter(({ toolchain }) => toolchain !== 'c')
      const compile =
        compiles.find(one => !isMake(one.command.tool) && makesProgram(one)) ??
        compiles.find(one => buildsByMake(one, stage, pathsCopiedFrom(user, ofTarget, stages)))
      if (!compile || hasTarget(user, compile.toolchain) || hasTarget(stage, compile.toolchain)) continue
      yield {
        start: compile.command.start,
        end: compile.command.end,
        message: `${compile.command.tool} compiles for the build machine here, and the image takes the result for every platform`,
        fix: advice[compile.toolchain],
        ...(isMake(compile.command.tool) && { severity: 'warning' as const }),
      }
    }
  },
}

/** Goals of make that build the program, unless they say what else they are for. */
const buildGoal =
  /^(?:all|build|compile|install|release|dist|binary|binaries|bin|static)(?:$|[-_./:])|[-_](?:build|binary)$/
const otherGoal = /tool|dep|test|lint|gen|proto|mock|doc|web|ui\b|front|asset|image|docker|vendor|clean/
const valued = /^-[CfIoW]$/

/** Folders that hold no program, and names of folders with other things. */
const otherPath =
  /^\/?(?:etc|lib|usr\/(?:share|lib))\/|(?:^|\/)(?:web|ui|www|html|public|static|assets|templates?|docs?|conf(?:ig)?s?|migrations?|certs?|data)\/?$|\.\w+$/

/** Whether a call of make builds what is copied, for the machine that it runs on: nothing around it names an architecture. */
function buildsByMake({ command }: Compile, stage: Stage, copied: readonly string[]): boolean {
  if (!isMake(command.tool)) return false
  const words = command.words.slice(1).map(({ value }) => value)
  const variables = [
    ...lineage(stage).flatMap(one => one.instructions.flatMap(declaredBy).map(({ name }) => name)),
    ...command.assignments.map(({ name }) => name),
    ...words.filter(word => word.includes('=')).map(word => word.replace(/=.*$/, '')),
  ]
  if (variables.some(name => /ARCH|TARGET|PLATFORM|TRIPLE/i.test(name))) return false
  const goals = words.filter((word, at) => !/^-|=|^\d+$/.test(word) && !valued.test(words[at - 1] ?? ''))
  if (goals.some(goal => architectureWords(goal).length > 0)) return false
  const programs = copied.filter(path => !otherPath.test(path)).map(nameOf)
  const builds = (goal: string) =>
    programs.includes(nameOf(goal)) || (buildGoal.test(goal) && !otherGoal.test(goal))
  return programs.length > 0 && (goals.length === 0 || goals.some(builds))
}

const nameOf = (path: string) => path.replace(/\/+$/, '').replace(/^.*\//, '')

/** Tools that are installed on the way (`go install`, `cargo install`) run in the stage itself. */
function makesProgram({ command: { words } }: Compile): boolean {
  return !words.some(({ value }) => value === 'install')
}
