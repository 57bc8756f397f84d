import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

/** The user's cache folder for xbuild: XDG_CACHE_HOME (XDG base directory specification), or the platform's own. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env['XDG_CACHE_HOME']?.startsWith('/')) return join(env['XDG_CACHE_HOME'], 'xbuild')
  const home = homeFolder(env)
  // A user without a name and a home, as many containers have.
  if (home === undefined) return join(tmpdir(), `xbuild-cache-${process.getuid?.() ?? 'user'}`)
  return process.platform === 'darwin' ? join(home, 'Library/Caches/xbuild') : join(home, '.cache/xbuild')
}

/** The user's home folder; undefined where neither HOME nor the system names one. */
export function homeFolder(env: NodeJS.ProcessEnv = process.env): string | undefined {
  try {
    return env['HOME'] || homedir()
  } catch {
    return undefined
  }
}

/** The assignment that moves what xbuild keeps for itself: its cache, or its temporary files. Undefined for other paths. */
export function movedBy(path: string): string | undefined {
  const below = (folder: string) => path === folder || path.startsWith(join(folder, '/'))
  if (below(cacheFolder())) return 'XDG_CACHE_HOME=/a/folder/that/can/be/written xbuild …'
  const isTemporary = path === tmpdir() || path.startsWith(join(tmpdir(), 'xbuild-'))
  return isTemporary ? 'TMPDIR=/a/folder/that/can/be/written xbuild …' : undefined
}
