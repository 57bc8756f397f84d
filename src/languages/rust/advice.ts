import { crossPackages } from '../../c-toolchains/gcc.ts'
import type { Platform } from '../../platforms.ts'
import type { Command } from '../../types.ts'
import { glibcOnly, isCompiledForGlibc } from '../glibc-only.ts'
import { machineFlag } from '../machine-flags.ts'
import { envTriple } from './cargo-config.ts'
import { fittingErrors } from './explain.ts'
import { compileInstead } from './host-libraries.ts'

/** A command or change, and the reason for it. */
type Advice = readonly [fix: string, reason: string]

interface Remedy {
  readonly pattern: RegExp
  readonly advise: (match: RegExpExecArray, platform?: Platform) => Advice
}

/** Of gcc where musl is meant (glibc-only.ts). Without the variables of the step it is taken to be xbuild's own choice. */
function adviseOnGlibc(errors: string, platform?: Platform, env?: Command['env']): Advice | undefined {
  if (isCompiledForGlibc(errors)) {
    return env && platform && !compilesWithGcc(env, platform)
      ? [
          'compile the C code with the crate cc, which takes a compiler that has the headers of musl',
          'a build script, or a variable such as CC_TARGET, chose one with the headers of glibc, whose functions musl does not have',
        ]
      : [
          'pip install ziglang',
          'gcc compiled the C code with the headers of glibc, whose functions musl does not have; zig has the headers of musl, and is taken unless [c] toolchain is "gcc"',
        ]
  }
  const reason = glibcOnly(errors)
  return reason === undefined ? undefined : ['[rust] libc = "gnu" in xbuild.toml', reason]
}

/** Only with a gcc for glibc is the linker another program than the compiler (linker.ts). */
function compilesWithGcc(env: NonNullable<Command['env']>, { rust }: Platform): boolean {
  if (rust.musl === undefined) return true
  const compiler = env[`CC_${rust.musl.replaceAll('-', '_')}`]
  const linker = env[`CARGO_TARGET_${envTriple(rust.musl)}_LINKER`]
  return compiler !== undefined && linker !== undefined && compiler !== linker
}

/** Of a library of this machine's that a build script has put into a link with musl (host-libraries.ts). */
function adviseOnHostLibraries(errors: string): Advice | undefined {
  if (!errors.includes('-linux-musl')) return undefined
  const found = [
    ...errors.matchAll(/(?<![\w.+-])(\/(?:usr\/)?lib(?:32|64)?(?:\/\w+-linux-gnu\w*)?)\/lib([\w+.-]+)\.a\b/g),
  ]
  // The folder once named, its libc comes before that of musl.
  const [, folder, library] = found.find(([, , name]) => name !== 'c') ?? found[0] ?? []
  if (folder === undefined || library === undefined) return undefined
  return [
    library === 'c' ? `leave ${folder} out of cargo:rustc-link-search` : compileInstead(library),
    `a build script names ${folder}, whose libraries are for this machine`,
  ]
}

const remedies: readonly Remedy[] = [
  {
    pattern: /E0463[\s\S]*`(std|core)`/,
    advise: () => ['rustup target add TARGET', 'the standard library of this target is missing'],
  },
  {
    pattern: /is incompatible with |file in wrong format|incompatible target|Relocations in generic ELF/,
    advise: () => [
      'compile the C code with the crate cc, which takes a compiler for the target',
      'what a build script compiled, or a library that it names, is for another processor',
    ],
  },
  {
    pattern:
      /(?:(?:unable to find library|cannot find) -l(?:static=)?|unable to find (?:\w+ )?system library ['"])([\w.+-]+)/,
    advise: ([, library = '']) =>
      /^(stdc\+\+|c\+\+)/.test(library)
        ? ['pip install ziglang', 'the program links the C++ library, which zig has for musl']
        : [
            compileInstead(library),
            'the copies on this machine are for glibc, and none of them is linked with musl',
          ],
  },
  {
    pattern: /Could not find directory of OpenSSL/,
    advise: () => [
      'use rustls, or the feature "vendored" of the crate openssl',
      'OpenSSL is not cross-compiled with the program',
    ],
  },
  {
    pattern: /Unable to find libclang|matching: \['libclang/,
    advise: () => [
      'apt-get install libclang-dev, or pip install libclang and export LIBCLANG_PATH=its folder with libclang.so',
      'bindgen reads C headers with libclang',
    ],
  },
  {
    // By the cc crate, and by the script in place of a compiler with arguments.
    pattern: /failed to find tool "\S*[gc]\+\+"|exec: (line \d+: )?\S*[gc]\+\+: not found/,
    advise: (_, platform) => {
      const [gcc] = (platform && crossPackages(platform)) ?? []
      const gxx = gcc ? `, or apt-get install ${gcc.replace('gcc', 'g++')}` : ''
      return [`pip install ziglang${gxx}`, 'a dependency holds C++ code and no C++ compiler was found']
    },
  },
  {
    pattern: /failed to find tool|is `?cc`? installed|No such file or directory.*-gcc/,
    advise: (_, platform) => {
      const packages = platform && crossPackages(platform)
      const gcc = packages ? `, or apt-get install ${packages.join(' ')}` : ''
      return [`pip install ziglang${gcc}`, 'a dependency holds C code and no C compiler was found']
    },
  },
  {
    // Part of rustup, but not of the Rust of every distribution.
    pattern: /linker `?rust-lld`? not found/,
    advise: () => ['pip install ziglang', 'rustc cannot start its own linker, rust-lld, and zig links, too'],
  },
  {
    pattern: /pkg-config has not been configured/,
    advise: () => [
      'compile the library with the program: a feature such as "vendored"',
      'a dependency looks for a library of the system, which is there for this machine only',
    ],
  },
  {
    pattern: /could not download|failed to download|error sending request|dns error/i,
    advise: () => [
      'check the network and the proxy (HTTPS_PROXY), and run xbuild again',
      'a download failed',
    ],
  },
]

/** What fixes the errors of a platform, where they are of a kind that is known. */
export function adviseRust(output: string, platform?: Platform, env?: Command['env']): string | undefined {
  const text = fittingErrors(output, platform).join('\n')
  const advice =
    adviseOnFlags(output, text) ??
    adviseOnHostLibraries(text) ??
    adviseOnGlibc(text, platform, env) ??
    firstRemedy(text, platform)
  return advice && `${advice[0]}   (${advice[1]})`
}

function firstRemedy(text: string, platform?: Platform): Advice | undefined {
  for (const { pattern, advise } of remedies) {
    const match = pattern.exec(text)
    if (match) return advise(match, platform)
  }
  return undefined
}

/**
 * The variable whose flags are for the machine that compiles, where the cc crate says that it used one: `CFLAGS =
 * Some(-march=native)`. It gives CFLAGS to the C code of every target.
 */
function adviseOnFlags(output: string, errors: string): Advice | undefined {
  if (!/['"=]native\b|-m\w+|target CPU|recognized processor/.test(errors)) return undefined
  const used = /^\s*((?:TARGET_)?C(?:XX|PP)?FLAGS\w*) = Some\("?(.*?)"?\)$/gm
  for (const [, name = '', value = ''] of output.matchAll(used)) {
    const flag = machineFlag(value.split(/\s+/))
    if (flag === undefined) continue
    return [
      `unset ${name}`,
      `it has ${flag}, which is for the processor of this machine, and reaches the C code of every platform; CFLAGS_TARGET, such as CFLAGS_x86_64_unknown_linux_musl, reaches one`,
    ]
  }
  return undefined
}
