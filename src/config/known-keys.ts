import { configSchema } from './schema.ts'

interface Schema {
  readonly wrapped?: Schema
  readonly entries?: Readonly<Record<string, Schema>>
  /** Of a table whose keys a person chooses. */
  readonly value?: Schema
  /** Of an array. */
  readonly item?: Schema
  /** Of a union: at most one of them is a table. */
  readonly options?: readonly Schema[]
}

/** The keys that a table of xbuild.toml has, by the path to it: `['images', 'web']`. */
export function knownKeys(path: readonly string[]): string[] {
  let schema: Schema | undefined = unwrap(configSchema as unknown as Schema)
  for (const part of path) {
    const entries: Readonly<Record<string, Schema>> = schema?.entries ?? {}
    schema = unwrap(Object.hasOwn(entries, part) ? entries[part] : (schema?.value ?? schema?.item))
  }
  return Object.keys(schema?.entries ?? {})
}

/** The tables of xbuild.toml that have a key: `ldflags` → `go`. */
export function tablesOf(key: string): string[] {
  return knownKeys([]).filter(table => knownKeys([table]).includes(key))
}

function unwrap(schema: Schema | undefined): Schema | undefined {
  if (schema?.wrapped) return unwrap(schema.wrapped)
  return schema?.options?.map(unwrap).find(option => option?.entries) ?? schema
}
