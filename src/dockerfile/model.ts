import type { Mapped } from '../util/source-text.ts'

/** A part of the file, by offsets. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** A word of an instruction: without its quotes in `value`, as it is written in `raw`. */
export interface Word extends Span {
  readonly value: string
  readonly raw: string
}

/** `--name=value` before the arguments of an instruction. */
export interface Flag extends Span {
  readonly name: string
  readonly value: string
}

/** A here-document: the text between its markers. */
export interface Heredoc {
  readonly quoted: boolean
  readonly body: Mapped
}

/** One instruction, its here-documents included. */
export interface Instruction extends Span {
  /** In capitals; of an ONBUILD, the one that it triggers. */
  readonly keyword: string
  readonly onbuild: boolean
  readonly flags: readonly Flag[]
  /** Without flags, continuations and the comments between them. */
  readonly body: Mapped
  readonly words: readonly Word[]
  /** The exec form, `["a", "b"]`. */
  readonly exec: boolean
  readonly heredocs: readonly Heredoc[]
}

/** The platform a stage is built on: the target's, the build machine's, one that is written there, or nobody knows. */
export type StagePlatform = 'target' | 'build' | 'constant' | 'unknown'

/** A build stage. */
export interface Stage {
  readonly index: number
  /** In lower case, as BuildKit compares it. */
  readonly name: string | undefined
  readonly from: Instruction
  /** What FROM names, with the defaults of global ARGs filled in. */
  readonly image: string
  /** The word of FROM that names it. */
  readonly imageWord: Word | undefined
  /** The earlier stage that it is based on. */
  readonly base: Stage | undefined
  readonly platform: StagePlatform
  /** `--platform` of its own FROM, with the defaults of global ARGs filled in. */
  readonly platformText: string | undefined
  readonly instructions: readonly Instruction[]
}

/** A comment line outside of instructions. */
export interface Comment extends Span {
  readonly text: string
}

/** A Dockerfile as the rules see it. */
export interface Dockerfile {
  readonly text: string
  /** Before the first FROM. */
  readonly globals: readonly Instruction[]
  readonly stages: readonly Stage[]
  /** All of them, in their order. */
  readonly instructions: readonly Instruction[]
  readonly comments: readonly Comment[]
  /** `# escape=`, `# check=` and their like, by name. */
  readonly directives: Readonly<Record<string, string>>
  /** Whether its name says that it serves one architecture: Dockerfile.arm64. */
  readonly oneArchitecture: boolean
  /** The patterns of its .dockerignore, where there is one. */
  readonly dockerignore: string | undefined
}
