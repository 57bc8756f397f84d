import { join, resolve } from 'node:path'
import { findZig } from '../../c-toolchains/zig.ts'
import { Failure } from '../../errors.ts'
import { installZig } from '../../languages/zig/version.ts'
import { platformFolder } from '../../platforms.ts'
import { homeFolder } from '../../util/cache-folder.ts'
import type { CachedFolder, CacheRecipe } from './recipe.ts'
import { packageHashes } from './zig-packages.ts'

/**
 * Zig: its global cache with the packages that build.zig.zon names, and what the project's own cache has of the platforms that
 * are built. Zig marks nothing that it uses, so compiled code is kept whole; a new version of Zig, or another build.zig.zon,
 * begins anew.
 */
export const zigCache: CacheRecipe = {
  variables: /^(ZIG_\w+|CC|CXX|CFLAGS|CXXFLAGS)$/,
  read: async ({ dir, language, platforms }, signal) => {
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
    const packages = await packageHashes(dir, join(global, 'p'))
    const built = new Set(platforms.map(platformFolder))
    return {
      toolchain: `zig${zig.version}`,
      locks: [join(dir, 'build.zig.zon')],
      folders: [
        { path: global, holds: 'packages and compiled runtimes', isUsed: globalFile(packages) },
        {
          path: join(resolve(dir, env['ZIG_LOCAL_CACHE_DIR'] || '.zig-cache'), 'xbuild'),
          holds: 'compiled code',
          isUsed: file => !/(^|\/)tmp\//.test(file) && built.has(file.slice(0, file.indexOf('/'))),
        },
      ],
    }
  },
}

/** A package is a folder `p/HASH`, or an archive of that name. */
export function globalFile(packages: ReadonlySet<string> | undefined): CachedFolder['isUsed'] {
  return file => {
    if (file.startsWith('tmp/')) return false
    const [, name = ''] = /^p\/([^/]+)/.exec(file) ?? []
    return name === '' || packages === undefined || packages.has(name.replace(/\.tar\.gz$/, ''))
  }
}
