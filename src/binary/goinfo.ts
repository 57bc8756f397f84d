/** The build information that the Go linker leaves in every program (Go's debug/buildinfo). */
export interface GoBuildInfo {
  /** Toolchain version, such as "go1.26.8". */
  readonly version: string
  /** Import path of the main package. */
  readonly path?: string
  /** The main module. */
  readonly module?: { readonly path: string; readonly version?: string }
  /** GOARCH, GOARM, CGO_ENABLED, -trimpath, -ldflags, vcs.revision and the like, by name. */
  readonly settings: Readonly<Record<string, string>>
}
