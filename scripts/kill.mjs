// Kills builds, by SIGKILL and SIGTERM in turn, at so many moments, and looks at what is left of them:
//
//   npm run test:kill [-- --points 200] [archive layout push load cache]
//
// Each output has the image of one of two versions of a small Go program when a build of the other is killed. Afterwards it
// must hold one of the two, whole; every compiler must be gone; the next build must succeed and leave nothing of the killed
// one. push and cache need a registry on this machine (XBUILD_RIG_REGISTRY, XBUILD_RIG_DISTROLESS), load an engine.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { machine, median, xbuild } from './copies.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { points: { type: 'string', default: '200' } },
})
const points = Number(values.points)

const registry = process.env['XBUILD_RIG_REGISTRY']
const base = `--base=${process.env['XBUILD_RIG_DISTROLESS']}/static-debian13:nonroot`
const name = `kill-${process.pid}`

/** @typedef {{ out: string, dir: string }} Folders */
/**
 * @typedef Output
 * @property {(folders: Folders) => string[]} flags of the build that is killed
 * @property {(folders: Folders) => Promise<string | undefined> | string | undefined} read what the output holds: a digest, "half …", or undefined for nothing
 * @property {boolean} [cold] whether each build that is killed begins with an empty cache
 */

/** @param {Uint8Array} bytes */
const sha256 = bytes => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/**
 * The digest of an image of which every part is there, whole. Not by xbuild's own reader, which may be wrong as well.
 * @param {() => Promise<string | undefined> | string | undefined} top the digest that a name stands for
 * @param {(descriptor: { digest: string, size: number }, isManifest: boolean) => Promise<Uint8Array> | Uint8Array} read
 */
async function wholeImage(top, read) {
  try {
    const digest = await top()
    if (digest === undefined) return undefined
    const check = async (/** @type {any} */ descriptor, /** @type {boolean} */ isManifest) => {
      const bytes = await read(descriptor, isManifest)
      if (sha256(bytes) !== descriptor.digest) throw new Error(`${descriptor.digest} is not whole`)
      return bytes
    }
    const index = JSON.parse(Buffer.from(await check({ digest }, true)).toString())
    for (const entry of index.manifests) {
      const { config, layers } = JSON.parse(Buffer.from(await check(entry, true)).toString())
      for (const blob of [config, ...layers]) await check(blob, false)
    }
    return digest
  } catch (error) {
    return `half: ${/** @type {Error} */ (error).message}`
  }
}

/** @param {string} folder */
function wholeLayout(folder) {
  if (!existsSync(folder)) return undefined
  return wholeImage(
    () => JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')).manifests[0].digest,
    ({ digest }) => readFileSync(join(folder, 'blobs', digest.replace(':', '/'))),
  )
}

/** @param {string} path */
async function wholeArchive(path) {
  if (!existsSync(path)) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'kill-archive-'))
  const { status } = spawnSync('tar', ['-xf', path, '-C', folder])
  const found = status === 0 ? await wholeLayout(folder) : 'half: no archive'
  rmSync(folder, { recursive: true, force: true })
  return found
}

/** @param {string} repository @param {string} tag */
function wholeTag(repository, tag) {
  const headers = {
    accept: 'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json',
  }
  const get = async (/** @type {string} */ path) => {
    const response = await fetch(`http://${registry}/v2/${repository}/${path}`, { headers })
    if (!response.ok) throw new Error(`${path}: ${response.status}`)
    return new Uint8Array(await response.arrayBuffer())
  }
  return wholeImage(
    async () => sha256(await get(`manifests/${tag}`)),
    ({ digest }, isManifest) => get(`${isManifest ? 'manifests' : 'blobs'}/${digest}`),
  )
}

/** The layers of the engine's image; its id is another one each time, for buildx attests when it was built. */
function loadedImage() {
  const args = ['image', 'inspect', '--format={{json .RootFS.Layers}}', `${name}:1`]
  const { status, stdout } = spawnSync('docker', args, { encoding: 'utf8' })
  if (status !== 0) return undefined
  const saved = spawnSync('docker', ['image', 'save', `${name}:1`], { maxBuffer: 1 << 28 })
  return saved.status === 0 ? stdout.trim() : `half: ${saved.stderr}`
}

const inProcess = ['--backend=oci', '--base=builtin', '--platform=linux/amd64']

