import { join } from 'node:path'
import type { ZigProject } from '../../languages/zig/project.ts'
import { type BuilderLanguage, stageFolders } from './builder-language.ts'
import { zigReads } from './reads/zig.ts'

/** Zig: it has no official image, so one is to be named. */
export const zigOnBuilder: BuilderLanguage = {
  image: version => ({ missing: `there is no official image of zig ${version}` }),
  elsewhere: project => ({
    ...(project as ZigProject),
    cache: stageFolders.caches,
    // The compile fetches what it needs into its own cache.
    downloads: false,
    zig: { ...(project as ZigProject).zig, command: ['zig'] },
  }),
  env: () => ({ ZIG_GLOBAL_CACHE_DIR: `${stageFolders.caches}/zig` }),
  programs: () => ({}),
  caches: () => [
    { name: 'zig-global', target: `${stageFolders.caches}/zig`, perPlatform: true, locked: true },
    { name: 'zig-local', target: `${stageFolders.caches}/xbuild`, perPlatform: true, locked: true },
  ],
  reads: zigReads,
  named: { file: 'build.zig.zon', pattern: /\.name\s*=\s*\.?@?"?([\w-]+)/ },
  top: dir => dir,
  imageFor: async () => ({ missing: 'Zig has no official image' }),
  downloads: [],
  outputs: ({ root }) => ['.zig-cache', 'zig-cache', 'zig-out'].map(name => join(root, name)),
}
