import * as v from 'valibot'
import { isPlatform } from '../../platforms.ts'
import { environment, table } from '../../util/string-table.ts'
import { platformTable, programTable } from '../platform-table.ts'

const release = v.picklist(['safe', 'fast', 'small', 'off'])
const step = v.pipe(v.string(), v.regex(/^[^-]/, 'the name of a step of build.zig'))

/** `[zig.platform."linux/arm/v7"]` and `[zig.program.NAME]`; `target` is by platform in itself. */
const variantKeys = {
  release: v.exactOptional(release),
  step: v.exactOptional(step),
  args: v.exactOptional(v.array(v.string())),
  env: v.exactOptional(environment),
}

const platform = platformTable(v.strictObject(variantKeys))

const platformName = v.pipe(v.string(), v.check(isPlatform, 'a platform, such as "linux/arm64"'))

/** `[zig]` of xbuild.toml. */
export const zigTable = v.strictObject({
  release: v.optional(release, 'safe'),
  /** The step of build.zig that installs the program. */
  step: v.optional(step, 'install'),
  /** `-Dtarget` by platform, for a build.zig that has spellings of its own. */
  target: v.optional(table(v.string(), platformName), {}),
  args: v.optional(v.array(v.string()), []),
  env: v.optional(environment, {}),
  platform,
  program: programTable(v.strictObject({ ...variantKeys, platform })),
})
