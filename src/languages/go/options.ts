import * as v from 'valibot'

/** `[go]` of xbuild.toml. */
export const goTable = v.strictObject({
  tags: v.optional(v.array(v.string()), []),
  /** Replaces the linker flags that xbuild sets; `-X` stamps are still added. */
  ldflags: v.exactOptional(v.string()),
  env: v.optional(v.record(v.string(), v.string()), {}),
  /** Compile cgo: `auto` where a package really uses it. */
  cgo: v.optional(v.union([v.literal('auto'), v.boolean()]), 'auto'),
})
