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
