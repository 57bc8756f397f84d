import { hostArch } from './util/host-arch.ts'

/** Replaced by scripts/bundle.mjs: the version of package.json, the commit it was built from, and whether Node.js is inside. */
declare const XBUILD_VERSION: string | undefined
declare const XBUILD_COMMIT: string | undefined
declare const XBUILD_EXECUTABLE: boolean | undefined

/** This program's version; "0.0.0-source" where it runs unbundled, in tests. */
export const version: string = typeof XBUILD_VERSION === 'string' ? XBUILD_VERSION : '0.0.0-source'

/** Whether this is the single executable, which holds its own Node.js. */
const executable: boolean = typeof XBUILD_EXECUTABLE === 'boolean' && XBUILD_EXECUTABLE

/** What `xbuild --version --json` prints. */
export interface About {
  readonly version: string
  /** The commit it was built from; null where it was built outside a git repository. "-dirty" is for changes on top. */
  readonly commit: string | null
  /** The version of Node.js it runs on. */
  readonly node: string
  /** Whether that Node.js is part of the program. */
  readonly executable: boolean
  /** As docker names it: linux/arm64. */
  readonly platform: string
}

/** Which xbuild this is and what it runs on. */
export function about(): About {
  return {
    version,
    commit: (typeof XBUILD_COMMIT === 'string' && XBUILD_COMMIT) || null,
    node: process.versions.node,
    executable,
    platform: `${process.platform}/${hostArch()}`,
  }
}
