import { type CToolchain, headerFolders } from '../../c-toolchains/index.ts'
import type { Platform } from '../../platforms.ts'
import { quoteWord } from '../../util/quote-word.ts'

/** bindgen among the dependencies, and what it needs to know of this machine. */
export interface Bindgen {
  /** Zig's folder of headers, where zig is there. */
  readonly zigLib?: string | undefined
  /** The user's BINDGEN_EXTRA_CLANG_ARGS, which one for a target hides. */
  readonly common: string
  /** The triples for which the user has set one. */
  readonly own: ReadonlySet<string>
}

const variable = 'BINDGEN_EXTRA_CLANG_ARGS'

/** What the environment says of bindgen for these targets (bindgen, "Environment Variables"). */
export function readBindgen(env: NodeJS.ProcessEnv, triples: readonly string[]): Omit<Bindgen, 'zigLib'> {
  const own = triples.filter(triple =>
    [triple, triple.replaceAll('-', '_')].some(name => env[`${variable}_${name}`] !== undefined),
  )
  return { common: env[variable] ?? '', own: new Set(own) }
}

/**
 * Gives bindgen the headers that the C code is compiled against: its libclang would read those of this machine. The
 * value is split as a shell does.
 */
export function bindgenEnv(
  bindgen: Bindgen | undefined,
  toolchain: Pick<CToolchain, 'name' | 'libc'>,
  platform: Platform,
  triple: string,
): Record<string, string> {
  if (!bindgen || bindgen.own.has(triple)) return {}
  const folders = headerFolders(toolchain, platform, bindgen.zigLib)
  if (folders.length === 0) return {}
  const words = [
    // Zig's headers are whole; gcc's rest on those that all platforms share.
    ...(toolchain.name === 'zig' ? ['-nostdlibinc'] : []),
    ...folders.flatMap(folder => ['-isystem', quoteWord(folder)]),
  ]
  return {
    [`${variable}_${triple.replaceAll('-', '_')}`]: [bindgen.common, ...words].filter(Boolean).join(' '),
  }
}
