import { resolve } from 'node:path'
import { Failure } from '../errors.ts'
import type { Platform } from '../platforms.ts'
import { type FileRule, perPlatformPath } from './copy-folder.ts'

/** Where an init is in the image: /sbin is a link in Debian, and so in distroless. */
export const initTarget = '/usr/bin/init'

/** What comes before the entrypoint of an image with an init: tini, catatonit and dumb-init all end their flags at `--`. */
export const initWords: readonly string[] = [initTarget, '--']

/**
 * The file of `[image] init`, which is another one for each platform.
 * @param root the project's folder
 * @throws {Failure} usage, for one path for several platforms.
 */
export function initFile(init: string, platforms: readonly Platform[], root: string): FileRule {
  if (platforms.length < 2 || perPlatformPath.test(init)) {
    return {
      from: resolve(root, init),
      to: initTarget,
      mode: 0o755,
      perPlatform: true,
      key: ['image', 'init'],
    }
  }
  throw new Failure({
    kind: 'usage',
    what: `One init cannot serve ${platforms.length} platforms`,
    where: '[image] init of xbuild.toml',
    key: ['image', 'init'],
    why: 'it is a program, and each platform needs its own',
    fix: `init = "tools/tini-{arch}", with a file for each of ${platforms.map(({ arch }) => arch).join(', ')}`,
  })
}
