import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../errors.ts'
import type { Executable } from '../../languages/language.ts'
import { packageOf } from '../../languages/rust/metadata.ts'
import type { RustProject } from '../../languages/rust/project.ts'
import type { Platform } from '../../platforms.ts'
import { run } from '../../process.ts'
import type { Command } from '../../types.ts'
import { readText } from '../../util/read-file.ts'
import { tokens } from '../../util/substitute.ts'
import type { BenchLanguage, Edit, StagedProject } from './bench-language.ts'
import { stageFolders } from './bench-language.ts'

/** Rust: the official images, of Alpine where musl is the target, so that C code is compiled for musl there too. */
export const rustBench: BenchLanguage = {
  sourceRoot: workspaceRoot,
  image: (version, command) => `rust:${version}${targetOf(command).includes('-musl') ? '-alpine' : ''}`,
  imageEnv: version => ({ RUSTUP_TOOLCHAIN: version }),
  args: ['--offline'],
  cacheEnv: () => ({ CARGO_TARGET_DIR: tokens.caches }),
  cacheFolder: project => (project as RustProject).targetDirectory,
  stageDependencies: vendorCrates,
  // A shared compile cache (sccache) would be warm on one path and missing on the others.
  settings: async () => ({ RUSTC_WRAPPER: '', RUSTC_WORKSPACE_WRAPPER: '' }),
  edit: editMain,
  prepareImage: command => {
    const target = targetOf(command)
    return [`RUN test -d "$(rustc --print target-libdir --target ${target})" || rustup target add ${target}`]
  },
  gather: binaries,
}

function targetOf({ args }: Command): string {
  return args[args.indexOf('--target') + 1] ?? ''
}

interface Metadata {
  readonly workspace_root: string
  readonly packages: readonly {
    readonly name: string
    readonly targets: readonly {
      readonly name: string
      readonly kind: readonly string[]
      readonly src_path: string
    }[]
  }[]
}

async function readMetadata(dir: string, signal: AbortSignal): Promise<Metadata | undefined> {
  const args = ['metadata', '--format-version', '1', '--no-deps']
  const result = await run({ tool: 'cargo', args, cwd: dir }, { signal, keep: 64 * 1024 * 1024 })
  return result.ok ? (JSON.parse(result.stdout) as Metadata) : undefined
}

async function workspaceRoot(dir: string, signal: AbortSignal): Promise<string> {
  return (await readMetadata(dir, signal))?.workspace_root ?? dir
}

/** A name that no project has: cargo empties the folder first. */
const vendorFolder = '.xbuild-vendor'

/**
 * Crates that are vendored already stay as they are. The others come from where the user's builds have them, a mirror
 * perhaps, which `cargo vendor` ignores unless told; cargo prints the configuration that then stands in its place.
 */
async function vendorCrates({ top, signal }: StagedProject): Promise<void> {
  const config = join(top, '.cargo', existsSync(join(top, '.cargo', 'config')) ? 'config' : 'config.toml')
  const before = await readText(config).catch(() => '')
  if (vendored.test(before)) return
  const args = ['vendor', '--versioned-dirs', '--respect-source-config', vendorFolder]
  const result = await run({ tool: 'cargo', args, cwd: top }, { signal })
  if (!result.ok) {
    throw new Failure({
      kind: 'compile',
      what: 'The dependencies cannot be fetched',
      where: top,
      why: result.stderr.trim().split('\n').slice(-15).join('\n'),
      fix: 'cargo vendor must work in the project; a crate in a folder outside of the workspace cannot be measured: make both members of a workspace',
    })
  }
  await mkdir(join(top, '.cargo'), { recursive: true })
  await writeFile(config, `${withoutSources(before)}\n${result.stdout}`)
}

/** A source that is a folder of crates, in cargo's configuration. */
const vendored = /^\s*(?:source\..*\.)?directory\s*=/m

/** A configuration of cargo without its `[source]` tables: a table may not stand in it twice. */
function withoutSources(text: string): string {
  let inside = false
  const kept = text.split('\n').filter(line => {
    const [, table] = /^\s*\[\s*([\w-]+)/.exec(line) ?? []
    if (table !== undefined) inside = table === 'source'
    return !inside && !/^\s*source\s*\./.test(line)
  })
  return kept.join('\n')
}

async function editMain({ root, signal }: StagedProject, executable: Executable): Promise<Edit | undefined> {
  const metadata = await readMetadata(root, signal)
  const targets = metadata?.packages.find(({ name }) => name === packageOf(executable))?.targets ?? []
  const main = targets.find(({ name, kind }) => name === executable.name && kind.includes('bin'))
  if (!main) return undefined
  return {
    file: main.src_path,
    line: text => `#[allow(dead_code)] const XBUILD_BENCH_EDIT: &str = "${text}";`,
  }
}

/** cargo leaves its programs in the target folder, which is a cache mount and no part of the stage. */
function binaries({ args }: Command, _: Platform, names: readonly string[]): string[] {
  const profile = args.includes('--profile') ? args[args.indexOf('--profile') + 1] : 'release'
  const folders: Readonly<Record<string, string>> = { dev: 'debug', test: 'debug', bench: 'release' }
  const folder = join(
    stageFolders.caches,
    targetOf({ args } as Command),
    folders[profile ?? ''] ?? profile ?? '',
  )
  return names.map(name => join(folder, name))
}
