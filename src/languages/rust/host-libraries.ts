import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../../errors.ts'
import type { Step } from '../../types.ts'

/** A `build-script-executed` message of cargo: what a build script has linked, and from where. */
interface ScriptMessage {
  readonly package_id: string
  /** Such as `z`, `static=z`, `static:+whole-archive=z:renamed`. */
  readonly linked_libs: readonly string[]
  /** Such as `/usr/lib`, `native=/usr/lib`. */
  readonly linked_paths: readonly string[]
  readonly out_dir: string
}

/** What to do instead, for a library by its name. */
export const compileInstead = (library: string) =>
  `compile lib${library} with the program: a crate's feature such as "bundled" or "vendored", or link a copy made for musl with cargo:rustc-link-search`

/**
 * Refuses a program of musl with a library of glibc's in it: where a build script names a folder of this machine's, the
 * linker takes from it whatever has the name, and a small one even links.
 * @throws {Failure} verification.
 */
export function refuseHostLibraries(stdout: string, { produces }: Step): void {
  const messages = stdout
    .split('\n')
    .filter(line => line.includes('"build-script-executed"'))
    .flatMap(parse)
  for (const { platform } of produces) {
    const musl = platform.rust.musl
    if (musl === undefined) continue
    for (const message of messages.filter(({ out_dir }) => out_dir.split('/').includes(musl))) {
      const [found] = hostLibraries(message)
      if (found) throw linkedWith(found, message, platform.id)
    }
  }
}

interface HostLibrary {
  readonly name: string
  readonly path: string
}

function hostLibraries({ linked_libs, linked_paths }: ScriptMessage): HostLibrary[] {
  const folders = linked_paths.map(path => path.replace(/^[a-z]+=/, ''))
  return linked_libs.flatMap(library => {
    const [name = ''] = library.replace(/^[^=]*=/, '').split(':')
    const folder = folders.find(item => existsSync(join(item, `lib${name}.a`)))
    return folder !== undefined && isOfGlibc(folder) ? [{ name, path: join(folder, `lib${name}.a`) }] : []
  })
}

/** Whether glibc itself is in the folder. */
const isOfGlibc = (folder: string) =>
  ['libc.so.6', 'libc_nonshared.a'].some(name => existsSync(join(folder, name)))

function linkedWith({ name, path }: HostLibrary, { package_id }: ScriptMessage, platform: string): Failure {
  const [, crate = package_id] = /([\w-]+)(?:[#@ ]v?\d[^#]*)?$/.exec(package_id) ?? []
  return new Failure({
    kind: 'verification',
    what: `${platform} was linked with lib${name} of this machine`,
    where: path,
    why: `the build script of ${crate} names that folder, whose libraries are for glibc, and the program is for musl`,
    fix: `${compileInstead(name)}   or\n[rust] libc = "gnu" in xbuild.toml`,
  })
}

function parse(line: string): ScriptMessage[] {
  try {
    const message = JSON.parse(line) as Partial<ScriptMessage>
    const { package_id = '', linked_libs = [], linked_paths = [], out_dir = '' } = message
    return [{ package_id, linked_libs, linked_paths, out_dir }]
  } catch {
    return []
  }
}
