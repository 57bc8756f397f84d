import { type Platform, platforms } from '../platforms.ts'

/**
 * Which of the platforms that an image has serves a platform: its own, else the next lower variant, as an engine and
 * `FROM` choose (containerd/platforms compare.go, Only). Undefined where none does.
 */
export function servingPlatform({ arch, variant }: Platform, held: readonly string[]): string | undefined {
  const level = (name = '') => Number(name.slice(1))
  return platforms
    .filter(other => other.arch === arch && level(other.variant) <= level(variant))
    .sort((one, other) => level(other.variant) - level(one.variant))
    .find(({ id }) => held.includes(id))?.id
}
