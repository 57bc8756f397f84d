import { join } from 'node:path'
import { Failure } from '../../errors.ts'
import { run } from '../../process.ts'
import { homeFolder } from '../../util/cache-folder.ts'
import { readTextIfThere } from '../../util/read-file.ts'
import { type Crate, cratesOf, isRepositoryOf } from './cargo-lock.ts'
import type { CacheRecipe, IsUsed } from './recipe.ts'
import { staleUnits, unitsOfPackages } from './rust-units.ts'

/**
 * Rust: the crates that Cargo.lock names, and of the target folder what was compiled of them. What was compiled of the
 * project's own packages is left out: a checkout gives their sources new mtimes, so cargo compiles them anyway.
 */
export const rustCache: CacheRecipe = {
  variables:
    /^(CARGO_(BUILD|TARGET|PROFILE|INCREMENTAL|ENCODED)\w*|RUST\w*|(TARGET_|HOST_)?(CC|CXX|CFLAGS|CXXFLAGS|AR)(_\w+)?)$/,
  read: async ({ dir, language, platforms }, signal) => {
    const ask = (tool: string, args: readonly string[]) =>
      run({ tool, args, cwd: dir, env: language.rust.env }, { signal, keep: 64 * 1024 * 1024 })
    const version = await ask('rustc', ['-vV'])
    const metadata = await ask('cargo', ['metadata', '--format-version', '1', '--no-deps', '--offline'])
    if (!version.ok || !metadata.ok) throw cannotRead(dir, version.ok ? metadata.stderr : version.stderr)
    const { workspace_root, target_directory } = JSON.parse(metadata.stdout) as Record<string, string>
    const lock = join(workspace_root ?? dir, 'Cargo.lock')
    const readLock = async () => (await readTextIfThere(lock)) ?? ''
    const triples = platforms.flatMap(({ rust: { gnu, musl } }) => (musl === undefined ? [gnu] : [gnu, musl]))
    const target = target_directory ?? join(dir, 'target')
    const home =
      language.rust.env['CARGO_HOME'] || process.env['CARGO_HOME'] || join(homeFolder() ?? '/', '.cargo')
    return {
      toolchain: toolchainOf(version.stdout),
      locks: [lock],
      folders: [
        {
          path: join(home, 'registry', 'index'),
          holds: 'the index of crates',
          findUsed: async () => () => true,
        },
        {
          path: join(home, 'registry', 'cache'),
          holds: 'downloaded crates',
          findUsed: async () => isCrateOf(cratesOf(await readLock())),
        },
        {
          path: join(home, 'git', 'db'),
          holds: 'crates from git',
          findUsed: async () => isRepositoryOf(await readLock()),
        },
        {
          path: target,
          holds: 'compiled crates',
          findUsed: async () => {
            const crates = cratesOf(await readLock())
            const names = new Set(crates.map(({ name }) => name))
            const [units, stale] = await Promise.all([
              unitsOfPackages(target, names),
              staleUnits(target, crates),
            ])
            return compiledFile(names, triples, { units, stale })
          },
        },
      ],
    }
  },
}

function cannotRead(dir: string, why: string): Failure {
  return new Failure({
    kind: 'project',
    what: 'cargo could not read the project',
    where: dir,
    why: why.trim(),
    fix: 'cargo metadata --no-deps',
  })
}

/** `rustc1.91.0-c5e9b1a2`: nightlies of one version differ by their commit. */
function toolchainOf(verbose: string): string {
  const field = (name: string) => new RegExp(`^${name}: (\\S+)`, 'm').exec(verbose)?.[1] ?? 'unknown'
  return `rustc${field('release')}-${field('commit-hash').slice(0, 8)}`
}

function isCrateOf(crates: readonly Crate[]): IsUsed {
  const files = new Set(crates.map(({ name, version }) => `${name}-${version}.crate`))
  return file => files.has(file.slice(file.lastIndexOf('/') + 1))
}

/**
 * Of the target folder: `[<triple>/]<profile>/{.fingerprint,build,deps}` of the dependencies, for the targets of this build and
 * for this machine. `deps` has the names of libraries, which a package chooses: md-5 has `md5`. Its hashes are those of
 * `.fingerprint`, which has the names of packages.
 * @param names of the packages
 * @param hashes `units`: of what was compiled of those packages; `stale`: of what was compiled of other versions
 */
export function compiledFile(
  names: ReadonlySet<string>,
  triples: readonly string[],
  { units, stale }: { readonly units: ReadonlySet<string>; readonly stale: ReadonlySet<string> },
): (file: string) => boolean {
  const libraries = new Set([...names].map(name => name.replaceAll('-', '_')))
  return file => {
    if (/^(\.rustc_info\.json|CACHEDIR\.TAG)$/.test(file)) return true
    const [folder = ''] = file.split('/')
    if (/-linux-(?:gnu|musl)/.test(folder) && !triples.includes(folder)) return false
    const [, kind, entry = ''] = /(?:^|\/)(\.fingerprint|build|deps)\/([^/]+)/.exec(file) ?? []
    const [, name = '', hash = ''] = /^(.+)-([0-9a-f]{16})(?:\.|$)/.exec(entry) ?? []
    if (stale.has(hash)) return false
    if (kind !== 'deps') return names.has(name)
    return units.has(hash) || libraries.has(name) || libraries.has(name.replace(/^lib/, ''))
  }
}
