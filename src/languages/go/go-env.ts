import { access } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { InspectContext } from '../language.ts'
import { runGo } from './run-go.ts'
import { readGoSettings } from './settings.ts'
import { minorOf } from './toolchain-version.ts'

/** What `go env` says, as far as reading a project depends on it. */
export interface GoEnv {
  readonly GOVERSION: string
  /** The file that `go env -w` writes; empty where it is turned off. */
  readonly GOENV: string
  /** The go.work file in use, "off", or nothing. */
  readonly GOWORK: string
}

/** Asks Go, in the folder and the environment that the project is compiled in. */
export async function readGoEnv(dir: string, context: InspectContext): Promise<GoEnv & { GOCACHE: string }> {
  const result = await runGo(dir, ['env', '-json', 'GOVERSION', 'GOCACHE', 'GOENV', 'GOWORK'], context)
  return JSON.parse(result.stdout)
}

/** What Go will say: a version that knows -buildvcs, the usual file (cmd/go/internal/cfg, EnvFile), the nearest go.work. */
export async function guessGoEnv(dir: string, goEnv: Readonly<Record<string, string>>): Promise<GoEnv> {
  const asked = goEnv['GOENV'] ?? process.env['GOENV']
  const GOENV = asked === 'off' ? '' : asked || usualFile()
  const set = (await readGoSettings(GOENV, goEnv)).get('GOWORK')?.value
  return { GOVERSION: 'go1.18', GOENV, GOWORK: set === undefined ? await nearestGoWork(dir) : set }
}

function usualFile(): string {
  const { XDG_CONFIG_HOME: config, HOME: home } = process.env
  if (process.platform === 'darwin') return home ? join(home, 'Library/Application Support/go/env') : ''
  return config || home ? join(config || join(home ?? '', '.config'), 'go', 'env') : ''
}

async function nearestGoWork(dir: string): Promise<string> {
  for (let folder = dir; ; folder = dirname(folder)) {
    const path = join(folder, 'go.work')
    const isThere = await access(path).then(
      () => true,
      () => false,
    )
    if (isThere) return path
    if (folder === dirname(folder)) return ''
  }
}

/** Whether a project is read alike in both. */
export function isSameEnv(a: GoEnv, b: GoEnv): boolean {
  return knowsVcs(a) === knowsVcs(b) && a.GOENV === b.GOENV && a.GOWORK === b.GOWORK
}

/** Whether this Go knows -buildvcs (1.18). */
export function knowsVcs({ GOVERSION }: GoEnv): boolean {
  return minorOf(GOVERSION) >= 18
}
