/** One line of `go list`, as the template below prints it. */
export interface ListedPackage {
  readonly name: string
  readonly path: string
  readonly dir: string
  readonly standard: boolean
  /** Whether it is listed only because another package imports it. */
  readonly dependency: boolean
  readonly cgo: boolean
  readonly module: string
  /** The path of its module, whichever that is. */
  readonly modulePath: string
  /** The folder of its module. */
  readonly moduleDir: string
  /** The files that are compiled; printed for programs, and for packages that -X names. */
  readonly files: readonly string[]
  readonly deps: ReadonlySet<string>
  /** With its place in front, where Go knows it. */
  readonly error: string
}
