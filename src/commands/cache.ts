import { describeCacheUse } from '../ui/cache-text.ts'
import { cacheFolder } from '../util/cache-folder.ts'
import { cleanText, printJson } from '../util/printable.ts'
import { defineCommand } from './command.ts'

/** `xbuild cache`: where xbuild's own cache is and how large, and with --prune nothing of it any more. */
export const cacheCommand = defineCommand({
  usage: 'cache',
  describe: "Show where xbuild's own cache is and how large; --prune empties it",
  positionals: {},
  flags: {
    prune: { type: 'boolean', describe: 'Remove all of it; builds fill it again' },
    json: { type: 'boolean', describe: 'Print it as JSON' },
  },
  run: async argv => {
    const { pruneCache, readCacheUse } = await import('../util/cache-use.ts')
    const use = await readCacheUse(cacheFolder())
    if (argv.prune) await pruneCache(use.folder)
    const removed = argv.prune === true
    process.stdout.write(
      argv.json ? `${printJson({ ...use, removed })}\n` : `${cleanText(describeCacheUse(use, removed))}\n`,
    )
  },
})
