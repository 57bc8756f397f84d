// The site made from docs/ by VitePress: `npm run docs` writes it into build/docs.
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const docs = fileURLToPath(new URL('../..', import.meta.url))
/** Where the sources can be read, for links that leave docs/; without it, these are text. */
const sources = process.env.DOCS_SOURCE_URL

export default {
  title: 'xbuild',
  description: 'Multi-architecture container images for Go, Rust and Zig, compiled natively, without QEMU.',
  srcDir: '..',
  srcExclude: ['site/**'],
  outDir: '../../build/docs',
  cacheDir: '../../build/docs-cache',
  base: process.env.DOCS_BASE ?? '/',
  cleanUrls: false,
  // Pages are named README.md for those who read them where the sources are.
  rewrites: { 'README.md': 'index.md', 'decisions/README.md': 'decisions/index.md', 'recipes/README.md': 'recipes/index.md' },
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  markdown: { config: adapt },
  themeConfig: {
    search: { provider: 'local' },
    sidebar: sidebar(),
    outline: [2, 3],
    nav: [
      { text: 'Install', link: '/install' },
      { text: 'Quick start', link: '/quick-start' },
      { text: 'xbuild.toml', link: '/configuration' },
    ],
  },
}

/** The headings and links of the index, so that both have one order. */
function sidebar() {
  const [, ...parts] = readFileSync(join(docs, 'README.md'), 'utf8').split(/^## /m)
  return parts.map(part => ({
    text: part.split('\n')[0],
    items: [...part.matchAll(/^- \[([^\]]+)\]\(([^)#]+)\.md\)/gm)].map(([, text, page]) => ({
      text,
      link: `/${page.replace(/README$/, '')}`,
    })),
  }))
}

/** What pages need that are written for readers of plain Markdown. */
function adapt(markdown) {
  // What is in braces in a sentence is no template of Vue.
  const { text, code_inline: code } = markdown.renderer.rules
  const inert = rule => (...given) => rule(...given).replaceAll('{{', '&#123;&#123;')
  markdown.renderer.rules.text = inert(text)
  if (code) markdown.renderer.rules.code_inline = inert(code)
  // Blocks that are marked by their indent look like the others, and scroll.
  markdown.renderer.rules.code_block = (tokens, index, ...rest) => {
    tokens[index].info = ''
    return markdown.renderer.rules.fence(tokens, index, ...rest)
  }
  keepLinksInside(markdown)
}

/** Links to files outside of docs/ lead to the sources, or are no links. */
function keepLinksInside(markdown) {
  const outside = (href, env) => {
    if (/^(?:[a-z]+:|#|\/)/.test(href)) return undefined
    const path = relative(docs, join(docs, dirname(env.relativePath), href))
    return path.startsWith('..') ? path.replace(/^\.\.\//, '') : undefined
  }
  markdown.core.ruler.after('inline', 'links-outside', state => {
    for (const { children } of state.tokens) {
      let isText = false
      for (const token of children ?? []) {
        if (token.type === 'link_open') {
          const href = token.attrGet('href') ?? ''
          token.attrSet('href', href.replace(/\bREADME\.md\b/, 'index.md'))
          const path = outside(href, state.env)
          isText = path !== undefined && sources === undefined
          if (path !== undefined && sources !== undefined) token.attrSet('href', `${sources}/${path}`)
        }
        if (isText && /^link_/.test(token.type)) {
          const isEnd = token.type === 'link_close'
          Object.assign(token, { type: 'text', content: '', tag: '', nesting: 0 })
          if (isEnd) isText = false
        }
      }
    }
  })
}
