// Compares xbuild's in-process backend with ko on the same Go program, platforms and base, in turn: cold, with one line
// changed, with nothing changed; pushed to a registry and written to a file. ko is measured as it comes, and with KOCACHE,
// which keeps what it linked (off by default; cold, it has nothing to give).
//
//   go install github.com/google/ko@latest
//   node scripts/compare-ko.mjs examples/go-server ./cmd/server --registry localhost:5000 --base localhost:5000/static
//
// The registry must be on this machine. Prints a table in Markdown and, with --json FILE, keeps every sample.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    registry: { type: 'string' },
    base: { type: 'string' },
    runs: { type: 'string', default: '10' },
    'cold-runs': { type: 'string' },
    ko: { type: 'string', default: 'ko' },
    json: { type: 'string' },
    only: { type: 'string' },
  },
})
const [project, program = '.'] = positionals
const { registry, base, ko } = values
if (!project || !registry || !base) {
  console.error('usage: node scripts/compare-ko.mjs PROJECT [PACKAGE] --registry HOST:PORT --base IMAGE')
  process.exit(2)
}
const xbuild = fileURLToPath(new URL('../bin/xbuild.js', import.meta.url))
const runs = Number(values.runs)
const coldRuns = Number(values['cold-runs'] ?? runs)
const platforms = 'linux/amd64,linux/arm64'
// ko takes no layout folder with a capital in its path, which mkdtemp gives.
const folder = join(tmpdir(), `compare-ko-${process.pid}`)
mkdirSync(folder)
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
let fresh = 0

/** What each tool is called for, by row of the table. Every call gets the same Go flags: -trimpath, -ldflags "-s -w". */
const outputs = {
  push: {
    title: 'push, two platforms',
    xbuild: ({ name }) => [`--platform=${platforms}`, `--tag=${registry}/xbuild-${name}:1`, '--push'],
    ko: ({ name }) => ({
      args: [`--platform=${platforms}`, '--bare', '--tags=1'],
      env: { KO_DOCKER_REPO: `${registry}/ko-${name}` },
    }),
  },
  layout: {
    title: 'OCI layout, two platforms',
    xbuild: ({ dir }) => [`--platform=${platforms}`, `--output=${dir}-layout`],
    ko: ({ dir }) => ({
      args: [`--platform=${platforms}`, '--bare', '--push=false', `--oci-layout-path=${dir}-layout`],
      env: { KO_DOCKER_REPO: `${registry}/unused` },
    }),
  },
  archive: {
    title: 'archive, one platform (all that ko puts into one)',
    xbuild: ({ dir }) => ['--platform=linux/amd64', `--output=${dir}.tar`],
    ko: ({ dir }) => ({
      args: ['--platform=linux/amd64', '--bare', '--push=false', `--tarball=${dir}.tar`],
      env: { KO_DOCKER_REPO: `${registry}/unused` },
    }),
  },
}

const kocache = 'ko with KOCACHE'

/** A copy of the project with caches of its own, so that nothing one tool did helps the other. */
function copy(tool) {
  const name = `${process.pid}-${fresh++}`
  const dir = join(folder, name, basename(resolve(project)))
  cpSync(project, dir, { recursive: true, filter: path => !/\/(dist|\.git|xbuild\.toml)$/.test(path) })
  writeFileSync(join(dir, '.ko.yaml'), `defaultLdflags: ["-s", "-w"]\ndefaultBaseImage: ${base}\n`)
  const caches = join(folder, name, 'caches')
  mkdirSync(caches)
  const env = {
    ...process.env,
    GOCACHE: join(caches, 'go'),
    XDG_CACHE_HOME: caches,
    GOFLAGS: '-trimpath',
    CGO_ENABLED: '0',
    KOCACHE: tool === kocache ? join(caches, 'ko') : '',
  }
  return { tool, name, dir, env }
}

