import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Platform } from '../platforms.ts'
import { run } from '../process.ts'
import type { CToolchain } from './c-toolchain.ts'
import type { Zig } from './zig.ts'

/** Zig's folder of libraries and headers, as `zig env` prints it (JSON before 0.15, ZON since), or undefined. */
export async function findZigLib({ command }: Zig, dir: string, signal?: AbortSignal) {
  const [tool = 'zig', ...args] = command
  const { stdout } = await run({ tool, args: [...args, 'env'], cwd: dir }, { signal })
  const lib = /"?\.?lib_dir"?\s*[:=]\s*"([^"]+)"/.exec(stdout)?.[1]
  return lib === undefined ? undefined : resolve(dir, lib)
}

/**
 * The folders with the headers that a toolchain compiles against, for a program that reads headers with a clang of its
 * own; the first one that has a header counts.
 */
export function headerFolders(
  { name, libc }: Pick<CToolchain, 'name' | 'libc'>,
  platform: Platform,
  zigLib?: string,
): readonly string[] {
  if (name === 'zig') return zigLib === undefined ? [] : zigHeaders(platform, libc, zigLib)
  const triplet = platform.debian?.triplet
  if (triplet === undefined || libc === 'musl') return []
  return [`/usr/${triplet}/include`, `/usr/include/${triplet}`].filter(folder => existsSync(folder))
}

/** The architectures whose kernel headers zig has under another name. */
const families: Readonly<Record<string, string>> = {
  x86_64: 'x86',
  powerpc64le: 'powerpc',
  riscv64: 'riscv',
  loongarch64: 'loongarch',
  mips64el: 'mips',
}

function zigHeaders({ zig: { arch, gnu } }: Platform, libc: 'musl' | 'gnu', lib: string): string[] {
  const include = join(lib, 'libc', 'include')
  const family = families[arch] ?? arch
  const abi = libc === 'musl' ? 'musl' : gnu
  const own = [arch, arch.replace(/(le|el)$/, ''), family].map(name => `${name}-linux-${abi}`)
  const [first] = own.filter(name => existsSync(join(include, name)))
  const others = [libc === 'musl' ? 'generic-musl' : 'generic-glibc', `${family}-linux-any`, 'any-linux-any']
  return [...(first === undefined ? [] : [first]), ...others]
    .map(name => join(include, name))
    .concat(join(lib, 'include'))
    .filter(folder => existsSync(folder))
}
