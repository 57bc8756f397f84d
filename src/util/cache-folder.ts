import { homedir } from 'node:os'
import { join } from 'node:path'

/** The user's cache folder for xbuild: XDG_CACHE_HOME (XDG base directory specification), or the platform's own. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env['XDG_CACHE_HOME']?.startsWith('/')) return join(env['XDG_CACHE_HOME'], 'xbuild')
  const home = env['HOME'] || homedir()
  return process.platform === 'darwin' ? join(home, 'Library/Caches/xbuild') : join(home, '.cache/xbuild')
}
