import { join, relative } from 'node:path'
import { readTextIfThere } from '../../util/read-file.ts'
import type { BuilderLanguage } from './builder-language.ts'

/** Where a project lies. */
interface Place {
  readonly dir: string
  /** The folder that is sent. */
  readonly root: string
  /** The URL that its repository comes from; empty or absent for none. */
  readonly remote: string | undefined
}

/**
 * What a project is, on every machine: its own name, where its repository comes from and its folder there; its path on this
 * machine where no remote is set.
 */
export async function identityOf(
  { named }: Pick<BuilderLanguage, 'named'>,
  { dir, root, remote }: Place,
): Promise<string> {
  const [, name = ''] = named.pattern.exec((await readTextIfThere(join(dir, named.file))) ?? '') ?? []
  return JSON.stringify([named.file, name, ...(remote ? [bareUrl(remote), relative(root, dir)] : [dir])])
}

/**
 * `github.com/me/app` of `https://me:token@github.com/me/app.git` and of `git@github.com:me/app.git`: CI systems make the
 * token anew for each job.
 */
export function bareUrl(url: string): string {
  const plain = url
    .trim()
    .replace(/^[a-z][\w+.-]*:\/\//i, '')
    .replace(/^[^@/]*@/, '')
  return plain.replace(/^([^/:]+):(?!\d+\/)/, '$1/').replace(/(?:\.git)?\/*$/, '')
}
