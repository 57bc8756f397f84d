import { isLocalBase } from '../oci/local-base.ts'
import type { BaseChoice } from '../types.ts'
import { distrolessFamilies } from './known.ts'

/** Folders of a base that are symbolic links, each with the folder to use in its place. */
export type LinkedFolders = Readonly<Record<string, string>>

/** What is known of the images of a distribution, whatever registry has them. */
interface Distribution {
  /** The last part of the repository. */
  readonly name: RegExp
  readonly linked?: LinkedFolders
  /** The tags of releases whose /bin, /sbin and /lib are folders yet. */
  readonly unmerged?: RegExp
}

/** Debian since release 12 and Ubuntu since 20.04 (wiki.debian.org/UsrMerge), so distroless too; what came of Red Hat 7. */
const mergedUsr: LinkedFolders = {
  '/bin': '/usr/bin',
  '/sbin': '/usr/sbin',
  '/lib': '/usr/lib',
  '/lib64': '/usr/lib64',
}
const varRun: LinkedFolders = { '/var/run': '/run', '/var/lock': '/run/lock' }
const merged: LinkedFolders = { ...mergedUsr, ...varRun }
/** Where /usr/sbin is or may be a link to /usr/bin as well (Fedora since 42). */
const mergedSbin: LinkedFolders = { ...merged, '/sbin': '/usr/bin' }

/** The folders that some distribution makes links of. */
export const foldersOftenLinked = merged

const distributions: readonly Distribution[] = [
  { name: /alpine/, linked: varRun },
  { name: /busybox|photon/ },
  {
    name: /debian(?:-base)?/,
    linked: merged,
    unmerged: /^(?:[6-9]|1[01]|wheezy|jessie|stretch|buster|bullseye|oldoldstable|v[12])(?:[.-]|$)/,
  },
  { name: /ubuntu/, linked: merged, unmerged: /^(?:1[0-8]\.|trusty|xenial|bionic)/ },
  { name: /wolfi-base|archlinux/, linked: { ...mergedSbin, '/lib64': '/usr/lib' } },
  { name: /fedora/, linked: mergedSbin },
  { name: /ubi\d+(?:[-/]\w+)*/, linked: merged },
  { name: /(?:centos|rockylinux|almalinux|oraclelinux)/, linked: merged, unmerged: /^[56](?:[.-]|$)/ },
  { name: /amazonlinux/, linked: merged, unmerged: /^(?:1|201\d\..*)$/ },
]

function findDistribution(repository: string): Distribution | undefined {
  return distributions.find(({ name }) => new RegExp(`(?:^|/)(?:${name.source})$`).test(repository))
}

/** Whether a repository is that of a distribution's images. */
export function isDistribution(repository: string): boolean {
  return findDistribution(repository) !== undefined
}

/** The folders of a base that are known to be links: a layer with a file below one replaces the link by a folder. */
export function linkedFolders({
  reference,
  family,
}: Pick<BaseChoice, 'reference' | 'family'>): LinkedFolders {
  if ((distrolessFamilies as readonly string[]).includes(family)) return mergedUsr
  if (isLocalBase(reference)) return {}
  const [, repository = '', tag = ''] = /^(.*?)(?::([\w.-]+))?(?:@[\w:]+)?$/.exec(reference) ?? []
  const { linked = {}, unmerged } = findDistribution(repository) ?? {}
  return unmerged?.test(tag) ? varRun : linked
}

/** The linked folder that a path is below, or is itself. */
export function linkedFolderOf(path: string, folders: LinkedFolders): string | undefined {
  return Object.keys(folders).find(folder => path === folder || path.startsWith(`${folder}/`))
}

/** The path with the folder that a link leads to in the place of the link. */
export function withoutLinks(path: string, folders: LinkedFolders): string {
  const folder = linkedFolderOf(path, folders)
  return folder === undefined ? path : `${folders[folder]}${path.slice(folder.length)}`
}
