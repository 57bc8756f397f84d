// Makes the JSON Schema of xbuild.toml and docs/configuration.md from the schema of the program. It is bundled before it
// runs: src/ is TypeScript.
import { toJsonSchema } from '@valibot/to-json-schema'
import type { GenericSchema } from 'valibot'
import { type KeyDoc, keyDocs } from '../../src/config/key-docs.ts'
import { configSchema } from '../../src/config/schema.ts'
import { configPage } from './config-page.ts'
import type { JsonSchema } from './json-schema.ts'
import { messagesPage } from './messages-page.ts'

/** The generated files, by their path in the repository. */
export function generatedFiles(): Record<string, string> {
  const schema = documented(jsonSchemaOf(configSchema as GenericSchema), [])
  const unused = Object.keys(keyDocs).filter(key => !seen.has(key))
  if (missing.length > 0 || unused.length > 0) {
    const lines = [
      ...missing.map(key => `src/config/key-docs.ts lacks the key ${key}`),
      ...unused.map(key => `src/config/key-docs.ts has ${key}, which is no key of xbuild.toml`),
    ]
    throw new Error(lines.join('\n'))
  }
  const file = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'xbuild.toml',
    description: 'The configuration of xbuild: multi-architecture images of a Go, Rust or Zig project.',
    ...schema,
  }
  return {
    'schema/xbuild.schema.json': `${JSON.stringify(file, undefined, 2)}\n`,
    'docs/configuration.md': configPage(schema, keyDocs),
    'docs/messages.md': messagesPage(process.cwd()),
  }
}

/** Of what is written, before defaults and transformations. */
function jsonSchemaOf(schema: GenericSchema): JsonSchema {
  const { $schema: _, ...rest } = toJsonSchema(schema, {
    typeMode: 'input',
    errorMode: 'ignore',
    // A table whose keys a person chooses is a schema of our own (src/util/string-table.ts).
    overrideSchema: ({ valibotSchema, jsonSchema }) => {
      const { values, keys } = valibotSchema as { values?: GenericSchema; keys?: GenericSchema }
      if (valibotSchema.type !== 'custom' || !values) return jsonSchema
      return {
        type: 'object',
        additionalProperties: jsonSchemaOf(values),
        ...(keys && { propertyNames: jsonSchemaOf(keys) }),
      } as typeof jsonSchema
    },
  })
  return rest as JsonSchema
}

const seen = new Set<string>()
const missing: string[] = []

/** The schema with the descriptions and examples of its keys. */
function documented(schema: JsonSchema, path: readonly string[]): JsonSchema {
  const { properties, items, anyOf, additionalProperties, required = [], ...rest } = schema
  return {
    ...rest,
    ...(required.length > 0 && { required }),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([key, inner]) => [
          key,
          { ...describe([...path, key]), ...documented(inner, [...path, key]) },
        ]),
      ),
    }),
    ...(items && { items: documented(items, path) }),
    ...(anyOf && { anyOf: anyOf.map(one => documented(one, path)) }),
    ...(additionalProperties !== undefined && {
      additionalProperties:
        typeof additionalProperties === 'object'
          ? documented(additionalProperties, path)
          : additionalProperties,
    }),
  }
}

function describe(path: readonly string[]): { description?: string } {
  const doc = findDoc(path)
  if (!doc) {
    missing.push(path.join('.'))
    return {}
  }
  return { description: doc.example === '' ? doc.text : `${doc.text}\nExample: ${doc.example}` }
}

/** `[images.NAME]` has the keys of `[image]` and its own, `[go.platform."…"]` and `[go.program.NAME]` those of `[go]`. */
function findDoc(path: readonly string[]): KeyDoc | undefined {
  const shared = path[0] === 'images' ? ['image', ...path.slice(1)] : path
  const ofAll = shared.filter((part, at) => at !== 1 || part !== 'program' || shared.length === 2)
  const candidates = [path, shared, ofAll, ofAll.filter(part => part !== 'platform')].map(keys =>
    keys.join('.'),
  )
  const key = candidates.find(name => Object.hasOwn(keyDocs, name)) ?? path.join('.')
  seen.add(key)
  return Object.hasOwn(keyDocs, key) ? keyDocs[key] : undefined
}
