import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { configFile } from '../../config/load.ts'
import { Failure } from '../../errors.ts'
import type { Check } from '../check.ts'
import { fromFailure, ok } from '../outcome.ts'

export const configuration: Check = {
  id: 'configuration',
  title: 'Configuration',
  question: 'Are xbuild.toml, the flags and the variables of xbuild right?',
  findings:
    'A problem for a key, flag or value that xbuild does not know, with its line. The other checks go on with defaults.',
  run: async ({ options, dir }) => {
    if (options instanceof Failure) return fromFailure(options)
    return ok(
      existsSync(join(dir, configFile)) ? `${configFile} is right` : `no ${configFile}: the defaults apply`,
    )
  },
}
