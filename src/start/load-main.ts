/** The program behind the entry file. */
export interface Loaded extends Pick<typeof import('./main.ts'), 'main'> {
  /** Whether what V8 compiles in this run is kept for the next one. */
  readonly keepsCode: boolean
}

/**
 * Loads the program behind the entry file. The bundler puts another module in place of this: load-nearby-main.ts for dist/,
 * load-embedded-main.ts for the single executables; the file of the Action holds it all.
 */
export async function loadMain(): Promise<Loaded> {
  const { main } = await import('./main.ts')
  return { main, keepsCode: false }
}
