import { readFileSync } from 'node:fs'

/**
 * The text of a file of the templates folder, by its path below it. scripts/bundle.mjs puts all of them into the bundle in
 * place of this module, so that a single executable has them.
 */
export function readTemplate(name: string): string {
  return readFileSync(new URL(`../../templates/${name}`, import.meta.url), 'utf8')
}
