import type { Instruction, Stage, Word } from './model.ts'
import { commandsOf, type ShellCommand, scriptOf } from './shell.ts'
import { architectureWords, lineage } from './stages.ts'
import { declaredBy, mentionsTarget } from './variables.ts'

/** A toolchain that xbuild knows to cross-compile, or any other compiler. */
export type Toolchain = 'go' | 'cargo' | 'zig' | 'c'

const cTools = /^(?:(?:gcc|g\+\+|clang|clang\+\+)(?:-\d+)?|cc|c\+\+|make|gmake|ninja)$/
const zigCommands = new Set(['build', 'build-exe', 'build-lib', 'build-obj', 'cc', 'c++'])
const cargoCommands = new Set(['build', 'b', 'install', 'rustc', 'zigbuild'])

/** The toolchain with which a command compiles; undefined for one that does not compile. */
export function compilesWith({ tool, words }: ShellCommand): Toolchain | undefined {
  const args = words.slice(1).map(({ value }) => value)
  const [sub = '', next] = args.filter(value => !value.startsWith('+') && !/^-(?!-?help)/.test(value))
  if (args.some(value => /^(?:--version|--help|-V|-v)$/.test(value)) && args.length === 1) return undefined
  if (/^go(?:\d[\w.]*)?$/.test(tool)) return sub === 'build' || sub === 'install' ? 'go' : undefined
  if (tool === 'cargo') {
    return cargoCommands.has(sub) ||
      (sub === 'chef' && next === 'cook') ||
      (sub === 'auditable' && next === 'build')
      ? 'cargo'
      : undefined
  }
  if (tool === 'rustc') return 'cargo'
  if (tool === 'zig') return zigCommands.has(sub) && !args.includes('--fetch') ? 'zig' : undefined
  if (tool === 'cmake') return args.includes('--build') ? 'c' : undefined
  if (tool === 'meson') return sub === 'compile' ? 'c' : undefined
  return cTools.test(tool) ? 'c' : undefined
}

/** Whether a tool is make, which compiles what its Makefile says. */
export const isMake = (tool: string): boolean => /^g?make$/.test(tool)

/** A command that compiles, with the RUN that it is in. */
export interface Compile {
  readonly run: Instruction
  readonly command: ShellCommand
  readonly toolchain: Toolchain
}

/** The compiling commands of a stage's own RUN instructions. */
export function compilesOf(stage: Stage): Compile[] {
  return stage.instructions
    .filter(({ keyword, onbuild }) => keyword === 'RUN' && !onbuild)
    .flatMap(run =>
      commandsOf(run).flatMap(command => {
        const toolchain = compilesWith(command)
        return toolchain ? [{ run, command, toolchain }] : []
      }),
    )
}

/** A target that a command or a variable names. */
export interface NamedTarget {
  readonly word: Word
  readonly value: string
}

/** The variables by which toolchains are told the target. */
export const targetVariables = /^(?:GOARCH|CARGO_BUILD_TARGET)$/

/** The targets that a command names: GOARCH=…, also as a variable of make, --target …, -Dtarget=…. */
export function targetsOf({ assignments, words, tool }: ShellCommand): NamedTarget[] {
  const set = assignments.filter(({ name }) => targetVariables.test(name))
  const flags = words.flatMap((word, index) => {
    if (tool === 'go' || isMake(tool)) {
      const [, value] = /^(?:GOARCH|CARGO_BUILD_TARGET)=(.*)$/.exec(word.value) ?? []
      return value === undefined ? [] : [{ word, value }]
    }
    if (!/^(?:cargo|rustc|cross|zig)$/.test(tool)) return []
    const [, joined] = /^(?:--target=|-Dtarget=|-target=)(.+)$/.exec(word.value) ?? []
    if (joined !== undefined) return [{ word, value: joined }]
    const next = words[index + 1]
    return /^--?target$/.test(word.value) && next ? [{ word: next, value: next.value }] : []
  })
  return [...set.map(({ word, value }) => ({ word, value })), ...flags]
}

/** Whether something in the stage or its bases tells the toolchain the target, or may do so out of sight. */
export function hasTarget(stage: Stage, toolchain: Toolchain): boolean {
  const instructions = lineage(stage).flatMap(one => one.instructions)
  if (instructions.some(one => one.keyword !== 'ARG' && mentionsTarget(one))) return true
  if (instructions.some(one => one.keyword === 'ARG' && /\$\{?TARGET/.test(one.body.text))) return true
  const names = instructions.flatMap(declaredBy).map(({ name }) => name)
  if (names.some(name => targetVariables.test(name))) return true
  const runs = instructions.filter(({ keyword }) => keyword === 'RUN')
  if (runs.some(run => /\bxx-|\bcross\b/.test(scriptOf(run)))) return true
  const commands = runs.flatMap(commandsOf)
  if (commands.some(command => targetsOf(command).length > 0)) return true
  return (
    toolchain === 'zig' && commands.some(({ words }) => words.some(({ value }) => /^-D?target/.test(value)))
  )
}

const machineQuestion =
  /uname\s+-\w*[mp]|dpkg\s+--print-architecture|apk\s+--print-arch|\$\(arch\)|`arch`|\bxx-info\b|go\s+env\s+(?:GOHOST)?(?:ARCH|GOARCH)|rustc\s+-vV/

/**
 * Whether a script picks what is right for its platform: it speaks of the target, asks the machine, or has several
 * architectures to choose from.
 */
export function choosesArchitecture(run: Instruction): boolean {
  const script = scriptOf(run)
  return (
    /TARGET(?:PLATFORM|ARCH|VARIANT)\b/.test(script) ||
    machineQuestion.test(script) ||
    architecturesIn(script).size > 1
  )
}

/** The architectures that a text names, under Go's names for them. */
export function architecturesIn(text: string): Set<string> {
  return new Set(architectureWords(text).map(goArchitecture))
}

function goArchitecture(word: string): string {
  const lower = word.toLowerCase()
  if (/^(?:x86[_-]64|amd64|x64)$/.test(lower)) return 'amd64'
  if (/^(?:aarch64|arm64)/.test(lower)) return 'arm64'
  if (/^i?[36]86$/.test(lower)) return '386'
  return lower.startsWith('arm') ? 'arm' : lower
}
