import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { describe, expect, it, test } from 'vitest'
import { keyDocs } from '../../../src/config/key-docs.ts'
import { parseConfig } from '../../../src/config/load.ts'

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
const validate = new Ajv({ allErrors: true }).compile(JSON.parse(read('schema/xbuild.schema.json')))
const parse = async (text: string) => JSON.parse(JSON.stringify((await import('toml')).default.parse(text)))

const examples = Object.entries(keyDocs).filter(([key, { example }]) => example && key.split('.').length <= 2)

describe('the example of', () => {
  test.each(examples)('%s is valid, for the program and by the JSON Schema', async (key, { example }) => {
    const [name = '', table] = key.split('.').reverse()
    const header = table === 'images' ? '[images.web]\n' : table ? `[${table}]\n` : ''
    const text = `${header}${name} = ${example}`
    await parseConfig(text, 'xbuild.toml')
    expect(validate(await parse(text)), JSON.stringify(validate.errors)).toBe(true)
  })
})

describe('the table of keys', () => {
  it('calls a key required where the JSON Schema does, and no other', () => {
    const rows = read('docs/configuration.md').matchAll(/^\| `([\w.-]+)` \| .*? \| required \|/gm)
    const named = [...rows].map(([, name = '']) => name.split('.').at(-1))
    expect(named.sort()).toEqual(
      requiredKeys(JSON.parse(read('schema/xbuild.schema.json')).properties).sort(),
    )
  })
})

interface Node {
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Node>>
  readonly items?: Node
  readonly anyOf?: readonly Node[]
}

/** [images.NAME] has those of [image], which are in the table once. */
function requiredKeys(properties: Readonly<Record<string, Node>> = {}): string[] {
  const within = ({ required = [], properties, items, anyOf = [] }: Node): string[] => [
    ...required,
    ...requiredKeys(properties),
    ...(items ? within(items) : []),
    ...anyOf.flatMap(within),
  ]
  return Object.values(properties).flatMap(within)
}

describe('the JSON Schema', () => {
  it("takes the README's sample", async () => {
    const [, sample = ''] = /```toml\n([\s\S]*?)```/.exec(read('README.md')) ?? []
    expect(validate(await parse(sample)), JSON.stringify(validate.errors)).toBe(true)
  })

  test.each([
    'platform = []',
    'backend = "docker"',
    '[image]\nports = [70000]',
    '[images.web]\nlables = {}',
    '[images."a/b"]\nbin = "x"',
    '[go]\nenv = { A = 1 }',
    '[go]\nenv = { "A=B" = "1" }',
    '[rust]\nglibc = "3"',
    '[[image.files]]\nfrom = "a"',
    '[image]\nhealthcheck = true',
  ])('refuses %j, as the program does', async text => {
    expect(validate(await parse(text))).toBe(false)
    await expect(parseConfig(text, 'xbuild.toml')).rejects.toMatchObject({ kind: 'usage' })
  })
})

test('docs/configuration.md names every key', () => {
  const page = read('docs/configuration.md')
  for (const [key, { example }] of Object.entries(keyDocs)) {
    if (!example) continue
    expect(page).toContain(`| \`${key.replace(/^[a-z]+\./, '')}\` |`)
  }
})
