import * as v from 'valibot'

type Table<T> = Record<string, T>

/**
 * A table whose keys a person chooses. Unlike valibot's own record, which skips `constructor`, `prototype` and
 * `__proto__` without a word, it takes every key.
 */
export function table<const S extends v.GenericSchema>(values: S, keys?: v.GenericSchema<string>) {
  // What the JSON Schema is made from, which knows nothing of this schema.
  const ofTable = Object.assign(v.custom<Table<unknown>>(isTable, 'a table'), { values, keys })
  const schema = v.pipe(
    ofTable,
    v.rawTransform(({ dataset, addIssue }): Table<v.InferOutput<S>> => {
      const input = dataset.value
      const entries = Object.entries(input).map(([key, value]) => {
        const at = { type: 'object', origin: 'value', input, key, value } as const
        const found = [...issuesOf(keys, key), ...issuesOf(values, value)]
        for (const { message, expected, received, path = [], type } of found) {
          addIssue({
            message,
            expected: type === 'regex' ? message : expected,
            received,
            path: [at, ...path],
          } as Parameters<typeof addIssue>[0])
        }
        return [key, found.length > 0 ? value : v.parse(values, value)]
      })
      return Object.fromEntries(entries) as Table<v.InferOutput<S>>
    }),
  )
  return Object.assign(schema, { value: values as v.GenericSchema })
}

/** Environment variables of a command; a name cannot hold "=" or NUL (POSIX.1-2017, 8.1). */
export const environment = table(
  v.string(),
  v.pipe(v.string(), v.regex(/^[^=\0]+$/, 'the name of a variable, without "="')),
)

function isTable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function issuesOf(schema: v.GenericSchema | undefined, value: unknown) {
  return schema ? (v.safeParse(schema, value).issues ?? []) : []
}
