import { posix } from 'node:path'
import type { ConfigFile } from '../../oci/manifest.ts'
import { bounds } from '../read/bounds.ts'

/** The PATH of an image that sets none, as Docker and containerd have it. */
export const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * Where the program may be that a container of the image runs, absolute, in the order in which they are tried: the
 * entrypoint, else the command; a name without slash is looked up on the image's PATH.
 */
export function entrypointPaths({
  config: { Entrypoint, Cmd, Env, WorkingDir },
}: {
  readonly config: Pick<ConfigFile['config'], 'Entrypoint' | 'Cmd' | 'Env' | 'WorkingDir'>
}): string[] {
  const [program] = [...Entrypoint, ...Cmd]
  if (!program || program.includes('\0') || !isPath(program) || !isPath(WorkingDir ?? '')) return []
  const workdir = posix.resolve('/', WorkingDir ?? '')
  if (program.includes('/')) return [posix.resolve(workdir, program)]
  const path = Env.findLast(entry => entry.startsWith('PATH='))?.slice('PATH='.length) || defaultPath
  const folders = path.split(':', maximumFolders).filter(isPath)
  return folders.map(folder => posix.resolve(workdir, folder, program))
}

/** Folders of PATH that are looked into. */
const maximumFolders = 100

/** Whether a text can be a path: no kernel takes a longer one. */
function isPath(text: string): boolean {
  return text.length <= bounds.name && text.split('/').length <= bounds.depth
}
