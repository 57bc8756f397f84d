// Measures how a build grows: 1, 3 and 10 programs for 2, 5 and 9 platforms, every image pushed. After a build that filled the
// caches, each side takes turns with one line changed of a package that all programs share, and with nothing changed: xbuild
// with its own backend, xbuild through buildx, and `go build` typed by hand for each platform, which makes no image; ko at
// the sizes of --ko.
//
//   node scripts/measure-growth.mjs --registry localhost:5000 --base localhost:5000/static [--runs 3]
//     [--programs 1,3,10] [--platforms 2,5,9] [--cold 10x5] [--ko 3x2,10x5 --ko-base IMAGE] [--caches FOLDER] [--json FILE]
//
// A size of 50 binaries or more is measured half as often. ko is taken from PATH or COMPARE_KO, and needs a base in the registry.
// The registry must be on this machine. --cold measures the named sizes with empty caches too. Processor time is that of the
// processes that were started here: not of the registry, and through buildx not of the engine. Prints a table in Markdown.
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { growthTable } from './compare/growth-table.mjs'

const { values } = parseArgs({
  options: {
    registry: { type: 'string' },
    base: { type: 'string' },
    programs: { type: 'string', default: '1,3,10' },
    platforms: { type: 'string', default: '2,5,9' },
    sides: { type: 'string', default: 'by hand;oci;buildx' },
    runs: { type: 'string', default: '3' },
    cold: { type: 'string', default: '' },
    ko: { type: 'string', default: '' },
    'ko-base': { type: 'string' },
    caches: { type: 'string' },
    json: { type: 'string' },
    from: { type: 'string' },
  },
})
/** In this order, so that fewer platforms are a part of more. */
const platforms = [
  ...['linux/amd64', 'linux/arm64', 'linux/arm/v7', 'linux/riscv64', 'linux/s390x'],
  ...['linux/ppc64le', 'linux/386', 'linux/arm/v6', 'linux/loong64'],
]
const xbuild = fileURLToPath(new URL('../bin/xbuild.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'measure-growth-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
process.on('SIGINT', () => process.exit(130))

const record = values.from ? JSON.parse(readFileSync(values.from, 'utf8')) : await measure()
console.log(growthTable(record))
if (values.json) writeFileSync(values.json, `${JSON.stringify(record, undefined, 2)}\n`)

async function measure() {
  const { registry, base } = values
  if (!registry || !base) {
    console.error('usage: node scripts/measure-growth.mjs --registry HOST:PORT --base IMAGE')
    process.exit(2)
  }
  const koSizes = values.ko.split(',').filter(Boolean)
  const sides = [...values.sides.split(';'), ...(koSizes.length > 0 ? ['ko'] : [])]
  const rows = []
  for (const programs of values.programs.split(',').map(Number)) {
    for (const count of values.platforms.split(',').map(Number)) {
      const own = sides.filter(side => side !== 'ko' || koSizes.includes(`${programs}x${count}`))
      rows.push(...(await measureSize(programs, count, own, { registry, base })))
    }
  }
  return {
    measuredAt: new Date().toISOString(),
    machine: `${cpus()[0]?.model.trim()}, ${availableParallelism()} processors, Node.js ${process.version}`,
    go: spawnSync('go', ['version'], { encoding: 'utf8' }).stdout.trim(),
    sides,
    rows,
  }
}

/** One size of project, all scenarios and sides. */
async function measureSize(programs, count, sides, { registry, base }) {
  const chosen = platforms.slice(0, count)
  const size = `${programs}x${count}`
  const work = new Map(
    sides.map(side => [side, project(join(folder, size, side.replaceAll(' ', '-')), programs)]),
  )
  const cold = values.cold.split(',').includes(size)
  const scenarios = [...(cold ? ['cold'] : []), 'one line changed', 'nothing changed']
  const rows = scenarios.map(scenario => ({ scenario, programs, platforms: count, samples: {} }))
  const build = async (side, scenario) => {
    const dir = work.get(side)
    if (scenario === 'one line changed') changeLine(dir, `${Date.now()}`)
    const caches = cold ? join(folder, size, 'caches', side) : (values.caches ?? join(folder, 'caches'))
    const env = { ...process.env, GOCACHE: join(caches, 'go'), XDG_CACHE_HOME: join(caches, 'xdg') }
    const args = [
      ...[xbuild, 'build', `--backend=${side}`, `--base=${base}`, `--platform=${chosen.join(',')}`],
      ...[...programNames(programs).map(name => `--bin=${name}`), '--push', '--progress=quiet'],
      `--tag=${registry}/growth-${process.pid}-${size}-${side.replaceAll(' ', '-')}/{name}:1`,
    ]
    const ko = {
      KO_DOCKER_REPO: `${registry}/growth-${process.pid}-${size}-ko`,
      KO_DEFAULTBASEIMAGE: values['ko-base'] ?? base,
      GOFLAGS: "-trimpath '-ldflags=-s -w'",
    }
    const koArgs = [
      'build',
      ...programNames(programs).map(name => `./cmd/${name}`),
      `--platform=${chosen.join(',')}`,
      '-B',
      '--sbom=none',
    ]
    const sample =
      side === 'by hand'
        ? await byHand(dir, chosen, env)
        : side === 'ko'
          ? await run(process.env.COMPARE_KO ?? 'ko', koArgs, dir, { ...env, ...ko })
          : await run(process.execPath, args, dir, env)
    const all = rows.find(row => row.scenario === scenario)?.samples
    if (all) all[side] = [...(all[side] ?? []), sample]
    const { wall, cpu, memory } = sample
    console.error(
      `${size}, ${scenario}, ${side}: ${wall.toFixed(2)} s, ${cpu.toFixed(2)} s of processors, ${Math.round(memory)} MB (load ${loadavg()[0]?.toFixed(1)})`,
    )
  }
  for (const side of sides) await build(side, cold ? 'cold' : 'first')
  const runs = Math.ceil(Number(values.runs) / (programs * count < 50 ? 1 : 2))
  for (let turn = 0; turn < runs; turn++) {
    for (const scenario of ['one line changed', 'nothing changed'])
      for (const side of sides) await build(side, scenario)
  }
  rmSync(join(folder, size), { recursive: true, force: true })
  return rows
}

function programNames(count) {
  return Array.from({ length: count }, (_, index) => `program${index + 1}`)
}

/** A module of programs that share a package and net/http. @returns its folder */
function project(dir, programs) {
  for (const name of programNames(programs)) {
    mkdirSync(join(dir, 'cmd', name), { recursive: true })
    const code = `package main\n\nimport "example.com/many/shared"\n\nfunc main() { shared.Serve("${name}") }\n`
    writeFileSync(join(dir, 'cmd', name, 'main.go'), code)
  }
  mkdirSync(join(dir, 'shared'))
  writeFileSync(join(dir, 'go.mod'), 'module example.com/many\n\ngo 1.21\n')
  changeLine(dir, 'first')
  return dir
}

/** Gives the shared package a text that was never compiled before. */
function changeLine(dir, text) {
  const code = `package shared

import (
	"encoding/json"
	"net/http"
)

var Changed = "${text}"

func Serve(name string) {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { json.NewEncoder(w).Encode(name + Changed) })
	http.ListenAndServe(":8080", nil)
}
`
  writeFileSync(join(dir, 'shared/shared.go'), code)
}

/** `go build` of all programs, a platform after the other. */
async function byHand(dir, chosen, env) {
  const samples = []
  for (const id of chosen) {
    const [, arch, variant] = id.split('/')
    const target = {
      GOOS: 'linux',
      GOARCH: arch,
      CGO_ENABLED: '0',
      ...(variant && { GOARM: variant.slice(1) }),
    }
    const out = join(dir, 'out', id.replaceAll('/', '_'))
    mkdirSync(out, { recursive: true })
    const args = ['build', '-trimpath', '-ldflags=-s -w', '-o', `${out}/`, './cmd/...']
    samples.push(await run('go', args, dir, { ...env, ...target }))
  }
  const sum = key => samples.reduce((total, sample) => total + sample[key], 0)
  return { wall: sum('wall'), cpu: sum('cpu'), memory: Math.max(...samples.map(({ memory }) => memory)) }
}

/**
 * Runs a command: seconds of the wall clock and of all its processes, and the most memory (MB) that the command itself had,
 * without the processes that it started.
 */
function run(tool, args, cwd, env) {
  return new Promise((done, fail) => {
    const timed = ['-c', 'TIMEFORMAT="%R %U %S"; time "$@"', 'bash', tool, ...args]
    const child = spawn('bash', timed, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] })
    let memory = 0
    const watch = setInterval(() => {
      memory = Math.max(memory, peakMemory(child.pid))
    }, 20)
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', text => {
      stderr += text
    })
    child.on('close', status => {
      clearInterval(watch)
      if (status !== 0) return fail(new Error(`${tool} ${args.join(' ')}\n${stderr}`))
      const [wall = 0, user = 0, system = 0] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number)
      done({ wall, cpu: user + system, memory })
    })
  })
}

/** MB that the child of bash has had at most; it is bash itself for a moment. */
function peakMemory(bash) {
  try {
    const [pid] = readFileSync(`/proc/${bash}/task/${bash}/children`, 'utf8').trim().split(' ')
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(kilobytes ?? 0) / 1024
  } catch {
    return 0
  }
}
