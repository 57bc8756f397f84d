import { dirname, join, resolve } from 'node:path'
import { readText } from '../../util/read-file.ts'

/** The toolchain that a project pins, and the file that says so. */
interface PinnedToolchain {
  readonly channel: string
  readonly file: string
}

/**
 * What to say where the pinned toolchain is not the one at hand: without rustup nothing reads the file, and with it
 * RUSTUP_TOOLCHAIN and overrides come first.
 * @param release as `rustc -vV` prints it: 1.96.0, 1.97.0-nightly
 */
export async function toolchainRemarks(dir: string, release: string, rustup: boolean): Promise<string[]> {
  const pinned = await findPinned(dir)
  if (!pinned || fits(pinned.channel, release)) return []
  const why = rustup ? 'RUSTUP_TOOLCHAIN or an override of rustup comes first' : 'only rustup reads that file'
  return [`${pinned.file} asks for Rust ${pinned.channel}, and this is ${release}: ${why}`]
}

/** Whether a release is of a channel; true for a channel of the user's own, which has any name. */
export function fits(channel: string, release: string): boolean {
  const [, version, name] =
    /^(?:(\d+\.\d+(?:\.\d+)?(?:-beta\S*)?)|(stable|beta|nightly))(?:-|$)/.exec(channel) ?? []
  if (version !== undefined) return release === version || release.startsWith(`${version}.`)
  if (name === 'stable') return !release.includes('-')
  return name === undefined || release.includes(`-${name}`)
}

/** The toolchain that rustup would take for a project, where a file of it says so: `1.80.0`, `nightly`. */
export async function pinnedChannel(dir: string): Promise<string | undefined> {
  return (await findPinned(dir))?.channel
}

/** The names of the files that pin a toolchain, in a project's folder or above. */
export const toolchainFiles = ['rust-toolchain', 'rust-toolchain.toml'] as const

/** The nearest of `rust-toolchain` and `rust-toolchain.toml`, in this folder or one above (rustup book, "Overrides"). */
async function findPinned(dir: string): Promise<PinnedToolchain | undefined> {
  for (let folder = resolve(dir); ; folder = dirname(folder)) {
    for (const name of toolchainFiles) {
      const file = join(folder, name)
      const text = await readText(file).catch(() => undefined)
      if (text === undefined) continue
      const channel = readChannel(text)
      return channel === undefined ? undefined : { channel, file }
    }
    if (folder === dirname(folder)) return undefined
  }
}

/** The older form of the file is the channel alone. */
function readChannel(text: string): string | undefined {
  const lines = text.trim().split('\n')
  if (lines.length === 1 && !/[[=]/.test(text)) return text.trim() || undefined
  return /^\s*channel\s*=\s*["']([^"']+)["']/m.exec(text)?.[1]
}
