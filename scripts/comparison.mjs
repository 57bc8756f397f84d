// Measures everything that docs/comparison.md says, and writes it: scripts/compare.mjs for each language, then
// scripts/measure-growth.mjs; samples and charts go to docs/comparison/. On two processors, Go took 8
// minutes, growth 14, Rust and Zig 10.
//
//   node scripts/comparison.mjs --registry localhost:5000 --distroless localhost:5000/distroless
//     --go localhost:5000/golang:1.26.8 [--rust IMAGE] [--zig IMAGE] [--xx DIR] [--runs 5] [--cold-runs 1]
//     [--only go,rust,zig,growth,page]
//
// Peers are called as scripts/compare.mjs says. --only page writes the page again from the samples.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { comparisonPage } from './compare/page.mjs'

const { values } = parseArgs({
  options: {
    registry: { type: 'string' },
    distroless: { type: 'string' },
    go: { type: 'string' },
    rust: { type: 'string' },
    zig: { type: 'string' },
    xx: { type: 'string' },
    runs: { type: 'string', default: '5' },
    'cold-runs': { type: 'string', default: '1' },
    only: { type: 'string', default: 'go,rust,zig,growth,page' },
  },
})
const root = fileURLToPath(new URL('..', import.meta.url))
const samples = join(root, 'docs/comparison')
const only = values.only.split(',')
mkdirSync(samples, { recursive: true })

if (only.some(part => part !== 'page') && (!values.registry || !values.distroless)) {
  console.error('usage: node scripts/comparison.mjs --registry HOST:PORT --distroless HOST:PORT/distroless')
  process.exit(2)
}
const mains = { go: ['--main=./cmd/server'], rust: [], zig: [] }
for (const language of /** @type {const} */ (['go', 'rust', 'zig'])) {
  if (!only.includes(language)) continue
  const image = values[language]
  run('compare.mjs', [
    `examples/${language}-server`,
    ...mains[language],
    `--program=${programOf(language)}`,
    `--registry=${values.registry}`,
    `--base=${values.distroless}/static-debian13:nonroot`,
    ...(image ? [`--image=${image}`] : []),
    ...(values.xx ? [`--xx=${values.xx}`] : []),
    `--runs=${values.runs}`,
    `--cold-runs=${values['cold-runs']}`,
    `--json=docs/comparison/${language}-server.json`,
    `--svg=docs/comparison/${language}-server.svg`,
  ])
}
if (only.includes('growth')) {
  run('measure-growth.mjs', [
    `--registry=${values.registry}`,
    '--base=scratch', // distroless has six of the nine platforms
    '--runs=2',
    ...(hasKo() ? ['--ko=3x2,10x5', `--ko-base=${values.distroless}/static-debian13:nonroot`] : []),
    '--json=docs/comparison/growth.json',
  ])
}
const read = name => {
  const path = join(samples, `${name}.json`)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
}
if (only.includes('page')) {
  const comparisons = ['go-server', 'rust-server', 'zig-server'].map(read).filter(Boolean)
  writeFileSync(join(root, 'docs/comparison.md'), comparisonPage(comparisons, read('growth')))
}

function run(script, args) {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts', script), ...args], {
    cwd: root,
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(status ?? 1)
}

/** Whether ko can be called: a table without it is better than none. */
function hasKo() {
  return spawnSync(process.env.COMPARE_KO ?? 'ko', ['version']).status === 0
}

function programOf(language) {
  return { go: 'server', rust: 'rust-server', zig: 'zig-server' }[language]
}
