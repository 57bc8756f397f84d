import { installedPackages } from '../../dockerfile/packages.ts'
import type { RunCommand } from './commands.ts'

/** What a command of a RUN is for, as far as that matters to whoever leaves it out. */
export type RunKind =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'covered'; readonly says: string }
  | { readonly kind: 'packages'; readonly packages: readonly string[] }
  | { readonly kind: 'user'; readonly name: string; readonly id: string | undefined; readonly group: boolean }
  | { readonly kind: 'folder'; readonly paths: readonly string[] }
  | { readonly kind: 'left'; readonly says: string }
  | { readonly kind: 'other'; readonly words: readonly string[] }
  | { readonly kind: 'make'; readonly words: readonly string[] }

const nothing = new Set(
  'sh bash ash cd set true : echo printf [ test ls cat exit export umask sync sleep which command env for if fi done case esac in trap source .'.split(
    ' ',
  ),
)

/** The kind of a command that compiles nothing. */
export function kindOfCommand({ command, resolve }: RunCommand): RunKind {
  const words = command.words.map(({ raw }) => resolve(raw).text)
  const { tool } = command
  const [, sub = ''] = words
  // `RUN <<EOF`: its text is read as commands of their own.
  if (tool === '' || tool.startsWith('<<') || nothing.has(tool) || isNoCommand(words))
    return { kind: 'nothing' }
  if (tool === 'make' || tool === 'gmake') return { kind: 'make', words }
  const packages = installedPackages(tool.replace(/^xx-(?=ap[tk])/, ''), words)
  if (packages) return { kind: 'packages', packages }
  if (/^(?:adduser|useradd|addgroup|groupadd)$/.test(tool)) return userOf(tool, words)
  if (tool === 'mkdir') return { kind: 'folder', paths: words.slice(1).filter(word => word.startsWith('/')) }
  if (/^(?:chown|chmod|chgrp|touch|install|ln|mv|cp|rm|rmdir|find|sed)$/.test(tool))
    return { kind: 'nothing' }
  if (/^(?:update-ca-certificates|ldconfig)$/.test(tool)) return { kind: 'nothing' }
  if (tool.startsWith('xx-')) return { kind: 'covered', says: 'xbuild compiles for each platform by itself' }
  if (tool === 'strip') return { kind: 'covered', says: 'xbuild strips by itself' }
  if (tool === 'upx')
    return { kind: 'left', says: 'xbuild does not compress binaries: layers are compressed anyway' }
  if (tool === 'go' && /^(?:mod|env|version|clean|get|work|telemetry)$/.test(sub))
    return { kind: 'covered', says: 'go downloads what it needs' }
  if (tool === 'cargo' && sub === 'install') return { kind: 'covered', says: 'a tool of the compile' }
  if (tool === 'cargo' && /^(?:fetch|chef|new|init|vendor|update|clean)$/.test(sub))
    return { kind: 'covered', says: 'cargo downloads what it needs' }
  if (tool === 'rustup')
    return { kind: 'covered', says: 'xbuild adds the target to this machine, and asks first' }
  if (/^(?:go|cargo|zig)$/.test(tool) && /^(?:test|vet|fmt|clippy)$/.test(sub))
    return { kind: 'left', says: `${tool} ${sub} is no part of the image: run it before xbuild` }
  if (tool === 'setcap') {
    return {
      kind: 'left',
      says: 'a layer cannot keep file capabilities of a file that xbuild adds: --cap-add in docker run',
    }
  }
  return { kind: 'other', words }
}

/** What a shell's `case` has in the place of a command, and questions for a version. */
function isNoCommand([first = '', ...rest]: readonly string[]): boolean {
  const isPattern = !/^[./~$]/.test(first) && /[/*]/.test(first)
  return isPattern || (rest.length === 1 && /^(?:--version|version|-V|-v|--help)$/.test(rest[0] ?? ''))
}

/** What only a compile needs, and xbuild or this machine's toolchain has. */
const forCompiling =
  /^(?:xx-\S+|git|make|gcc|g\+\+|build-base|build-essential|musl-dev|musl-tools|libc-dev|libc6-dev(?:-\w+)*|linux-headers|binutils|file|bash|curl|wget|xz-utils|xz|tar|unzip|gzip|clang|lld|llvm|upx|openssh-client|openssh|gnupg|cmake|pkg-config|pkgconf|pkgconfig|gcc-(?:aarch64|x86-64|arm)\S*|g\+\+-\S+|crossbuild-\S+|mercurial|bzr|subversion|ca-certificates|tzdata|zig|go|rust|cargo|perl)$/

/** Packages of a build stage that may be C libraries or generators. */
export const compilePackages = (packages: readonly string[]): string[] =>
  packages.filter(name => !forCompiling.test(name))

/** The user or group that `adduser -u 1000 app` makes. */
function userOf(tool: string, words: readonly string[]): RunKind {
  const isGroup = tool.includes('group')
  const flag = isGroup ? /^(?:-g|--gid)(?:=?(\d+))?$/ : /^(?:-u|--uid)(?:=?(\d+))?$/
  let id: string | undefined
  const at = words.findIndex(word => flag.test(word))
  if (at >= 0) id = flag.exec(words[at] ?? '')?.[1] ?? words[at + 1]
  // Flags in one word: -Su 1000
  const joined = words.findIndex(word => !isGroup && /^-[A-Za-z]+u$/.test(word))
  if (id === undefined && joined >= 0) id = words[joined + 1]
  const takesValue =
    /^(?:-[ugshGckdbp]|--(?:uid|gid|shell|home|home-dir|gecos|comment|ingroup|groups|gid|base-dir|group|password)|-\w*[uGgshd])$/
  const names = words
    .slice(1)
    .filter((word, index, all) => !word.startsWith('-') && !takesValue.test(all[index - 1] ?? ''))
  // `adduser app group` adds to a group, and `useradd -r app` has its name at the end.
  const name = tool === 'useradd' || tool === 'groupadd' ? names.at(-1) : names[0]
  return {
    kind: 'user',
    name: name ?? '',
    id: id !== undefined && /^\d+$/.test(id) ? id : undefined,
    group: isGroup,
  }
}
