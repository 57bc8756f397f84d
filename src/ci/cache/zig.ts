import { join } from 'node:path'
import { findZig } from '../../c-toolchains/zig.ts'
import { Failure } from '../../errors.ts'
import { installZig } from '../../languages/zig/version.ts'
import { homeFolder } from '../../util/cache-folder.ts'
import type { CacheRecipe } from './recipe.ts'

/**
 * Zig: its global cache with the fetched packages, and the project's own. Zig marks nothing that it uses, so they are
 * kept whole; a new version of Zig, or another build.zig.zon, begins anew.
 */
export const zigCache: CacheRecipe = {
  variables: /^(ZIG_\w+|CC|CXX|CFLAGS|CXXFLAGS)$/,
  read: async ({ dir, language }, signal) => {
    const env = { ...process.env, ...language.zig.env }
    const zig = await findZig(dir, signal)
    if (!zig)
      throw new Failure({
        kind: 'tool',
        what: 'zig was not found on PATH',
        where: dir,
        fix: installZig(undefined),
      })
    const base = env['XDG_CACHE_HOME'] || join(homeFolder() ?? '/', '.cache')
    const global = env['ZIG_GLOBAL_CACHE_DIR'] || join(base, 'zig')
    return {
      toolchain: `zig${zig.version}`,
      locks: [join(dir, 'build.zig.zon')],
      folders: [
        { path: global, holds: 'packages and compiled runtimes', isUsed: file => !file.startsWith('tmp/') },
        {
          path: join(dir, '.zig-cache', 'xbuild'),
          holds: 'compiled code',
          isUsed: file => !/(^|\/)tmp\//.test(file),
        },
      ],
    }
  },
}
