import { automaticVariables } from '../../dockerfile/variables.ts'
import type { TomlValue } from '../settings.ts'
import type { Build } from './build.ts'

/** The variables that a compiling command sees: those with a value, and the names of those that have none here. */
export interface Environment {
  readonly env: Readonly<Record<string, string>>
  readonly open: readonly string[]
}

/** What is about the machine that compiles, and not about the program. Proxies are written in both cases. */
const ofTheMachine =
  /^(?:PATH|HOME|USER|LOGNAME|UID|GID|SHELL|PWD|TERM|TZ|LANG|LANGUAGE|LC_\w+|TMP|TEMP|TMPDIR|XDG_\w+|DEBIAN_FRONTEND|LD_(?:LIBRARY_PATH|PRELOAD)|(?:HTTP|HTTPS|FTP|NO|ALL)_PROXY|(?:http|https|ftp|no|all)_proxy|SSL_CERT_(?:FILE|DIR)|GIT_(?:SSH\w*|TERMINAL_PROMPT)|SCCACHE_\w+|RUSTUP_\w+|ZIG_\w+|PKG_CONFIG\w*|CARGO_(?:HOME|TARGET_DIR|INCREMENTAL|BUILD_(?:JOBS|TARGET_DIR|INCREMENTAL)|(?:NET|HTTP|TERM|REGISTRY|REGISTRIES)_\w+))$/

/** Targets, linkers and C compilers, which differ by platform. */
const ofThePlatform =
  /^(?:TARGET|CROSS_COMPILE|CARGO_BUILD_TARGET|CARGO_ENCODED_RUSTFLAGS|CARGO_TARGET_\w+_(?:LINKER|RUNNER)|BINDGEN_EXTRA_CLANG_ARGS\w*|(?:(?:TARGET|HOST|CROSS)_)?(?:CC|CXX|AR|RANLIB)(?:_\w+)?|LD|NM|STRIP)$/

/** Variables by which build scripts are told where tools and libraries are. */
const ofTools =
  /^(?:OPENSSL|LIBCLANG|CLANG|LLVM|PROTOC|CMAKE|SQLITE3|PQ|MYSQLCLIENT|JAVA)(?:_|$)|_(?:LIB|INCLUDE)(?:_|$)|SYSROOT/

/**
 * Variables of the build stage in the terms of `env` of a table: build scripts and `env!` may ask for any.
 * @param table its name for people
 */
export function readEnvironment(
  { env, open }: Environment,
  table: 'rust' | 'zig',
  {
    settings,
    covered,
    left,
  }: Pick<Build, 'left' | 'covered'> & {
    settings: Record<string, TomlValue>
    covered: string[]
    left: string[]
  },
): void {
  const taken: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    const reason = notTaken(name)
    if (reason !== undefined) covered.push(reason)
    else if (value.startsWith('/') && ofTools.test(name))
      left.push(`${name}=${value} is a path of the build stage: env in [${table}] takes one of this machine`)
    else if (/(?:^|_)RUSTFLAGS$/.test(name)) {
      const flags = withoutLinking(value)
      if (flags === '') covered.push('xbuild links statically by itself')
      else taken[name] = flags
    } else taken[name] = value
  }
  for (const name of open)
    if (notTaken(name) === undefined)
      left.push(`${name} has no value here: env = { ${name} = "…" } in [${table}] gives it one`)
  if (Object.keys(taken).length > 0) settings['env'] = taken
}

function notTaken(name: string): string | undefined {
  if (ofTheMachine.test(name)) return `${name} is this machine's`
  if (ofThePlatform.test(name) || (automaticVariables as readonly string[]).includes(name))
    return `${name} follows from the platform`
  return undefined
}

/** Without the flags that say how to link, which is xbuild's own business. */
const withoutLinking = (flags: string) =>
  flags.replace(/-C\s*(?:target-feature=\+crt-static|linker=\S+|link-self-contained=\S+)/g, '').trim()
