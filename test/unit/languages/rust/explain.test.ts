import { describe, expect, it } from 'vitest'
import { adviseRust } from '../../../../src/languages/rust/advice.ts'
import { explainRust } from '../../../../src/languages/rust/explain.ts'
import { parsePlatform } from '../../../../src/platforms.ts'

const amd64 = parsePlatform('amd64')
const arm64 = parsePlatform('arm64')

describe('what went wrong in Rust', () => {
  it('is the error without status lines', () => {
    const output = `   Compiling app v0.1.0 (/app)
    Building [===> ] 1/2: app(bin)
warning: unused variable: \`x\`
 --> src/main.rs:1:1

error[E0425]: cannot find value \`y\` in this scope
 --> src/main.rs:2:5
  |
2 |     y
  |     ^ not found in this scope

error: could not compile \`app\` (bin "app") due to 1 previous error; 1 warning emitted
`
    expect(explainRust(output, amd64)).toBe(
      'error[E0425]: cannot find value `y` in this scope\n' +
        ' --> src/main.rs:2:5\n  |\n2 |     y\n  |     ^ not found in this scope',
    )
  })

  it('is said once where two targets have it', () => {
    const error = 'error: same\n --> src/main.rs\n'
    expect(explainRust(error + error, amd64)).toBe('error: same\n --> src/main.rs')
  })

  it('leaves out what names another platform', () => {
    const output = `error: linking with \`cc\` failed: /t/aarch64-unknown-linux-musl/release
error: linking with \`cc\` failed: /t/x86_64-unknown-linux-musl/release
`
    expect(explainRust(output, arm64)).toBe(
      'error: linking with `cc` failed: /t/aarch64-unknown-linux-musl/release',
    )
  })

  it("is shown without a build script's chatter", () => {
    const output = `error: failed to run custom build command for \`zstd-sys v2.0.0\`

Caused by:
  process didn't exit successfully: \`/t/build\` (exit status: 1)
  --- stdout
  cargo:rerun-if-env-changed=CC
  TARGET = Some(aarch64-unknown-linux-musl)
  CC_aarch64-unknown-linux-musl = None
  --- stderr

  error occurred in cc-rs: failed to find tool "aarch64-linux-musl-gcc": No such file or directory (os error 2)
`
    const text = explainRust(output, arm64)
    expect(text).toContain('error occurred in cc-rs')
    expect(adviseRust(output, arm64)).toContain('pip install ziglang')
    expect(text).not.toMatch(/rerun-if|TARGET =|CC_aarch64/)
  })

  it('is of the platform for which the build script looked for a compiler', () => {
    const failed = (triple: string, tool: string) =>
      `error: failed to run custom build command for \`zstd-sys v2.0.0\`\n  HOST = Some(x86_64-unknown-linux-gnu)\n  CC_${triple} = None\n  failed to find tool "${tool}"\n`
    const output =
      failed('x86_64-unknown-linux-musl', 'musl-gcc') + failed('aarch64-unknown-linux-musl', 'aarch64-gcc')
    expect(explainRust(output, arm64)).toMatch(/"aarch64-gcc"$/)
    expect(adviseRust(output, arm64)).toMatch(
      /^pip install ziglang, or apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross {3}\(.*\)$/,
    )
    expect(explainRust(output, arm64)).not.toContain('musl-gcc')
    expect(explainRust(output, amd64)).not.toContain('aarch64')
  })

  it('advises on OpenSSL where it was looked for, not where the crate compiles it', () => {
    const failed = (text: string) =>
      adviseRust(`error: failed to run custom build command for \`openssl-sys v0.9.0\`\n  ${text}\n`, arm64)
    expect(failed('Could not find directory of OpenSSL installation')).toContain('the feature "vendored"')
    expect(failed("Command 'perl' not found. Is perl installed?")).toBeUndefined()
    expect(failed('failed to find tool "aarch64-linux-musl-gcc"')).toContain('pip install ziglang')
  })

  it.each([
    'error occurred in cc-rs: failed to find tool "aarch64-linux-gnu-g++": No such file or directory',
    '/cache/compilers/0123456789ab/cxx: 2: exec: aarch64-linux-gnu-g++: not found',
    'failed to find tool "c++": No such file or directory',
  ])('names the C++ compiler that is missing: %s', text => {
    const output = `error: failed to run custom build command for \`cxx v1.0.0\`\n  ${text}\n`
    expect(adviseRust(output, arm64)).toMatch(
      /^pip install ziglang, or apt-get install g\+\+-aarch64-linux-gnu {3}\(.*C\+\+ compiler was found\)$/,
    )
  })

  it('cuts what is too long', () => {
    const long = `error: linking with x${'y'.repeat(5000)}\n${'  note\n'.repeat(100)}`
    const lines = explainRust(long, amd64).split('\n')
    expect(lines.length).toBeLessThan(45)
    expect(lines[0]?.length).toBeLessThan(300)
    expect(lines.at(-1)).toBe('… 61 more lines')
  })

  it("is shown without rustup's stack", () => {
    const output =
      "error: toolchain '1.80.0' is not installed\nhelp: run `rustup toolchain install`\nStack backtrace:\n   0: main\n"
    expect(explainRust(output)).toBe(
      "error: toolchain '1.80.0' is not installed\nhelp: run `rustup toolchain install`",
    )
  })

  it('is empty for no error', () => {
    expect(explainRust('   Compiling app v0.1.0\n', amd64)).toBe('')
  })
})

