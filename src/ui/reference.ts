/** A command as completion scripts and the manual page show it. */
export interface CommandReference {
  readonly name: string
  readonly usage: string
  readonly describe: string
  /** The words that its argument can be, where they are known. */
  readonly choices: readonly string[]
  readonly flags: readonly FlagReference[]
}

/** A flag, without its dashes. */
export interface FlagReference {
  readonly name: string
  readonly alias: string | undefined
  readonly describe: string
  readonly takesValue: boolean
  readonly choices: readonly string[]
}
