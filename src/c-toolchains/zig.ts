import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../errors.ts'
import { zigTarget } from '../platforms.ts'
import { run } from '../process.ts'
import type { CToolchain, CToolchainRequest, Libc } from './c-toolchain.ts'
import { findCommands } from './gcc.ts'

/** A zig that answered `zig version`. */
export interface Zig {
  readonly command: readonly string[]
  readonly version: string
}

/** Prints the folder of Python's ziglang package without importing it, which would start zig in some versions. */
const locateWheel =
  'import importlib.util as u; s = u.find_spec("ziglang"); print(s.submodule_search_locations[0] if s else "")'

/**
 * Finds zig: XBUILD_ZIG, `zig` on PATH, the ziglang package of `python3`. The package's own executable is used where
 * it is there, so that Python need not start for every file that is compiled. A zig of a version manager answers only in
 * a folder for which a version was chosen, so it is asked in `dir`, the project's.
 * @throws {Failure} tool, when XBUILD_ZIG names something that is no zig.
 */
export async function findZig(dir: string, signal?: AbortSignal): Promise<Zig | undefined> {
  const asked = process.env['XBUILD_ZIG']
  if (asked) {
    const zig = await askVersion([asked], dir, signal)
    if (zig) return zig
    throw new Failure({
      kind: 'tool',
      what: 'XBUILD_ZIG does not name a zig that runs',
      where: asked,
      fix: 'unset XBUILD_ZIG, or set it to the path of zig',
    })
  }
  const path = process.env['PATH'] ?? ''
  const onPath = findCommands(['zig'], path).size > 0 ? await askVersion(['zig'], dir, signal) : undefined
  if (onPath) return onPath
  if (findCommands(['python3'], path).size === 0) return undefined
  // The project's folder may hold Python modules, which must not run.
  const located = await run({ tool: 'python3', args: ['-c', locateWheel], cwd: '/' }, { signal })
  const folder = located.stdout.trim()
  if (!located.ok || !folder) return undefined
  const executable = join(folder, 'zig')
  return askVersion(existsSync(executable) ? [executable] : ['python3', '-m', 'ziglang'], '/', signal)
}

async function askVersion(
  command: readonly [string, ...string[]],
  cwd: string,
  signal?: AbortSignal,
): Promise<Zig | undefined> {
  const [tool, ...args] = command
  const result = await run({ tool, args: [...args, 'version'], cwd }, { signal }).catch(error => {
    if (error instanceof Failure && error.kind === 'tool') return undefined
    throw error
  })
  const version = result?.stdout.trim() ?? ''
  return result?.ok && /^\d+\.\d+\.\d+/.test(version) ? { command, version } : undefined
}

/**
 * `zig cc`, which carries the sources of musl and the symbol tables of every glibc, for any platform. Without
 * -fno-sanitize it traps on undefined behaviour in whatever is compiled without -O, which no gcc does.
 */
export function zigCc({ platform, found, glibc }: CToolchainRequest, libc: Libc): CToolchain | undefined {
  if (!found.zig) return undefined
  const { command, version } = found.zig
  const target = `${zigTarget(platform, libc)}${libc === 'gnu' && glibc ? `.${glibc}` : ''}`
  const flags = [
    '-target',
    target,
    ...(platform.zig.cpu ? [`-mcpu=${platform.zig.cpu}`] : []),
    '-fno-sanitize=undefined',
  ]
  return {
    name: 'zig',
    title: `zig ${version}`,
    libc,
    cc: [...command, 'cc', ...flags],
    cxx: [...command, 'c++', ...flags],
    ld: [...command, 'ld.lld'],
    ar: [...command, 'ar'],
    ranlib: [...command, 'ranlib'],
    // Zig brings no other libraries, and those of the host are for the host.
    env: found.pkgConfigSet ? {} : { PKG_CONFIG_LIBDIR: '' },
  }
}