describe('the errors of the C compiler that a build script ran', () => {
  const failed = (crate: string, more = '') =>
    `error: failed to run custom build command for \`${crate}\`\n\nCaused by:\n  process didn't exit successfully\n  --- stdout\n${more}\n  --- stderr\n\n  error occurred in cc-rs: command did not execute successfully: "cc"\n`
  const missing = "src/two.c:1:10: fatal error: 'nothere.h' file not found"

  it.each([
    [
      'behind the progress bar',
      `    Building [==> ] 4/6: two-sys(build)      warning: two-sys@1.0.0: ${missing}\n`,
      '',
    ],
    [
      'in lines of their own',
      `warning: two-sys@1.0.0: src/a.c:3:1: warning: unused\nwarning: two-sys@1.0.0: ${missing}\n`,
      '',
    ],
    [
      "in the script's output, by an older cargo",
      '',
      `  cargo:warning=${missing}\n  cargo:warning=1 error generated.`,
    ],
    [
      'by make',
      '',
      `  gcc -c src/two.c\n  ${missing}\n  compilation terminated.\n  make: *** [Makefile:2: two.o] Error 1`,
    ],
  ])('are shown first, with file and line: %s', (_, before, inside) => {
    const text = explainRust(before + failed('two-sys v1.0.0 (/my crates/two)', inside), arm64)
    expect(text.split('\n')[1]).toBe(missing)
    expect(text).not.toMatch(/unused|cargo:warning/)
  })

  it('are those of the crate that failed, of its version', () => {
    const output =
      `warning: two-sys@0.9.0: src/old.c:1:1: error: old\nwarning: other@1.0.0: o.c:1:1: error: other\n` +
      `warning: two-sys@1.0.0: ${missing}\nwarning: two-sys@1.0.0:     1 | #include <nothere.h>\n${failed('two-sys v1.0.0')}`
    const text = explainRust(output, arm64)
    expect(text).toContain(`${missing}\n    1 | #include <nothere.h>`)
    expect(text).not.toMatch(/error: (old|other)/)
  })

  it('are not lost behind a long output', () => {
    const chatter = Array.from({ length: 200 }, (_, line) => `  checking for ${line}... yes`).join('\n')
    const text = explainRust(failed('big-sys v1.0.0', `${chatter}\n  ${missing}\n${chatter}`), arm64)
    expect(text.split('\n')[1]).toBe(missing)
  })
})