/** @type {Record<string, Output>} */
const outputs = {
  archive: {
    flags: ({ out }) => [...inProcess, `--output=${out}/image.tar`],
    read: ({ out }) => wholeArchive(`${out}/image.tar`),
  },
  layout: {
    flags: ({ out }) => [...inProcess, '--tag=app:1', `--output=${out}/layout`],
    read: ({ out }) => wholeLayout(`${out}/layout`),
  },
  push: {
    flags: () => ['--backend=oci', '--platform=linux/amd64', base, `--tag=${registry}/${name}:1`, '--push'],
    read: () => wholeTag(name, '1'),
  },
  load: {
    flags: () => ['--backend=buildx', base, `--tag=${name}:1`, '--load', '--platform=linux/amd64'],
    read: loadedImage,
  },
  cache: {
    flags: ({ out }) => ['--backend=oci', '--platform=linux/amd64', base, `--output=${out}/image.tar`],
    read: ({ out }) => wholeArchive(`${out}/image.tar`),
    cold: true,
  },
}

/** Both versions of the program; the second is of another size. */
const programs = ['one', 'two, and more'].map(
  text => `package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("version ${text}") }\n`,
)

/**
 * One project with its own folders for everything that a build leaves.
 * @param {string} folder
 */
function prepare(folder) {
  const dir = join(folder, 'project')
  const out = join(folder, 'out')
  for (const path of [dir, out, join(folder, 'tmp')]) mkdirSync(path, { recursive: true })
  writeFileSync(join(dir, 'go.mod'), 'module example.com/hello\n\ngo 1.21\n')
  const env = {
    ...process.env,
    TMPDIR: join(folder, 'tmp'),
    XDG_CACHE_HOME: join(folder, 'cache'),
    GOCACHE: process.env['GOCACHE'] ?? join(tmpdir(), 'xbuild-kill-gocache'),
    // By this the children of a build are known, whoever their parent is by then.
    XBUILD_KILL: `${process.pid}-${folder}`,
  }
  return { dir, out, folder, env }
}

/** @typedef {ReturnType<typeof prepare>} Project */

/**
 * Starts a build; `killAt` is in milliseconds.
 * @param {Project} project
 * @param {string[]} flags
 * @param {{ at: number, signal: NodeJS.Signals }} [kill]
 */
async function build({ dir, env }, flags, kill) {
  const started = performance.now()
  const args = [xbuild, 'build', '--progress=plain', ...flags]
  const child = spawn(process.execPath, args, { cwd: dir, env, stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text
  })
  // Not 'close': a child that lives on would keep stderr open.
  const ended = new Promise(resolve => child.on('exit', (code, signal) => resolve({ code, signal })))
  const timer = kill && setTimeout(() => child.kill(kill.signal), kill.at)
  const { code, signal } = await ended
  clearTimeout(timer)
  const milliseconds = performance.now() - started
  return { code, signal, milliseconds, stderr }
}

/**
 * Processes of a project's builds that run.
 * @param {Project} project
 */
function alive({ env }) {
  const mark = `XBUILD_KILL=${env.XBUILD_KILL}`
  return readdirSync('/proc')
    .filter(pid => /^\d+$/.test(pid))
    .filter(pid => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(mark)
      } catch {
        return false
      }
    })
    .map(pid => {
      try {
        return readlinkSync(`/proc/${pid}/exe`)
      } catch {
        return pid
      }
    })
}

/** @param {string} folder @returns {string[]} every file below it */
function files(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? [path, ...files(path)] : [path]
  })
}

const temporary = /(^|\/)\.?xbuild-[^/]*-[0-9a-f]{12}$|\.[0-9a-f]{12}\.tmp$|\.lock$/

/** @param {Project} project */
function leftovers({ folder }) {
  const inTemporary = files(join(folder, 'tmp')).filter(path => !path.includes('node-compile-cache'))
  const elsewhere = ['project', 'out', 'cache'].flatMap(part =>
    files(join(folder, part)).filter(path => temporary.test(path)),
  )
  return [...inTemporary, ...elsewhere].map(path => relative(folder, path))
}

/** Digests of the binaries in dist. @param {Project} project */
function binaries({ dir }) {
  return files(join(dir, 'dist'))
    .filter(path => /linux_\w+\/hello$/.test(path))
    .map(path => createHash('sha256').update(readFileSync(path)).digest('hex'))
}

