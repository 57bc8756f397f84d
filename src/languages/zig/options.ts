import * as v from 'valibot'
import { table } from '../../util/string-table.ts'

/** `[zig]` of xbuild.toml. */
export const zigTable = v.strictObject({
  release: v.optional(v.picklist(['safe', 'fast', 'small', 'off']), 'safe'),
  /** The step of build.zig that installs the program. */
  step: v.optional(v.pipe(v.string(), v.regex(/^[^-]/, 'the name of a step of build.zig')), 'install'),
  /** `-Dtarget` by platform, for a build.zig that has spellings of its own. */
  target: v.optional(v.record(v.string(), v.string()), {}),
  args: v.optional(v.array(v.string()), []),
  env: v.optional(table(v.string()), {}),
})
