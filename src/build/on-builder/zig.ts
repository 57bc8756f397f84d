import { join } from 'node:path'
import type { ZigProject } from '../../languages/zig/project.ts'
import { type BuilderLanguage, stageFolders } from './builder-language.ts'

/** Zig: it has no official image, so one is to be named. */
export const zigOnBuilder: BuilderLanguage = {
  image: version => ({ missing: `there is no official image of zig ${version}` }),
  elsewhere: project => ({
    ...(project as ZigProject),
    // The compile fetches what it needs into its own cache.
    downloads: false,
    zig: { ...(project as ZigProject).zig, command: ['zig'] },
  }),
  env: () => ({ ZIG_GLOBAL_CACHE_DIR: `${stageFolders.caches}/zig` }),
  caches: ({ cwd, args }) => [
    { name: 'zig-global', target: `${stageFolders.caches}/zig`, perPlatform: true },
    {
      name: 'zig-local',
      target: join(cwd, args[args.indexOf('--cache-dir') + 1] ?? '.zig-cache'),
      perPlatform: true,
    },
  ],
  top: dir => dir,
  imageFor: async () => ({ missing: 'Zig has no official image' }),
  downloads: [],
  outputs: ({ root }) => ['.zig-cache', 'zig-cache', 'zig-out'].map(name => join(root, name)),
}
