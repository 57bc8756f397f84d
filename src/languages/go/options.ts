import * as v from 'valibot'
import { environment, table } from '../../util/string-table.ts'
import { platformTable, programTable } from '../platform-table.ts'

/** The linker asks for the form importpath.name. */
const variableName = v.pipe(
  v.string(),
  v.check(name => /^[^\s=]+\.[^\s=./]+$/.test(name), 'a variable with its package, such as "main.version"'),
)

/** `[go.platform."linux/arm/v7"]` and `[go.program.NAME]`. */
const variantKeys = {
  tags: v.exactOptional(v.array(v.string())),
  ldflags: v.exactOptional(v.string()),
  vars: v.exactOptional(table(v.string(), variableName)),
  env: v.exactOptional(environment),
  cgo: v.exactOptional(v.union([v.literal('auto'), v.boolean()])),
}

const platform = platformTable(v.strictObject(variantKeys))

/** `[go]` of xbuild.toml. */
export const goTable = v.strictObject({
  tags: v.optional(v.array(v.string()), []),
  /** Replaces `-s -w`; the stamps and those of GOFLAGS are still added, before it. Placeholders as in {version}. */
  ldflags: v.exactOptional(v.string()),
  /** What -X sets: "example.com/app/version.Version" = "{version}". */
  vars: v.optional(table(v.string(), variableName), {}),
  env: v.optional(environment, {}),
  /** Compile cgo: `auto` where a package really uses it. */
  cgo: v.optional(v.union([v.literal('auto'), v.boolean()]), 'auto'),
  platform,
  program: programTable(v.strictObject({ ...variantKeys, platform })),
})
