import { buildFlags } from '../../config/flags.ts'
import { resolveOptions } from '../../config/options.ts'
import { interruptSignal } from '../../interrupt.ts'
import { githubFlag } from './shared-flags.ts'
import { defineTask } from './task.ts'

const { platform, bin, lang } = buildFlags

/** `xbuild ci cache-key`: under which name a CI keeps what the toolchain compiled and downloaded. */
export const cacheKeyTask = defineTask({
  describe: 'prints the key of the toolchain’s cache',
  flags: {
    platform,
    bin,
    lang,
    'restore-keys': {
      type: 'boolean',
      describe: 'Print the beginnings of earlier keys instead, a line each',
    },
    ...githubFlag,
    json: { type: 'boolean', describe: 'Print JSON' },
  },
  run: async argv => {
    const { toolchainCache } = await import('../../ci/cache/plan.ts')
    const options = await resolveOptions(argv)
    const { language, key, restoreKeys, folders } = await toolchainCache(options, interruptSignal)
    const paths = folders.map(({ path }) => path)
    if (argv.github) {
      const { writeValues } = await import('../../ci/github/files.ts')
      const lists = { 'restore-keys': restoreKeys.join('\n'), paths: paths.join('\n') }
      return writeValues('GITHUB_OUTPUT', { key, ...lists })
    }
    process.stdout.write(
      argv.json
        ? `${JSON.stringify({ language, key, restoreKeys, paths }, undefined, 2)}\n`
        : `${argv.restoreKeys ? restoreKeys.join('\n') : key}\n`,
    )
  },
})
