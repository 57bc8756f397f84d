import * as v from 'valibot'
import { table } from '../../util/string-table.ts'

/** `[rust]` of xbuild.toml; its keys are named as the flags of cargo are. */
export const rustTable = v.pipe(
  v.strictObject({
    libc: v.optional(v.picklist(['musl', 'gnu']), 'musl'),
    /** Oldest glibc the binary must run on; gnu with zig only. */
    glibc: v.exactOptional(v.pipe(v.string(), v.regex(/^2\.\d+$/, 'a glibc version such as "2.17"'))),
    profile: v.optional(v.string(), 'release'),
    features: v.optional(v.array(v.string()), []),
    'all-features': v.optional(v.boolean(), false),
    'default-features': v.optional(v.boolean(), true),
    package: v.exactOptional(v.string()),
    locked: v.optional(v.boolean(), false),
    env: v.optional(table(v.string()), {}),
  }),
  v.transform(({ 'all-features': allFeatures, 'default-features': defaultFeatures, ...rest }) => ({
    ...rest,
    allFeatures,
    defaultFeatures,
  })),
)

/** `[rust]` with its defaults filled in. */
export type RustOptions = v.InferOutput<typeof rustTable>
