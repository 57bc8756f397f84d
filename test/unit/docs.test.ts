import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config/load.ts'
import { exitCodes } from '../../src/errors.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter(path => path.endsWith('.md') && !path.includes('node_modules'))
  .map(path => `docs/${path}`)
const documents = [...pages, 'README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'examples/README.md']

/** Markdown without its code. */
const prose = (text: string) => text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '`x`')

/** The anchors that GitHub gives the headings of a page. */
function anchorsOf(text: string): string[] {
  return [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .replace(/[`*]|\]\([^)]*\)/g, '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  )
}

test.each(documents)('the links of %s lead somewhere', path => {
  const links = [...prose(read(path)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
  const broken = links.filter(link => {
    if (/^[a-z]+:/.test(link)) return false
    const [file = '', anchor] = link.split('#')
    const target = file === '' ? path : normalize(join(dirname(path), file))
    if (!existsSync(join(root, target))) return true
    return anchor !== undefined && !anchorsOf(read(target)).includes(anchor)
  })
  expect(broken).toEqual([])
})

test('every page can be reached from README.md or docs/README.md', () => {
  const reached = new Set<string>(['docs/README.md', 'README.md'])
  for (const page of reached) {
    for (const [, link = ''] of prose(read(page)).matchAll(/\]\(([^)\s#]+\.md)(?:#[^)]*)?\)/g)) {
      const target = normalize(join(dirname(page), link))
      if (target.startsWith('docs/')) reached.add(target)
    }
  }
  expect(pages.filter(page => !reached.has(page))).toEqual([])
})

test('troubleshooting has a part for every exit code', () => {
  const codes = [...read('docs/troubleshooting.md').matchAll(/^## (\d+): /gm)].map(([, code]) => Number(code))
  expect(codes).toEqual(
    Object.values(exitCodes)
      .filter(code => code !== exitCodes.ok)
      .sort((a, b) => a - b),
  )
})

const recipes = [...read('docs/recipes/README.md').matchAll(/^### (\S+)$[\s\S]*?^```toml\n([\s\S]*?)^```$/gm)]

test.each(recipes.map(([, name = '', toml = '']) => [name, toml] as const))(
  'the recipe of %s is an xbuild.toml, and its project is in the table',
  async (name, toml) => {
    await parseConfig(toml, name)
    expect(read('docs/recipes/README.md')).toContain(`[${name}](#${name})`)
  },
)
