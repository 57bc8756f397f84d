import * as v from 'valibot'

/** `[zig]` of xbuild.toml. */
export const zigTable = v.strictObject({
  release: v.optional(v.picklist(['safe', 'fast', 'small', 'off']), 'safe'),
  args: v.optional(v.array(v.string()), []),
  env: v.optional(v.record(v.string(), v.string()), {}),
})
