import * as v from 'valibot'

const environment = v.record(v.string(), v.string())

/** `[go]` of xbuild.toml. */
export const goTable = v.strictObject({
  tags: v.optional(v.array(v.string()), []),
  ldflags: v.optional(v.string()),
  env: v.optional(environment, {}),
  cgo: v.optional(v.union([v.literal('auto'), v.boolean()]), 'auto'),
})

/** `[rust]` of xbuild.toml. */
export const rustTable = v.strictObject({
  libc: v.optional(v.picklist(['musl', 'gnu']), 'musl'),
  glibc: v.optional(v.pipe(v.string(), v.regex(/^2\.\d+$/, 'a glibc version such as "2.17"'))),
  profile: v.optional(v.string(), 'release'),
  features: v.optional(v.array(v.string()), []),
  'all-features': v.optional(v.boolean(), false),
  'default-features': v.optional(v.boolean(), true),
  package: v.optional(v.string()),
  locked: v.optional(v.boolean(), false),
  env: v.optional(environment, {}),
})

/** `[zig]` of xbuild.toml. */
export const zigTable = v.strictObject({
  release: v.optional(v.picklist(['safe', 'fast', 'small', 'off']), 'safe'),
  args: v.optional(v.array(v.string()), []),
  env: v.optional(environment, {}),
})

/** `[c]` of xbuild.toml: the toolchain that compiles C code of any language. */
export const cTable = v.strictObject({
  toolchain: v.optional(v.picklist(['auto', 'zig', 'gcc']), 'auto'),
})
