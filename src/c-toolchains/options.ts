import * as v from 'valibot'

/** `[c]` of xbuild.toml: the toolchain that compiles C code of any language. */
export const cTable = v.strictObject({
  toolchain: v.optional(v.picklist(['auto', 'zig', 'gcc']), 'auto'),
})

/** What `[c] toolchain` may say. */
export type CPreference = v.InferOutput<typeof cTable>['toolchain']
