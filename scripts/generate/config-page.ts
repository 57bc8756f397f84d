import type { KeyDoc } from '../../src/config/key-docs.ts'
import type { JsonSchema } from './json-schema.ts'

type Docs = Readonly<Record<string, KeyDoc>>

const head = `<!-- Made by \`npm run generate\` from src/config/schema.ts and src/config/key-docs.ts. -->

# xbuild.toml

xbuild needs no configuration. To change a default, write \`xbuild.toml\` in the project's folder; \`xbuild init\` writes one with what
differs from the defaults. Flags override the environment, the environment overrides xbuild.toml. Unknown keys are refused.

Editors with a TOML language server (taplo, Even Better TOML) complete and check it by the JSON Schema,
[schema/xbuild.schema.json](../schema/xbuild.schema.json). \`xbuild init\` writes it to \`.xbuild/schema.json\`:

    #:schema ./.xbuild/schema.json

In \`tags\`, \`args\`, \`env\`, \`labels\` and \`annotations\` of \`[image]\`, in \`ldflags\`, \`tags\` and \`vars\` of \`[go]\`, \`env\` of \`[rust]\`, and
\`args\` and \`env\` of \`[zig]\`, these become what they name: \`{version}\`, \`{commit}\`, \`{short-commit}\`, \`{date}\`, \`{branch}\`, \`{tag}\`,
\`{name}\` and \`{env.NAME}\`; where a step is for one platform, \`{platform}\` too. \`{{date}}\` is the text \`{date}\`.

What one platform or one program has of its own is in a table of its language, and what one image has of its own in
\`[images.NAME]\`:

    [go]
    tags = ["netgo", "simd"]

    [go.platform."linux/arm/v7"]
    tags = ["netgo"]                      # instead of those of [go]
    env = { GOEXPERIMENT = "nosimd" }     # on top of that of [go]

    [go.program.worker]                   # of the executable worker, on every platform
    tags = ["sqlite"]

    [go.program.worker.platform."linux/arm/v7"]
    tags = ["sqlite", "netgo"]

    [images.worker]
    env = { ROLE = "worker" }             # instead of that of [image]

Flags go before the table of the program, which goes before the table of the platform, which goes before the table of the
language. A platform that is not built makes its table a remark, a program that the project has not is refused. Programs with
a table are compiled by a command of their own, with a log \`dist/logs/PLATFORM-PROGRAM.log\`. The image is the same for all platforms, but for files with \`{platform}\` or \`{arch}\` in \`from\`.
`

/** docs/configuration.md. */
export function configPage(schema: JsonSchema, docs: Docs): string {
  const tables = Object.entries(schema.properties ?? {}).filter(([, inner]) => isTable(inner))
  const top = Object.entries(schema.properties ?? {}).filter(([, inner]) => !isTable(inner))
  return `${[
    head,
    section('Top of the file', 'Above all tables.', [], Object.fromEntries(top), docs),
    ...tables.map(([name, inner]) => {
      const title = name === 'images' ? '[images.NAME]' : `[${name}]`
      const keys = name === 'images' ? ownKeysOfImages(inner) : (inner.properties ?? {})
      return section(title, docs[name]?.text ?? '', [name], keys, docs)
    }),
  ].join('\n')}`
}

const isTable = ({ properties, additionalProperties }: JsonSchema) =>
  properties !== undefined || (typeof additionalProperties === 'object' && !!additionalProperties.properties)

/** Those that [image] does not have. */
function ownKeysOfImages({ additionalProperties }: JsonSchema): Record<string, JsonSchema> {
  const { bin } = (additionalProperties as JsonSchema).properties ?? {}
  return bin ? { bin } : {}
}

type Properties = Readonly<Record<string, JsonSchema>>

function section(title: string, text: string, path: readonly string[], keys: Properties, docs: Docs): string {
  const rows = Object.entries(keys).flatMap(([key, inner]) =>
    rowsOf([...path, key], inner, path.length, docs),
  )
  return `## ${title}\n\n${text}\n\n| key | type | default | |\n|---|---|---|---|\n${rows.join('\n')}\n`
}

function rowsOf(path: readonly string[], schema: JsonSchema, depth: number, docs: Docs): string[] {
  const doc = docs[path.join('.')] as KeyDoc
  const name = path.slice(depth).join('.')
  const cells = [
    `\`${name}\``,
    typeOf(schema),
    schema.default === undefined ? (doc.unset ?? 'required') : `\`${JSON.stringify(schema.default)}\``,
    `${doc.text}${doc.example && `<br>\`${name.split('.').at(-1)} = ${doc.example}\``}`,
  ]
  const inner = innerKeys(schema)
  return [
    `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`,
    ...Object.entries(inner).flatMap(([key, one]) => rowsOf([...path, key], one, depth, docs)),
  ]
}

function innerKeys({ properties, items, anyOf }: JsonSchema): Properties {
  const one = items ? innerKeys(items) : undefined
  return properties ?? one ?? anyOf?.find(member => member.properties)?.properties ?? {}
}

function typeOf(schema: JsonSchema): string {
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' or ')
  if (schema.enum) return schema.enum.map(value => `\`${JSON.stringify(value)}\``).join(', ')
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``
  if (schema.items) return `array of ${plural(typeOf(schema.items))}`
  if (typeof schema.additionalProperties === 'object')
    return `table of ${plural(typeOf(schema.additionalProperties))}`
  if (schema.type === 'object') return 'table'
  return schema.type ?? 'value'
}

const plural = (type: string) =>
  type
    .split(' or ')
    .map(one => (one.startsWith('array of ') ? one.replace('array', 'arrays') : `${one}s`))
    .join(' or ')
