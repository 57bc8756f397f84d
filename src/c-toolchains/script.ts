import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { SupportFile } from '../types.ts'
import { quoteWord } from '../util/quote-word.ts'
import type { CToolchain } from './c-toolchain.ts'

/** A C toolchain of which every part is one executable, as cargo needs a linker and the cc crate a compiler. */
export interface ScriptedToolchain {
  readonly cc: string
  readonly cxx: string
  readonly ar: string
  readonly ranlib: string
  /** The scripts in place of commands with arguments. */
  readonly files: readonly SupportFile[]
}

/**
 * Turns commands with arguments into shell scripts in `folder`, under names that depend on nothing but their text, so
 * that cargo sees the same compiler in every build. Each compiler call gets `flags` first and `libraries` last.
 */
export function scriptToolchain(
  toolchain: CToolchain,
  folder: string,
  flags: readonly string[],
  libraries: readonly string[] = [],
): ScriptedToolchain {
  const script = toolchain.name === 'zig' ? zigScript : plainScript
  const texts = {
    cc: script([...toolchain.cc, ...flags], libraries),
    cxx: script([...toolchain.cxx, ...flags], libraries),
    ar: plainScript(toolchain.ar),
    ranlib: plainScript(toolchain.ranlib),
  }
  const hash = createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 12)
  const file = (name: keyof typeof texts): SupportFile => ({
    path: join(folder, hash, name),
    text: texts[name],
    mode: 0o755,
  })
  const isOneWord = (command: readonly string[]) => command.length === 1
  const [ar, ranlib] = (['ar', 'ranlib'] as const).map(name =>
    isOneWord(toolchain[name]) ? undefined : file(name),
  )
  const [cc, cxx] = [file('cc'), file('cxx')]
  return {
    cc: cc.path,
    cxx: cxx.path,
    ar: ar?.path ?? (toolchain.ar[0] as string),
    ranlib: ranlib?.path ?? (toolchain.ranlib[0] as string),
    files: [cc, cxx, ar, ranlib].filter(item => item !== undefined),
  }
}

/**
 * The linker of a gcc without the folders that it searches by itself. rustc knows by the name, `ld`, that it takes no
 * arguments of a compiler.
 */
export function bareLinker({ ld }: CToolchain, folder: string): SupportFile {
  const text = plainScript([...ld, '-nostdlib'])
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 12)
  return { path: join(folder, hash, 'ld'), text, mode: 0o755 }
}

function plainScript(words: readonly string[], last: readonly string[] = []): string {
  return `#!/bin/sh\n${execute(words, last)}`
}

function execute(words: readonly string[], last: readonly string[]): string {
  return `exec ${[...words.map(quoteWord), '"$@"', ...last.map(quoteWord)].join(' ')}\n`
}

/**
 * `zig cc` does not take every argument that rustc and the cc crate give to a clang:
 * - `--target=aarch64-unknown-linux-musl` and `-march=armv7-a` are in spellings that it does not read; the target and
 *   cpu are among its own arguments. Extensions that one file asks for (`-march=armv8-a+crypto`) are kept, as -mcpu.
 * - rustc's self-contained start files and libc, and its compiler_builtins on ARM, come a second time with zig's own.
 */
function zigScript(words: readonly string[], last: readonly string[]): string {
  return `#!/bin/sh
first=1
for word in "$@"; do
  if [ $first ]; then set --; first=; fi
  case $word in
    --target=* | -march=armv[5-7]* | -march=rv* | -march=i?86 | -mabi=* | -mfloat-abi=* | -mfpu=*) ;;
    -march=armv8*+*) set -- "$@" "-mcpu=generic+\${word#*+}" ;;
    -march=armv8*) ;;
    */self-contained/*.o) ;;
    -lc | -lgcc) ;;
    -lgcc_s | -lgcc_eh) set -- "$@" -lunwind ;;
    *) set -- "$@" "$word" ;;
  esac
done
${execute(words, last)}`
}
