/** Lines in which zig repeats its own commands and the tree of steps. */
const noise = [
  /^info\(verbose\): /,
  /^install -C /,
  /^error: the following (build )?command (failed|exited)/,
  /^failed command: /,
  /^error: (configure|build) command exited/,
  /^\S*\/build \S+ /,
  // A command that build.zig runs while it is read.
  /^NO_COLOR=1 /,
  /^.*\bzig (build-exe|build-lib|build-obj|translate-c) -/,
  // A program that the build compiled and runs.
  /^(cd .* && )?\S*\/o\/[0-9a-f]{32}\/\S+( |$)/,
  /^Build Summary:/,
  /^install( transitive failure| success)?$/,
  /^[| ]*[+`]- /,
  /^error: \d+ compilation errors$/,
  /^\s*$/,
]

/**
 * The command that `zig build --verbose` begins, such as `zig build-exe app`, in the words of zig 0.13 to 0.17. There is a
 * progress protocol too (ZIG_PROGRESS), but `zig build` hands it on to none of the programs that do the work.
 */
export function readZigProgress(line: string): string | undefined {
  const [, command, rest = ''] = /\bzig (build-exe|build-lib|build-obj|translate-c) (-.*)/.exec(line) ?? []
  if (command === undefined) return undefined
  const name = /(?:^| )--name (\S+)/.exec(rest)?.[1]
  return `zig ${command}${name === undefined ? '' : ` ${name}`}`
}

const shownLines = 40

/** A call of a stack that is in zig's own library, with its line and the mark below it: build.zig's own calls say enough. */
const ownCall = /^\S+[/\\]lib[/\\](?:std|compiler)[/\\]\S+\.zig:\d+:\d+: 0x.*\r?\n.*\r?\n *\^\r?\n?/gm

/** What went wrong, without zig's summary, the commands that it ran itself and its own part of a stack. */
export function explainZig(output: string): string {
  const lines = output
    .replace(ownCall, '')
    .split(/\r?\n|\r/)
    .filter(line => !noise.some(pattern => pattern.test(line)))
    .map(line => (line.length > 300 ? `${line.slice(0, 297)}…` : line))
  const shown = lines.slice(0, shownLines)
  const more = lines.length - shown.length
  return [...shown, ...(more > 0 ? [`… ${more} more lines`] : [])].join('\n')
}

/**
 * Files of the shared cache that another zig had just moved or not yet written (ziglang/zig #13160, #14815, #18989).
 */
export function isZigRace(output: string): boolean {
  return /\b(FileNotFound|PathAlreadyExists|AccessDenied|EEXIST)\b/.test(output)
}

/** Whether `--summary all` says that every compile step was cached. */
export function wasCached(output: string): boolean {
  const compiles = output
    .split('\n')
    .filter(line => /[+`]- (zig build-(exe|lib|obj)|compile (exe|lib|obj)) /.test(line))
    // A step that another one has in common is named again, without what became of it.
    .filter(line => !/\((?:reused|\+\d+ more reused dependenc(?:y|ies))\)\s*$/.test(line))
  return compiles.length > 0 && compiles.every(line => / cached\b/.test(line))
}
