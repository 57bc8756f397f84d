/**
 * The failure classes of the program, each with its exit code. `no` is a command's own negative answer
 * (a benchmark below its threshold); `bug` is reserved for exceptions that nobody expected.
 */
export const exitCodes = {
  ok: 0,
  no: 1,
  usage: 2,
  project: 3,
  tool: 4,
  compile: 5,
  verification: 6,
  image: 7,
  registry: 8,
  bug: 70,
  interrupted: 130,
} as const

/** The classes an expected failure can have. */
export type FailureKind = Exclude<keyof typeof exitCodes, 'ok' | 'bug'>

/** What a person needs to fix a failure: each field is one or more plain sentences or lines. */
export interface FailureDetails {
  kind: FailureKind
  /** What happened, one line, no full stop. */
  what: string
  /** The file, platform, flag or step it happened in. */
  where?: string | undefined
  /** Why it happened: the cause, often the trimmed output of a tool. */
  why?: string | undefined
  /** The command or change that fixes it. */
  fix?: string | undefined
  /** The key of xbuild.toml whose value is at fault, such as `['image', 'ports', 1]`: `where` becomes its line. */
  key?: readonly (string | number)[] | undefined
  /** What a command found before it failed, which --json prints with the error. */
  report?: object | undefined
  cause?: unknown
}

/** An expected failure: reported in prose with its exit code, never with a stack trace. */
export class Failure extends Error {
  readonly kind: FailureKind
  readonly what: string
  readonly where: string | undefined
  readonly why: string | undefined
  readonly fix: string | undefined
  readonly key: readonly (string | number)[] | undefined
  readonly report: object | undefined

  constructor(details: FailureDetails) {
    super(details.what, { cause: details.cause })
    this.name = 'Failure'
    this.kind = details.kind
    this.what = details.what
    this.where = details.where
    this.why = details.why
    this.fix = details.fix
    this.key = details.key
    this.report = details.report
  }

  /** The same failure with other details. */
  with(details: Partial<FailureDetails>): Failure {
    const { kind, what, where, why, fix, key, report, cause } = this
    return new Failure({ kind, what, where, why, fix, key, report, cause, ...details })
  }

  /** The exit code of this failure's class. */
  get exitCode(): number {
    return exitCodes[this.kind]
  }
}

/** The same failure with what the command had found by then; anything else as it is. */
export function withReport(error: unknown, report: object): unknown {
  return error instanceof Failure ? error.with({ report }) : error
}

/** Whether `error` is an expected failure, optionally of one class. */
export function isFailure(error: unknown, kind?: FailureKind): error is Failure {
  return error instanceof Failure && (kind === undefined || error.kind === kind)
}

/** The failure that an interrupt (SIGINT, SIGTERM) turns every running step into. */
export function interrupted(): Failure {
  return new Failure({ kind: 'interrupted', what: 'Interrupted' })
}
