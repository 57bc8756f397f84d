import type { RustProject } from '../../src/languages/rust/project.ts'
import { type RustTarget, rustTriple } from '../../src/languages/rust/target.ts'
import { platforms } from '../../src/platforms.ts'

/** A target that rustup installed. */
export function rustTarget(triple: string, changes: Partial<RustTarget> = {}): RustTarget {
  const selfContained = triple.includes('-musl')
  return {
    triple,
    std: 'installed',
    selfContained,
    ownRustflags: [],
    hiddenRustflags: [],
    flagSources: [],
    flagsAreString: false,
    ownCc: false,
    ownTools: new Set(),
    ...changes,
  }
}

/** A project of one program with every target installed, pure Rust, on a machine with rustup and no C compiler. */
export function rustProject(
  changes: Partial<RustProject> = {},
  libc: 'musl' | 'gnu' = 'musl',
  target: Partial<RustTarget> = {},
): RustProject {
  return {
    language: 'rust',
    root: '/app',
    executables: [{ name: 'app', package: 'app/app' }],
    toolchain: { name: 'rustc', version: '1.95.0' },
    cCode: [],
    remarks: [],
    packageSpecs: new Map(),
    cargoVersion: '1.95.0',
    rustcCommit: 'abc',
    workspaceRoot: '/app',
    targetDirectory: '/app/target',
    cargoHome: '/home/me/.cargo',
    targets: new Map(
      platforms.map(platform => [platform.id, rustTarget(rustTriple(platform, libc), target)] as const),
    ),
    sysroot: { rustup: true, rustLld: true },
    possibleCCode: [],
    cToolchains: { commands: new Set(), hostArch: 'amd64', hostLibc: 'gnu' as const, pkgConfigSet: false },
    needsAllocator: false,
    scripts: '/cache/compilers',
    processors: 4,
    ...changes,
  }
}
