// What the measuring scripts share: copies of a project with caches of their own, and the commands of a plan as one types
// them.
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const xbuild = fileURLToPath(new URL('../bin/xbuild.js', import.meta.url))

/** A copy of the project below `folder`, and empty caches, so that nothing one side did helps the other. */
export function freshCopy(project, folder) {
  const dir = join(folder, basename(resolve(project)))
  rmSync(folder, { recursive: true, force: true })
  cpSync(project, dir, {
    recursive: true,
    filter: path => !/\/(dist|target|zig-out|\.zig-cache)$/.test(path),
  })
  const caches = join(folder, 'caches')
  mkdirSync(caches)
  const env = {
    ...process.env,
    GOCACHE: join(caches, 'go'),
    CARGO_TARGET_DIR: join(caches, 'cargo'),
    ZIG_GLOBAL_CACHE_DIR: join(caches, 'zig'),
  }
  return { dir, env }
}

/** Runs a command to its end; gives its seconds and stdout, and throws where it fails. */
export function timed(tool, args, options) {
  const started = performance.now()
  const { status, stdout, stderr } = spawnSync(tool, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...options,
  })
  if (status !== 0) throw new Error(`${tool} ${args.join(' ')}: ${stderr}`)
  return { seconds: (performance.now() - started) / 1000, stdout }
}

/** The commands of `xbuild plan`, ready to run, once the files that they need (compiler wrappers) are written. */
export function plannedCommands({ dir, env }, flags) {
  const { stdout } = timed(process.execPath, [xbuild, 'plan', '--json', ...flags], { cwd: dir, env })
  const { files, steps } = JSON.parse(stdout)
  for (const { path, text, mode } of files) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    chmodSync(path, Number.parseInt(mode, 8))
  }
  const bind = text => text.replaceAll('{work}', join(dir, 'by-hand'))
  return steps.map(({ command: { tool, args, cwd, env: own = {} } }) => {
    const bound = Object.fromEntries(Object.entries(own).map(([name, value]) => [name, bind(value)]))
    return { tool: bind(tool), args: args.map(bind), options: { cwd, env: { ...env, ...bound } } }
  })
}

export const median = samples => [...samples].sort((a, b) => a - b)[Math.floor(samples.length / 2)]

/** The median, with the fastest and the slowest. */
export const describeSamples = (samples, unit = 's', digits = 2) =>
  `${median(samples).toFixed(digits)} ${unit} (${Math.min(...samples).toFixed(digits)}–${Math.max(...samples).toFixed(digits)})`

/** The machine that a measurement was made on. */
export const machine = () =>
  `${cpus()[0].model}, ${availableParallelism()} processors, Node ${process.versions.node}`
