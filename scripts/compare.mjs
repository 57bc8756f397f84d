// Compares xbuild with other ways to make the same image of the same program: with empty caches, with one line changed, and
// with nothing changed; two platforms, pushed to a registry on this machine. The tools take turns, each with a copy of the
// project and caches of its own. Prints a table in Markdown.
//
//   node scripts/compare.mjs examples/go-server --main ./cmd/server --program server \
//     --registry localhost:5000 --base localhost:5000/distroless/static-debian13:nonroot --image localhost:5000/golang:1.26.8 \
//     --runs 5 --cold-runs 3 --json docs/comparison/go-server.json --svg docs/comparison/go-server.svg
//
// ko, goreleaser, cargo-zigbuild and krust are called from PATH, or from COMPARE_KO, COMPARE_GORELEASER, COMPARE_CARGO_ZIGBUILD
// and COMPARE_KRUST; --xx DIR is a checkout of github.com/tonistiigi/xx. A tool that is not there is left out, and that is said.
// --from FILE prints and draws a recorded run again.
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { pushBaseWithHistory } from './compare/base-with-history.mjs'
import { drawChart } from './compare/chart.mjs'
import { table } from './compare/report.mjs'
import { startTlsFront } from './compare/tls-front.mjs'
import { copyProject, krust, tools, writeFiles } from './compare/tools.mjs'
import { versionsOf } from './compare/versions.mjs'
import { pushXx } from './compare/xx-image.mjs'

