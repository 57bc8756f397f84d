// `npm run docs`: the pages of docs/ as a static site in build/docs, with every link of it checked. Its generator has a folder
// and a lock file of its own, docs/site, for it is larger than all that building and testing xbuild takes.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from './bundle-options.mjs'

const site = join(root, 'docs/site')
const output = join(root, 'build/docs')

run('npm', ['run', '--silent', 'generate'], root)
if (!existsSync(join(site, 'node_modules/vitepress'))) run('npm', ['ci', '--no-audit', '--no-fund'], site)
run(process.execPath, [join(site, 'node_modules/vitepress/bin/vitepress.js'), 'build', site], root)

// Measurements that a page links to; VitePress takes only pages and pictures.
cpSync(join(root, 'docs/benchmarks'), join(output, 'benchmarks'), { recursive: true })

const pages = readdirSync(output, { recursive: true, encoding: 'utf8' }).filter(path =>
  path.endsWith('.html'),
)
const broken = pages.flatMap(page => brokenLinks(page))
for (const line of broken) console.error(line)
console.error(`${output}: ${pages.length} pages, ${broken.length} broken links`)
if (broken.length > 0 || pages.length < 20) process.exitCode = 1

/** @param {string} page */
function brokenLinks(page) {
  const html = readFileSync(join(output, page), 'utf8')
  const base = process.env.DOCS_BASE ?? '/'
  return [...html.matchAll(/\b(?:href|src)="([^"]+)"/g)].flatMap(([, link = '']) => {
    if (/^(?:[a-z]+:|\/\/)/.test(link)) return []
    const [path = '', anchor] = link.split('#')
    const absolute = path.startsWith(base) ? path.slice(base.length) : join(dirname(page), path)
    const file =
      path === '' ? page : absolute === '' || absolute.endsWith('/') ? `${absolute}index.html` : absolute
    if (!existsSync(join(output, file))) return [`${page}: ${link} is not there`]
    if (!anchor || !file.endsWith('.html')) return []
    const ids = readFileSync(join(output, file), 'utf8')
    return ids.includes(`id="${decodeURIComponent(anchor)}"`) ? [] : [`${page}: ${link} has no such heading`]
  })
}

/**
 * @param {string} tool
 * @param {readonly string[]} args
 * @param {string} cwd
 */
function run(tool, args, cwd) {
  const { status } = spawnSync(tool, args, { cwd, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
