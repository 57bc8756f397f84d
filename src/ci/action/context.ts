/** Where the Action runs. */
export interface ActionContext {
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
  /** Prints a line that the runner reads. */
  readonly print: (line: string) => void
  /** The words that start xbuild: this very program. */
  readonly xbuild: readonly [string, ...string[]]
}
