/**
 * Loads the program behind the entry file. The bundler puts another module in place of this: load-nearby-main.ts for dist/,
 * load-embedded-main.ts for the single executables; the file of the Action holds it all.
 */
export function loadMain(): Promise<typeof import('./main.ts')> {
  return import('./main.ts')
}
