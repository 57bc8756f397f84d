import { type Platform, zigTarget } from '../../platforms.ts'
import { glibcOnly } from '../glibc-only.ts'
import { installZig } from './version.ts'

/** A command or change, and the reason for it. */
type Advice = readonly [fix: string, reason: string]

interface Remedy {
  readonly pattern: RegExp
  readonly advise: (match: RegExpExecArray, output: string, platform: Platform) => Advice
}

const remedies: readonly Remedy[] = [
  {
    pattern: /invalid option: "?(-D)?(target|cpu)"?/,
    advise: () => [
      'let build.zig call b.standardTargetOptions(.{}) and give the result to its executables',
      'it does not take -Dtarget, so it compiles for this machine only',
    ],
  },
  {
    // Of the project's own check: `unsupported zig version: expected 0.14.1, found 0.16.0`; not the path of a package.
    pattern:
      /(?<![\w./-])[Zz]ig(?: compiler)?(?: version)?\b[^\n\d/\\]{0,40}v?(\d+\.\d+\.\d+(?:-dev\.\d+)?)[^\n]*$/m,
    advise: ([, version]) => [installZig(version), 'build.zig asks for that version of zig'],
  },
  {
    pattern: /unsupported target:?|[Uu]nsupportedTarget|unknown (?:target|architecture|CPU)/,
    // Without the libc is what a build.zig with a list of its own most often has.
    advise: (_match, _output, platform) => [
      `[zig] target."${platform.id}" = "${zigTarget(platform, 'musl').replace(/-musl\w*$/, '')}" in xbuild.toml, or the spelling that build.zig takes`,
      'build.zig does not take the target under the name that zig has for it',
    ],
  },
  {
    pattern: /unable to find (?:dynamic |static )?(?:[Dd]ynamic )?system library ['"]?([\w.+-]+)?/,
    advise: ([, library = 'a library']) => [
      `compile ${library} from source as a dependency of build.zig.zon, or switch it off: [zig] args = ["-D…"]`,
      'it is a library of the system, which is there for this machine only',
    ],
  },
  {
    pattern:
      /NameServerFailure|UnknownHostName|NoAddressReturned|ConnectionRefused|unable to (?:connect to|discover remote|fetch)/,
    advise: (_, output) => [
      'check the network and the proxy (HTTPS_PROXY), and run xbuild again',
      `zig could not download ${/\.url = "([^"]+)"/.exec(output)?.[1] ?? 'a dependency of build.zig.zon'}`,
    ],
  },
]

/** What fixes a failed build, where its output is of a kind that is known. */
export function adviseZig(output: string, platform: Platform): string | undefined {
  const errors = output
    .split('\n')
    .filter(line => /error|unsupported|info: available/i.test(line))
    .join('\n')
  for (const { pattern, advise } of remedies) {
    const match = pattern.exec(errors)
    if (match) return describe(advise(match, output, platform))
  }
  const reason = glibcOnly(errors)
  return reason === undefined
    ? undefined
    : describe([`[zig] target."${platform.id}" = "${zigTarget(platform, 'gnu')}" in xbuild.toml`, reason])
}

const describe = ([fix, reason]: Advice) => `${fix}   (${reason})`
