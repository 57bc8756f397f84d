import * as v from 'valibot'
import { environment } from '../../util/string-table.ts'
import { platformTable, programTable } from '../platform-table.ts'

const libc = v.picklist(['musl', 'gnu'])
const glibc = v.pipe(v.string(), v.regex(/^2\.\d+$/, 'a glibc version such as "2.17"'))

/** `[rust.platform."linux/arm/v7"]` and `[rust.program.NAME]`. */
const variantKeys = {
  libc: v.exactOptional(libc),
  glibc: v.exactOptional(glibc),
  profile: v.exactOptional(v.string()),
  features: v.exactOptional(v.array(v.string())),
  'all-features': v.exactOptional(v.boolean()),
  'default-features': v.exactOptional(v.boolean()),
  env: v.exactOptional(environment),
}

interface FeatureKeys {
  readonly 'all-features'?: boolean
  readonly 'default-features'?: boolean
}

/** The keys as the program calls them, without those that the table has not. */
const named = <T extends FeatureKeys>({
  'all-features': allFeatures,
  'default-features': defaultFeatures,
  ...rest
}: T) => ({
  ...rest,
  ...(allFeatures !== undefined && { allFeatures }),
  ...(defaultFeatures !== undefined && { defaultFeatures }),
})

const platform = platformTable(v.pipe(v.strictObject(variantKeys), v.transform(named)))

/** `[rust]` of xbuild.toml; its keys are named as the flags of cargo are. */
export const rustTable = v.pipe(
  v.strictObject({
    libc: v.optional(libc, 'musl'),
    /** Oldest glibc the binary must run on; gnu with zig only. */
    glibc: v.exactOptional(glibc),
    profile: v.optional(v.string(), 'release'),
    features: v.optional(v.array(v.string()), []),
    'all-features': v.optional(v.boolean(), false),
    'default-features': v.optional(v.boolean(), true),
    package: v.exactOptional(v.string()),
    locked: v.optional(v.boolean(), false),
    env: v.optional(environment, {}),
    platform,
    program: programTable(v.pipe(v.strictObject({ ...variantKeys, platform }), v.transform(named))),
  }),
  v.transform(({ 'all-features': allFeatures, 'default-features': defaultFeatures, ...rest }) => ({
    ...rest,
    allFeatures,
    defaultFeatures,
  })),
)

/** `[rust]` with its defaults filled in. */
export type RustOptions = v.InferOutput<typeof rustTable>