describe('advice', () => {
  it.each([
    ['rust-lld: error: undefined symbol: fopen64', /^pip install ziglang/],
    ["/usr/bin/ld: two.c:(.text+0x1): undefined reference to `stat64'", /^pip install ziglang/],
    ['ld.lld: error: undefined symbol: __isoc23_strtol', /^pip install ziglang/],
    ["undefined reference to `__memcpy_chk'", /^pip install ziglang/],
    ['rust-lld: error: undefined symbol: fcntl64', /^pip install ziglang/],
    ['rust-lld: error: undefined symbol: nftw64', /^pip install ziglang/],
    ['rust-lld: error: undefined symbol: alphasort64', /^pip install ziglang/],
    ['rust-lld: error: undefined symbol: fts64_open', /^pip install ziglang/],
    ['rust-lld: error: undefined symbol: readdir64_r', /^pip install ziglang/],
    ['rust-lld: error: undefined symbol: __clock_gettime64', /^pip install ziglang/],
    ['rust-lld: error: undefined symbol: __time64', /^pip install ziglang/],
    ['rust-lld: error: undefined symbol: gnu_dev_makedev', /^pip install ziglang/],
    ['rust-lld: error: undefined symbol: __exp_finite', /^pip install ziglang/],
    ['rust-lld: error: undefined symbol: arc4random_buf', /^pip install ziglang/],
    ['rust-lld: error: undefined symbol: __cpu_model', /^pip install ziglang/],
    ['rust-lld: error: undefined symbol: __builtin_bswap64', undefined],
    ['rust-lld: error: undefined symbol: uint64', undefined],
    ['rust-lld: error: undefined symbol: open64.llvm', undefined],
    [
      'rust-lld: error: undefined symbol: backtrace',
      /^\[rust\] libc = "gnu".*\(backtrace is a function of glibc/,
    ],
    ["undefined reference to `argp_parse'", /^\[rust\] libc = "gnu"/],
    ["a.c:1:1: error: call to undeclared function 'rawmemchr'; ISO C99", /^\[rust\] libc = "gnu"/],
    [
      "a.c:1:10: fatal error: 'execinfo.h' file not found",
      /^\[rust\] libc = "gnu".*\(execinfo.h is a header/,
    ],
    ['a.c:1:10: fatal error: sys/cdefs.h: No such file or directory', /^\[rust\] libc = "gnu"/],
    ["a.c:1:10: fatal error: 'my_fts.h' file not found", undefined],
    ['rust-lld: error: undefined symbol: my_error', undefined],
    ['rust-lld: error: unable to find library -lstdc++', /^pip install ziglang/],
    ['rust-lld: error: unable to find library -lz', /^compile libz with the program/],
    ["error: unable to find dynamic system library 'z' using strategy 'no_fallback'", /^compile libz with/],
    ['/usr/bin/ld: cannot find -lpq: No such file or directory', /^compile libpq with the program/],
    ['Unable to find libclang: "couldn\'t find any valid shared libraries', /LIBCLANG_PATH/],
    ["undefined reference to `my_open'", undefined],
    ['error: linker `rust-lld` not found', /^pip install ziglang/],
  ])('on %s', (text, advice) => {
    const output = `error: linking with \`cc\` failed: exit status: 1\n  = note: ${text}\n`
    if (advice) expect(adviseRust(output, arm64)).toMatch(advice)
    else expect(adviseRust(output, arm64)).toBeUndefined()
  })

  it('on gcc is zig only where xbuild chose that gcc', () => {
    const output =
      'error: linking with `rust-lld` failed: exit status: 1\n  = note: rust-lld: error: undefined symbol: fopen64\n'
    const env = (cc: string | undefined, linker: string) => ({
      ...(cc && { CC_aarch64_unknown_linux_musl: cc }),
      CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER: linker,
    })
    expect(adviseRust(output, arm64, env('/c/cc', 'rust-lld'))).toMatch(/^pip install ziglang/)
    expect(adviseRust(output, arm64, env('/c/cc', '/c/cc'))).toMatch(/^compile the C code with the crate cc/)
    expect(adviseRust(output, arm64, env(undefined, 'rust-lld'))).toMatch(
      /^compile the C code with the crate cc/,
    )
  })

  it.each([
    [
      'rust-lld: error: undefined symbol: __gcc_personality_v0\n >>> referenced by iofclose.o in archive /usr/lib/x86_64-linux-gnu/libc.a',
      /^leave \/usr\/lib\/x86_64-linux-gnu out of cargo:rustc-link-search/,
    ],
    [
      'rust-lld: error: /usr/lib/x86_64-linux-gnu/libz.a(adler32.o) is incompatible with /s/crt1.o',
      /^compile libz with the program.*names \/usr\/lib\/x86_64-linux-gnu, whose/,
    ],
    [
      'rust-lld: error: undefined symbol: fopen64\n >>> referenced by a.o in archive /lib64/libpng16.a',
      /^compile libpng16 with/,
    ],
    [
      'error: unable to find static system library "ssl" using strategy no_fallback. searched paths:\n  /s/x86_64-unknown-linux-musl/lib/libssl.a',
      /^compile libssl with the program.*\(the copies on this machine are for glibc/,
    ],
    ['ld: /usr/lib/gcc/x86_64-linux-gnu/12/libgcc.a: undefined reference to `x`', undefined],
  ])('on libraries of this machine: %s', (text, advice) => {
    const output = `error: linking with \`rust-lld\` failed: exit status: 1\n  = note: "/s/aarch64-unknown-linux-musl/lib/crt1.o"\n  = note: ${text}\n`
    if (advice) expect(adviseRust(output, arm64)).toMatch(advice)
    else expect(adviseRust(output, arm64)).toBeUndefined()
  })

  it.each([
    ['rust-lld: error: /a/liba.a(a.o) is incompatible with /b/crt1.o'],
    ['/usr/bin/ld: /a/liba.a: error adding symbols: file in wrong format'],
  ])('on objects for another processor: %s', text => {
    const output = `error: linking with \`cc\` failed: exit status: 1\n  = note: ${text}\n`
    expect(adviseRust(output, arm64)).toMatch(/^compile the C code with the crate cc.*another processor/)
  })

  it.each([
    ['CFLAGS', '-march=native -O2', "error: unknown target CPU 'znver4'"],
    ['CXXFLAGS', '-mavx2', "c++: error: unrecognized command-line option '-mavx2'"],
    ['TARGET_CFLAGS', '-O2 -mcpu=native', "cc1: error: bad value 'native' for '-mcpu=' switch"],
  ])('names %s where its flags are for this machine', (variable, flags, error) => {
    const output = `warning: two@1.0.0: ${error}\nerror: failed to run custom build command for \`two v1.0.0\`\n  ${variable} = Some(${flags})\n`
    expect(adviseRust(output, arm64)).toMatch(new RegExp(`^unset ${variable} {3}`))
    expect(adviseRust(output.replace(flags, '-O2'), arm64) ?? '').not.toContain('unset')
  })
})