/** @typedef {import('./compare/report.mjs').Row} Row */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    registry: { type: 'string' },
    base: { type: 'string' },
    image: { type: 'string' },
    main: { type: 'string' },
    program: { type: 'string' },
    runs: { type: 'string', default: '5' },
    'cold-runs': { type: 'string', default: '3' },
    tools: { type: 'string' },
    xx: { type: 'string' },
    json: { type: 'string' },
    svg: { type: 'string' },
    from: { type: 'string' },
  },
})
let copies = 0
const scenarios = /** @type {const} */ (['cold', 'one line changed', 'nothing changed'])
/** The folder of all copies; names of images of ko and of layouts may have no capital letters. */
const folder = mkdtempSync(join(tmpdir(), 'compare-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
process.on('SIGINT', () => process.exit(130))

const record = values.from ? JSON.parse(readFileSync(values.from, 'utf8')) : await measure()
console.log(table(record))
if (values.json) writeFileSync(values.json, `${JSON.stringify(record, undefined, 2)}\n`)
if (values.svg) writeFileSync(values.svg, drawChart(record))

async function measure() {
  const [project] = positionals
  const { registry, base, image, program } = values
  if (!project || !registry || !base || !program) {
    console.error(
      'usage: node scripts/compare.mjs PROJECT --program NAME --registry HOST:PORT --base IMAGE [--image IMAGE]',
    )
    process.exit(2)
  }
  const language = languageOf(project)
  const candidates = tools.filter(
    tool =>
      tool.languages.includes(language) && (!values.tools || values.tools.split(';').includes(tool.name)),
  )
  const isWanted = name => candidates.some(tool => tool.name === name)
  const platforms = ['linux/amd64', 'linux/arm64']
  const front = isWanted('krust') && isThere(krust) ? await startTlsFront(registry, folder) : undefined
  const setting = {
    language,
    program,
    main: values.main ?? { go: '.', rust: 'src/main.rs', zig: 'src/main.zig' }[language],
    registry,
    base,
    image,
    platforms,
    xx: isWanted('xx') && values.xx ? pushXx(values.xx, registry, folder) : undefined,
    front,
    baseWithHistory: front && (await pushBaseWithHistory(base, platforms)),
  }
  /** @type {Record<string, string>} */
  const leftOut = {}
  const chosen = candidates.filter(tool => {
    const missing = missingTool(tool, setting) ?? tool.lacks?.(setting)
    if (missing) leftOut[tool.name] = `there is no ${missing} here`
    if (missing) console.error(`${tool.name} is left out: ${leftOut[tool.name]}`)
    return !missing
  })
  /** @type {Row[]} */
  const rows = scenarios.map(scenario => ({
    scenario,
    samples: Object.fromEntries(chosen.map(({ name }) => [name, []])),
  }))
  const lines = Object.fromEntries(chosen.map(tool => [tool.name, linesOf(tool.files(setting, prepare('')))]))

  /** A peer that fails is left out, so that the others' samples are not lost; xbuild may not fail. */
  const take = (scenario, tool, place, cold) => {
    if (leftOut[tool.name]) return
    let seconds
    try {
      seconds = build(setting, tool, place, cold)
    } catch (error) {
      if (tool.name.startsWith('xbuild')) throw error
      console.error(error)
      leftOut[tool.name] = `failed (${scenario})`
      for (const { samples } of rows) delete samples[tool.name]
      delete lines[tool.name]
      return
    }
    rows.find(row => row.scenario === scenario)?.samples[tool.name]?.push(seconds)
    console.error(`${scenario}, ${tool.name}: ${seconds.toFixed(2)} s (load ${loadavg()[0]?.toFixed(1)})`)
  }
  const warm = new Map()
  for (let run = 0; run < Number(values['cold-runs']); run++) {
    for (const tool of inTurn(chosen, run)) {
      const place = prepare(project, tool, setting)
      change(setting, place, `cold ${run}`)
      take('cold', tool, place, true)
      const before = warm.get(tool)
      if (before) rmSync(before.dir, { recursive: true, force: true })
      warm.set(tool, place)
    }
  }
  for (let run = 0; run < Number(values.runs); run++) {
    for (const tool of inTurn(chosen, run)) {
      change(setting, warm.get(tool), `line ${run}`)
      take('one line changed', tool, warm.get(tool), false)
    }
    for (const tool of inTurn(chosen, run)) take('nothing changed', tool, warm.get(tool), false)
  }
  return {
    project: basename(resolve(project)),
    measuredAt: new Date().toISOString(),
    machine: `${cpus()[0]?.model.trim()}, ${availableParallelism()} processors`,
    versions: versionsOf(
      language,
      chosen.map(({ name }) => name),
      values.xx,
    ),
    rows,
    lines,
    leftOut,
    checks: Object.fromEntries(chosen.map(({ name, checks }) => [name, checks])),
    setting: {
      language,
      program,
      main: setting.main,
      registry: 'REGISTRY',
      base: nameOnly(base),
      image: image && nameOnly(image),
      platforms,
    },
  }
}

/** A reference without the registry of this run. @param {string} reference */
function nameOnly(reference) {
  return reference.replace(/^[^/]*[.:][^/]*\//, '')
}

/** @param {string} project @returns {'go' | 'rust' | 'zig'} */
function languageOf(project) {
  if (existsSync(join(project, 'go.mod'))) return 'go'
  return existsSync(join(project, 'Cargo.toml')) ? 'rust' : 'zig'
}

/** The first program that a tool calls and that is not there. */
function missingTool(tool, setting) {
  const names = tool.calls(setting, prepare(''), false).map(call => call.tool)
  return names.find(name => !isThere(name))
}

/** @param {string} program */
function isThere(program) {
  return spawnSync(program, ['--help'], { stdio: 'ignore' }).error === undefined
}

/** A copy of the project for a tool, with its configuration and empty caches; without a tool, only names. */
function prepare(project, tool, setting) {
  const id = `${process.pid}-${copies++}`
  const place = {
    dir: join(folder, id, 'app'),
    name: `compare-${id}`,
    caches: join(folder, id, 'caches'),
    cacheId: id,
  }
  if (!tool) return place
  mkdirSync(place.caches, { recursive: true })
  copyProject(project, place.dir)
  if (tool.vendored) vendor(setting.language, place)
  writeFiles(place.dir, tool.files(setting, place))
  if (tool.name === 'GoReleaser') {
    const git = (...args) =>
      run({ tool: 'git', args: ['-c', 'user.name=x', '-c', 'user.email=x@x', ...args] }, place)
    git('init', '-q')
    git('add', '-A')
    git('commit', '-qm', 'x')
    git('tag', 'v1.0.0')
    // It asks for the remote's name, and nothing of the remote itself.
    git('remote', 'add', 'origin', 'https://github.com/example/app.git')
  }
  return place
}

/** Puts the dependencies into the project, for a builder without network. */
function vendor(language, place) {
  if (language === 'go') run({ tool: 'go', args: ['mod', 'vendor'] }, place)
  if (language !== 'rust') return
  mkdirSync(join(place.dir, '.cargo'), { recursive: true })
  const settings = run({ tool: 'cargo', args: ['vendor', '--respect-source-config', 'vendored'] }, place)
  writeFileSync(join(place.dir, '.cargo/config.toml'), settings)
}

/** Runs a command in a copy with its own caches; those of downloads are shared. @returns its stdout */
function run({ tool, args, env = {} }, { dir, caches }) {
  const result = spawnSync(tool, args, {
    cwd: dir,
    encoding: 'utf8',
    maxBuffer: 1e9,
    env: {
      ...process.env,
      GOCACHE: join(caches, 'go'),
      GOFLAGS: '-trimpath',
      CGO_ENABLED: '0',
      CARGO_TARGET_DIR: join(caches, 'target'),
      XDG_CACHE_HOME: caches,
      ...env,
    },
  })
  if (result.status !== 0)
    throw new Error(`${tool} ${args.join(' ')}: ${result.error ?? `${result.stdout}\n${result.stderr}`}`)
  return result.stdout
}

/** Seconds of one build. */
function build(setting, tool, place, cold) {
  const started = performance.now()
  for (const call of tool.calls(setting, place, cold)) run(call, place)
  return (performance.now() - started) / 1000
}

/** Changes one line of the program, to one that was never compiled before. */
function change({ language, main }, { dir }, run) {
  const text = `${run} ${Date.now()}`
  if (language === 'go') {
    const code = `package main\n\nvar changed = "${text}"\n\nfunc init() {\n\tif changed == "" {\n\t\tpanic(changed)\n\t}\n}\n`
    return writeFileSync(join(dir, main, 'changed.go'), code)
  }
  const line = {
    rust: `#[used] static CHANGED: &str = "${text}";`,
    zig: `export const changed: [*:0]const u8 = "${text}";`,
  }[language]
  const file = join(dir, main)
  const code = readFileSync(file, 'utf8')
  const start = language === 'rust' ? '#[used] static CHANGED' : 'export const changed'
  const kept = code.split('\n').filter(each => !each.startsWith(start))
  writeFileSync(file, kept.join('\n'))
  appendFileSync(file, `\n${line}\n`)
}

/** Each is the first in turn. */
function inTurn(all, run) {
  const first = run % all.length
  return [...all.slice(first), ...all.slice(0, first)]
}

/** Lines of configuration that are no comment and not empty. */
function linesOf(files) {
  const lines = Object.values(files).flatMap(text => text.split('\n'))
  return lines.filter(line => line.trim() && !line.trim().startsWith('#')).length
}
