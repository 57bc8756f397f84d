import { dirname, join } from 'node:path'
import { runGo } from '../../languages/go/run-go.ts'
import { readTextIfThere } from '../../util/read-file.ts'
import { type CachedFolder, type CacheRecipe, touchInterval } from './recipe.ts'

/**
 * Go: the build cache, of which Go itself marks what it uses, and the downloads of the modules that go.sum names. Their
 * unpacked copies are left out: go unpacks them again without a network, faster than they download.
 */
export const goCache: CacheRecipe = {
  variables: /^(GO(FLAGS|EXPERIMENT|AMD64|ARM|ARM64|386|OS|ARCH)|CGO_\w+|CC|CXX|AR|PKG_CONFIG)$/,
  read: async (options, signal) => {
    const { dir, language, platforms } = options
    const context = { options: language, platforms, signal }
    const { stdout } = await runGo(
      dir,
      ['env', '-json', 'GOVERSION', 'GOCACHE', 'GOMODCACHE', 'GOWORK'],
      context,
    )
    const { GOVERSION, GOCACHE, GOMODCACHE, GOWORK } = JSON.parse(stdout) as Record<string, string>
    const root = GOWORK && GOWORK !== 'off' ? dirname(GOWORK) : dir
    const members = root === dir ? [dir] : [root, dir]
    const locks = members.flatMap(folder => [join(folder, 'go.sum'), join(folder, 'go.work.sum')])
    return {
      toolchain: (GOVERSION ?? 'go').replace(/[^\w.-]+/g, '-'),
      locks,
      folders: [
        ...(GOCACHE && GOCACHE !== 'off' ? [buildCache(GOCACHE)] : []),
        ...(GOMODCACHE ? [downloads(join(GOMODCACHE, 'cache', 'download'), locks)] : []),
      ],
    }
  },
}

function buildCache(path: string): CachedFolder {
  return {
    path,
    holds: 'compiled packages',
    findUsed: async since => (file, mtime) =>
      /^[0-9a-f]{2}\/[0-9a-f]{64}-[ad]$/.test(file)
        ? mtime >= since - touchInterval
        : /^(README|trim\.txt)$/.test(file),
  }
}

function downloads(path: string, locks: readonly string[]): CachedFolder {
  return {
    path,
    holds: 'downloaded modules',
    findUsed: async () => {
      const texts = await Promise.all(locks.map(lock => readTextIfThere(lock)))
      const wanted = new Set(texts.flatMap(text => modulesOf(text ?? '')))
      return file => {
        if (file.startsWith('sumdb/')) return true
        const [, module, version] = /^(.+)\/@v\/(.+)\.(?:info|mod|zip|ziphash|lock)$/.exec(file) ?? []
        // The toolchain that GOTOOLCHAIN=auto fetched is in no go.sum.
        if (module === 'golang.org/toolchain') return true
        return module !== undefined && wanted.has(`${module}@${version}`)
      }
    },
  }
}

/** `module@version` of each line of a go.sum, spelled as the module cache spells them: `A` is `!a`. */
export function modulesOf(sum: string): string[] {
  return sum.split('\n').flatMap(line => {
    const [module, version] = line.split(' ')
    if (!module || !version) return []
    return [spelled(`${module}@${version.replace(/\/go\.mod$/, '')}`)]
  })
}

const spelled = (text: string) => text.replace(/[A-Z]/g, letter => `!${letter.toLowerCase()}`)
