import { join, resolve } from 'node:path'
import { findZig } from '../../c-toolchains/zig.ts'
import { Failure } from '../../errors.ts'
import { installZig } from '../../languages/zig/version.ts'
import { platformFolder } from '../../platforms.ts'
import { homeFolder } from '../../util/cache-folder.ts'
import type { CacheRecipe, IsUsed } from './recipe.ts'
import { packageHashes } from './zig-packages.ts'
import { findableResults } from './zig-results.ts'

/**
 * Zig: its global cache with the packages that build.zig.zon names, and what the project's own cache has of the platforms that
 * are built. Zig marks nothing that it uses and removes nothing, so of compiled code only what it cannot find any more goes.
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
    const local = join(resolve(dir, env['ZIG_LOCAL_CACHE_DIR'] || '.zig-cache'), 'xbuild')
    const packages = () => packageHashes(dir, join(global, 'p'))
    return {
      toolchain: `zig${zig.version}`,
      locks: [join(dir, 'build.zig.zon')],
      folders: [
        {
          path: global,
          holds: 'packages and compiled runtimes',
          findUsed: async since => {
            const named = await packages()
            return usedFile(since, await findableResults(global, named), named)
          },
        },
        {
          path: local,
          holds: 'compiled code',
          findUsed: async since => {
            const named = await packages()
            const caches = platforms.map(platformFolder).map(async (name): Promise<[string, IsUsed]> => {
              return [name, usedFile(since, await findableResults(join(local, name), named), named)]
            })
            const built = new Map(await Promise.all(caches))
            return (file, mtime) => {
              const [name = '', ...rest] = file.split('/')
              return built.get(name)?.(rest.join('/'), mtime) ?? false
            }
          },
        },
      ],
    }
  },
}

/**
 * Of one cache of Zig: packages are folders `p/HASH`, or archives of that name; results are folders `o/DIGEST`.
 * @param results those that Zig can find; undefined keeps all of them
 * @param packages those that the project names; undefined keeps all of them
 */
export function usedFile(
  since: number,
  results: ReadonlySet<string> | undefined,
  packages: ReadonlySet<string> | undefined,
): IsUsed {
  return (file, mtime) => {
    const [kind, name = ''] = file.split('/')
    if (kind === 'tmp') return false
    if (kind === 'p' && packages && name) return packages.has(name.replace(/\.tar\.gz$/, ''))
    if (kind === 'o' && results && mtime < since) return results.has(name)
    return true
  }
}