/** @param {string} kind */
async function killAll(kind) {
  const output = outputs[kind]
  const project = prepare(mkdtempSync(join(tmpdir(), `kill-${kind}-`)))
  const { dir, folder } = project
  const flags = output.flags(project)
  const count = { half: 0, moved: 0, leftover: 0, orphan: 0, failed: 0, slow: 0 }
  /** @type {string[]} */
  const details = []
  const note = (/** @type {keyof typeof count} */ what, /** @type {unknown} */ text) => {
    count[what]++
    details.push(`${kind} ${what}: ${text}`)
  }
  const write = (/** @type {number} */ version) => writeFileSync(join(dir, 'main.go'), programs[version])
  const empty = () => output.cold && rmSync(join(folder, 'cache'), { recursive: true, force: true })

  /** @type {(string | undefined)[]} */
  const images = []
  const wholeBinaries = new Set()
  const times = []
  // Four builds, so that Go's cache has both versions, as have those of the engine and of xbuild.
  for (const version of [0, 1, 0, 1]) {
    write(version)
    empty()
    const { code, milliseconds, stderr } = await build(project, flags)
    if (code !== 0) throw new Error(`${kind} does not build:\n${stderr}`)
    times.push(milliseconds)
    images[version] = await output.read(project)
    for (const digest of binaries(project)) wholeBinaries.add(digest)
  }
  if (images[0] === images[1]) throw new Error(`${kind}: both versions are ${images[0]}`)
  const whole = median(times.slice(2))

  let killed = 0
  let late = 0
  // Ctrl-C ends it after the current one, with what was counted by then.
  let isStopped = false
  process.once('SIGINT', () => {
    isStopped = true
  })
  let version = 0
  while (!isStopped && killed < points && late < 3 * points) {
    const signal = killed % 2 === 0 ? 'SIGKILL' : 'SIGTERM'
    write(version)
    empty()
    // Evenly over the whole build, in no order, so that a run that is ended early has tried all of it.
    const at = ((((killed * 89) % points) + Math.random()) / points) * whole
    const { code, milliseconds, signal: by } = await build(project, flags, { at, signal })
    if (code === 0) {
      // It was faster than expected.
      late++
      version = 1 - version
      continue
    }
    killed++
    if (by !== 'SIGKILL' && milliseconds - at > 2500) note('slow', `${Math.round(milliseconds - at)} ms`)
    const deadline = performance.now() + 1000
    let left = alive(project)
    while (left.length > 0 && performance.now() < deadline) {
      await sleep(20)
      left = alive(project)
    }
    if (left.length > 0) note('orphan', `${signal} at ${Math.round(at)} ms: ${left.join(', ')}`)
    const now = await output.read(project)
    if (now === undefined || !images.includes(now)) {
      note(kind === 'push' || kind === 'load' ? 'moved' : 'half', `${signal} at ${Math.round(at)} ms: ${now}`)
    }
    for (const digest of binaries(project)) {
      if (!wholeBinaries.has(digest)) note('half', `a binary, ${signal} at ${Math.round(at)} ms`)
    }
    const next = await build(project, flags)
    const made = next.code === 0 ? await output.read(project) : next.stderr
    if (made !== images[version]) note('failed', `after ${signal} at ${Math.round(at)} ms: ${made}`)
    const remains = leftovers(project)
    if (remains.length > 0) {
      note('leftover', `${signal} at ${Math.round(at)} ms: ${remains.slice(0, 3).join(', ')}`)
      // Counted once.
      for (const path of remains) rmSync(join(folder, path), { recursive: true, force: true })
    }
    version = 1 - version
    if (killed % 50 === 0) console.error(`${kind}: ${killed} of ${points}`)
  }
  if (kind === 'load') spawnSync('docker', ['image', 'rm', '--force', `${name}:1`])
  rmSync(folder, { recursive: true, force: true })
  return { kind, killed, late, seconds: whole / 1000, count, details }
}

const wanted = positionals.length > 0 ? positionals : Object.keys(outputs)
const unknown = wanted.filter(kind => !Object.hasOwn(outputs, kind))
if (unknown.length > 0 || !(points > 0)) {
  console.error(`kill: the outputs are ${Object.keys(outputs).join(', ')}, and --points is a number`)
  process.exit(2)
}
const needy = wanted.filter(kind => !['archive', 'layout'].includes(kind))
if (needy.length > 0 && !registry) {
  console.error(`kill: ${needy.join(', ')} need the rig: test/rig/up, and its env in the environment`)
  process.exit(2)
}
console.log(machine())
console.log(
  '| output | killed | a build takes | half files | moved tags | left after the next build | orphans after 1 s | next build wrong | slow ends |',
)
console.log('|---|---|---|---|---|---|---|---|---|')
let bad = 0
for (const kind of wanted) {
  const { killed, seconds, count, details } = await killAll(kind)
  const { half, moved, leftover, orphan, failed, slow } = count
  console.log(
    `| ${kind} | ${killed} | ${seconds.toFixed(2)} s | ${half} | ${moved} | ${leftover} | ${orphan} | ${failed} | ${slow} |`,
  )
  for (const detail of details.slice(0, 20)) console.error(detail)
  bad += details.length + (killed < points ? 1 : 0)
}
process.exit(bad > 0 ? 1 : 0)
