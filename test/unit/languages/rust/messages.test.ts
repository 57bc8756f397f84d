import { describe, expect, it } from 'vitest'
import { explainRust, readArtifacts, readProgress } from '../../../../src/languages/rust/messages.ts'
import { parsePlatform } from '../../../../src/platforms.ts'
import type { Step } from '../../../../src/types.ts'

const amd64 = parsePlatform('amd64')
const arm64 = parsePlatform('arm64')

describe("cargo's messages", () => {
  const step: Step = {
    title: 'Compile',
    command: { tool: 'cargo', args: [], cwd: '/' },
    produces: [
      { platform: amd64, name: 'app' },
      { platform: arm64, name: 'app' },
    ],
  }
  const artifact = (executable: string | null, more: object = {}) =>
    JSON.stringify({
      reason: 'compiler-artifact',
      target: { name: 'app', kind: ['bin'] },
      executable,
      fresh: false,
      ...more,
    })
  const read = (...lines: string[]) =>
    readArtifacts(lines.join('\n'), step, { seconds: 3 }).map(
      ({ platform, path, cached }) => `${platform.id} ${path} ${cached}`,
    )

  it('name the programs, each platform by the folder of its triple', () => {
    expect(
      read(
        '{"reason":"build-script-executed"}',
        artifact('/t/x86_64-unknown-linux-musl/release/app', { fresh: true }),
        artifact('/t/aarch64-unknown-linux-gnu/dist/app'),
        '{"reason":"build-finished","success":true}',
      ),
    ).toEqual([
      'linux/amd64 /t/x86_64-unknown-linux-musl/release/app true',
      'linux/arm64 /t/aarch64-unknown-linux-gnu/dist/app false',
    ])
  })

  it('count for nothing where they are not of a program that was asked for', () => {
    expect(
      read(
        artifact(null),
        artifact('/t/release/app'),
        artifact('/t/x86_64-unknown-linux-musl/release/app', { target: { name: 'app', kind: ['lib'] } }),
        artifact('/t/x86_64-unknown-linux-musl/release/other', { target: { name: 'other', kind: ['bin'] } }),
        '"compiler-artifact" cut sho',
      ),
    ).toEqual([])
  })
})

describe("cargo's progress", () => {
  it.each([
    ['    Building [==>            ] 4/61: serde, libc(build)', '4 of 61: serde'],
    ['    Building [=======================> ] 60/61: app(bin)            ', '60 of 61: app'],
    ['    Building [                           ] 0/3', '0 of 3'],
    ['  Downloaded serde v1.0.0', 'Downloaded serde v1.0.0'],
    ['   Compiling serde v1.0.0', undefined],
    ['error: something 4/6: else', undefined],
  ])('%s', (line, expected) => {
    expect(readProgress(line)).toBe(expected)
  })
})

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
    expect(text).toContain('pip install ziglang')
    expect(text).not.toMatch(/rerun-if|TARGET =|CC_aarch64/)
  })

  it('is of the platform for which the build script looked for a compiler', () => {
    const failed = (triple: string, tool: string) =>
      `error: failed to run custom build command for \`zstd-sys v2.0.0\`\n  HOST = Some(x86_64-unknown-linux-gnu)\n  CC_${triple} = None\n  failed to find tool "${tool}"\n`
    const output =
      failed('x86_64-unknown-linux-musl', 'musl-gcc') + failed('aarch64-unknown-linux-musl', 'aarch64-gcc')
    expect(explainRust(output, arm64)).toMatch(
      /"aarch64-gcc"\n\(.* apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross\)$/,
    )
    expect(explainRust(output, arm64)).not.toContain('musl-gcc')
    expect(explainRust(output, amd64)).not.toContain('aarch64')
  })

  it('advises on OpenSSL where it was looked for, not where the crate compiles it', () => {
    const failed = (text: string) =>
      explainRust(`error: failed to run custom build command for \`openssl-sys v0.9.0\`\n  ${text}\n`, arm64)
    expect(failed('Could not find directory of OpenSSL installation')).toContain('the feature "vendored"')
    expect(failed("Command 'perl' not found. Is perl installed?")).not.toContain('vendored')
    expect(failed('failed to find tool "aarch64-linux-musl-gcc"')).toContain('pip install ziglang')
  })

  it.each([
    'error occurred in cc-rs: failed to find tool "aarch64-linux-gnu-g++": No such file or directory',
    '/cache/compilers/0123456789ab/cxx: 2: exec: aarch64-linux-gnu-g++: not found',
    'failed to find tool "c++": No such file or directory',
  ])('names the C++ compiler that is missing: %s', text => {
    const output = `error: failed to run custom build command for \`cxx v1.0.0\`\n  ${text}\n`
    expect(explainRust(output, arm64)).toMatch(
      /C\+\+ compiler was found: pip install ziglang, or apt-get install g\+\+-aarch64-linux-gnu\)$/,
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