/** Seconds of one build. */
function build({ tool, name, dir, env }, output) {
  const target = { name, dir: join(dir, '../out') }
  const call = tool === 'xbuild' ? xbuildCall(output.xbuild(target)) : koCall(output.ko(target))
  const started = performance.now()
  const { status, stderr, error } = spawnSync(call.command, call.args, {
    cwd: dir,
    env: { ...env, ...call.env },
    encoding: 'utf8',
  })
  const seconds = (performance.now() - started) / 1000
  if (status !== 0) throw new Error(`${call.command} ${call.args.join(' ')}: ${error ?? stderr}`)
  return seconds
}

function xbuildCall(flags) {
  const own = ['--backend=oci', `--base=${base}`, '--progress=quiet']
  return { command: process.execPath, args: [xbuild, 'build', ...own, ...flags] }
}

/** Without its SBOM, which xbuild makes none of. */
function koCall({ args, env }) {
  return { command: ko, args: ['build', program, '--sbom=none', ...args], env }
}

/** Changes one line of the program, to one that was never built before. */
function change({ dir }, run) {
  writeFileSync(
    join(dir, program, 'changed.go'),
    `package main\n\nvar changed = "${run} ${Date.now()}"\n\nfunc init() {\n\tif changed == "" {\n\t\tpanic(changed)\n\t}\n}\n`,
  )
}

/** Each is the first in turn. */
function inTurn(all, run) {
  const first = run % all.length
  return [...all.slice(first), ...all.slice(0, first)]
}

function median(samples) {
  const sorted = [...samples].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

const results = []
let compiled
for (const [key, output] of Object.entries(outputs)) {
  if (values.only && values.only !== key) continue
  const rows = { cold: {}, 'one line changed': {}, 'nothing changed': {} }
  const tools = ['xbuild', 'ko', kocache]
  for (const row of Object.values(rows)) for (const tool of tools) row[tool] = []
  for (let run = 0; run < coldRuns; run++) {
    for (const tool of inTurn(['xbuild', 'ko'], run)) {
      const place = copy(tool)
      change(place, run)
      rows.cold[tool].push(build(place, output))
      rmSync(join(place.dir, '..'), { recursive: true, force: true })
    }
  }
  const warm = tools.map(tool => copy(tool))
  for (const place of warm) {
    // The standard library is compiled once for all of them.
    if (compiled) cpSync(compiled, place.env.GOCACHE, { recursive: true })
    change(place, 'warm')
    build(place, output)
    compiled ??= place.env.GOCACHE
  }
  for (let run = 0; run < runs; run++) {
    for (const place of inTurn(warm, run)) {
      change(place, run)
      rows['one line changed'][place.tool].push(build(place, output))
    }
  }
  for (let run = 0; run < runs; run++) {
    for (const place of inTurn(warm, run)) rows['nothing changed'][place.tool].push(build(place, output))
  }
  for (const [state, samples] of Object.entries(rows))
    results.push({ output: output.title, state, ...samples })
  console.error(`${output.title} done`)
}

const version = (command, ...args) => spawnSync(command, args, { encoding: 'utf8' }).stdout.trim()
const seconds = samples =>
  samples.length === 0
    ? '–'
    : `${median(samples).toFixed(2)} (${Math.min(...samples).toFixed(2)}–${Math.max(...samples).toFixed(2)})`
console.log(`${basename(resolve(project))}, median of ${runs} in turn (fastest–slowest), seconds
${cpus()[0]?.model.trim()}, ${availableParallelism()} processors; Node.js ${process.versions.node}; ko ${version(ko, 'version')}; ${version('go', 'version')}

| output | | xbuild | ko | ko ÷ xbuild | ko with KOCACHE |
|---|---|---|---|---|---|`)
for (const { output, state, xbuild, ko, [kocache]: cached } of results) {
  if (ko.length === 0) continue
  console.log(
    `| ${output} | ${state} | ${seconds(xbuild)} | ${seconds(ko)} | ${(median(ko) / median(xbuild)).toFixed(2)} | ${seconds(cached)} |`,
  )
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(results, undefined, 2)}\n`)
