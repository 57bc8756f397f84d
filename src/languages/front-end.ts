import { join } from 'node:path'
import { readTextIfThere } from '../util/read-file.ts'

/** A front end in a project of another language. */
export interface FrontEnd {
  /** Its package.json, relative to the project. */
  readonly file: string
  /** What makes it, as `before = …` of [build] in xbuild.toml. */
  readonly steps: string
}

/** Folders that projects keep a front end in; documentation and websites are none. */
const folders = ['.', 'web', 'ui', 'frontend', 'client', 'webui', 'www', 'app', 'assets']

/** Package managers by their lock file, and what installs exactly what it locks. */
const managers: readonly [lock: string, tool: string, install: readonly string[]][] = [
  ['pnpm-lock.yaml', 'pnpm', ['install', '--frozen-lockfile']],
  ['yarn.lock', 'yarn', ['install', '--frozen-lockfile']],
  ['bun.lock', 'bun', ['install', '--frozen-lockfile']],
  ['bun.lockb', 'bun', ['install', '--frozen-lockfile']],
  ['package-lock.json', 'npm', ['ci']],
  ['npm-shrinkwrap.json', 'npm', ['ci']],
]

/** The front end of a project, by its package.json with a script that builds it; undefined where there is none. */
export async function findFrontEnd(root: string): Promise<FrontEnd | undefined> {
  for (const folder of folders) {
    const file = join(folder, 'package.json')
    const script = buildScript((await read(join(root, file))) ?? '')
    if (script === undefined) continue
    const { tool, install } = (await findManager([join(root, folder), root])) ?? npm
    const lines = [
      [tool, ...install],
      [tool, 'run', script],
    ].map(words => tomlStep(words, folder))
    return { file, steps: `before = [${lines.join(', ')}]` }
  }
  return undefined
}

/** Without a lock file there is nothing that `npm ci` could install. */
const npm = { tool: 'npm', install: ['install'] }

async function findManager(places: readonly string[]) {
  for (const place of places) {
    for (const [lock, tool, install] of managers) {
      if ((await read(join(place, lock))) !== undefined) return { tool, install }
    }
  }
  return undefined
}

/** The script that writes where the program embeds from, out of its own folder; else `build`. */
function buildScript(text: string): string | undefined {
  const scripts = readScripts(text)
  const outside = Object.keys(scripts).find(name => /\bbuild\b.*\.\.\//.test(String(scripts[name])))
  return outside ?? (typeof scripts['build'] === 'string' ? 'build' : undefined)
}

function readScripts(text: string): Readonly<Record<string, unknown>> {
  try {
    const { scripts } = JSON.parse(text)
    return typeof scripts === 'object' && scripts !== null ? scripts : {}
  } catch {
    return {}
  }
}

/** A file that cannot be read, or is too large, makes no front end. */
const read = (path: string) => readTextIfThere(path).catch(() => undefined)

function tomlStep(words: readonly string[], folder: string): string {
  const list = `[${words.map(word => JSON.stringify(word)).join(', ')}]`
  return folder === '.' ? list : `{ args = ${list}, cwd = ${JSON.stringify(folder)} }`
}
