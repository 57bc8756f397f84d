/** Replaced by scripts/bundle.mjs with the version of package.json. */
declare const XBUILD_VERSION: string | undefined

/** This program's version; "0.0.0-source" where it runs unbundled, in tests. */
export const version: string = typeof XBUILD_VERSION === 'string' ? XBUILD_VERSION : '0.0.0-source'
