import { join } from 'node:path'
import { readTextIfThere } from '../../util/read-file.ts'

const files = ['.goreleaser.yml', '.goreleaser.yaml', 'goreleaser.yml', 'goreleaser.yaml']

/**
 * The program that GoReleaser builds of a project, as a package: `./cmd/app`. Undefined where its file names none, several,
 * or one of another folder.
 * https://goreleaser.com/customization/builds/go/ (main, dir)
 */
export async function releasedProgram(root: string): Promise<string | undefined> {
  for (const name of files) {
    const text = await readTextIfThere(join(root, name)).catch(() => undefined)
    if (text !== undefined) return mainOf(text)
  }
  return undefined
}

/** YAML is read by its lines: its parser costs more than all the rest of a start. */
function mainOf(text: string): string | undefined {
  if (/^\s+(?:- +)?dir:/m.test(text)) return undefined
  const values = text.matchAll(/^\s+(?:- +)?main:\s*(['"]?)([^\s'"#{}]+)\1\s*(?:#.*)?$/gm)
  const packages = [...values].map(([, , value = '']) => packageFrom(value))
  const [first, ...others] = new Set(packages)
  return others.length === 0 ? first : undefined
}

/** `./cmd/app` of `cmd/app/main.go`, too. */
function packageFrom(value: string): string {
  const folder = value.replace(/(^|\/)[^/]+\.go$/, '').replace(/^\.\/|\/$/g, '')
  return folder === '' || folder === '.' ? '.' : `./${folder}`
}
