import type { SelfCheck } from '../build/self-check.ts'
import { describeBytes } from '../util/format.ts'
import type { About } from '../version.ts'

/** What self-check found, for people. */
export function describeSelfCheck({ about, digest, image, ran }: SelfCheck): string {
  const lines = [
    `${describeAbout(about)}`,
    ...image.platforms.map(({ platform, digest, entrypoint }) => {
      const where = platform === ran ? ', runs here' : ''
      return `✔ ${platform}  ${digest}  ${entrypoint?.path ?? ''} ${describeBytes(entrypoint?.size ?? 0)}, static${where}`
    }),
    `✔ index        ${digest}  made, read back, verified`,
    'OK: xbuild works here. A project needs its own toolchain: go, cargo or zig.',
  ]
  return `${lines.join('\n')}\n`
}

function describeAbout({ version, commit, node, executable, platform }: About): string {
  const runtime = executable ? `executable with Node.js ${node}` : `Node.js ${node}`
  return `xbuild ${version}${commit ? ` (${commit.slice(0, 12)})` : ''}, ${runtime}, ${platform}`
}
