// Measures a build of many programs and platforms as one job and as several, each with empty caches as on machines of
// their own, joined by `xbuild merge`. Jobs run one after the other here: the wall time of several machines is reckoned
// from the longest job and the merge.
//
//   node scripts/measure-matrix.mjs --registry localhost:5000 --base localhost:5000/static [--jobs 1,2,5] [--json FILE]
//
// The registry must be on this machine. Prints a table in Markdown.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    registry: { type: 'string' },
    base: { type: 'string' },
    programs: { type: 'string', default: '10' },
    platforms: { type: 'string', default: 'linux/amd64,linux/arm64,linux/arm/v7,linux/riscv64,linux/s390x' },
    jobs: { type: 'string', default: '1,2,5' },
    json: { type: 'string' },
  },
})
const { registry, base } = values
if (!registry || !base) {
  console.error('usage: node scripts/measure-matrix.mjs --registry HOST:PORT --base IMAGE')
  process.exit(2)
}
const xbuild = fileURLToPath(new URL('../bin/xbuild.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'measure-matrix-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const names = Array.from({ length: Number(values.programs) }, (_, index) => `program${index + 1}`)

/** A module of programs that share a package and net/http. */
const project = join(folder, 'project')
for (const name of names) {
  mkdirSync(join(project, 'cmd', name), { recursive: true })
  writeFileSync(
    join(project, 'cmd', name, 'main.go'),
    `package main\n\nimport "example.com/many/shared"\n\nfunc main() { shared.Serve("${name}") }\n`,
  )
}
mkdirSync(join(project, 'shared'))
writeFileSync(join(project, 'go.mod'), 'module example.com/many\n\ngo 1.21\n')
writeFileSync(
  join(project, 'shared/shared.go'),
  `package shared

import (
	"encoding/json"
	"net/http"
)

func Serve(name string) {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { json.NewEncoder(w).Encode(name) })
	http.ListenAndServe(":8080", nil)
}
`,
)

/** Runs xbuild; seconds of the wall clock and of all processors. */
function run(args, caches) {
  const timed = spawnSync(
    'bash',
    ['-c', 'TIMEFORMAT="%R %U %S"; time "$@"', 'bash', process.execPath, xbuild, ...args],
    {
      cwd: project,
      encoding: 'utf8',
      env: { ...process.env, GOCACHE: join(caches, 'go'), XDG_CACHE_HOME: join(caches, 'xdg') },
    },
  )
  if (timed.status !== 0) throw new Error(`xbuild ${args.join(' ')}\n${timed.stderr}`)
  const [wall = 0, user = 0, system = 0] = (timed.stderr.trim().split('\n').at(-1) ?? '')
    .split(' ')
    .map(Number)
  return { wall, cpu: user + system, stdout: timed.stdout }
}

const bins = names.map(name => `--bin=${name}`)
const platforms = `--platform=${values.platforms}`
const report = join(folder, 'report.json')
const rows = []
for (const count of values.jobs.split(',').map(Number)) {
  const work = join(folder, `jobs-${count}`)
  const reports = rows.length > 0 ? [`--report=${report}`] : []
  const plan = run(
    ['ci', 'matrix', '--json', `--jobs=${count}`, platforms, ...bins, ...reports],
    join(work, 'plan'),
  )
  const { include } = JSON.parse(plan.stdout)
  const jobs = include.map(({ job, args }) => {
    const { wall, cpu } = run(
      [
        ...args.split(' '),
        `--base=${base}`,
        '--backend=oci',
        '--progress=quiet',
        `--dist=${join(work, job, 'dist')}`,
        `--tag=${registry}/matrix-${process.pid}-${count}/{name}:1`,
        '--push-by-digest',
        `--digest-file=${join(work, 'digests', job)}`,
        ...(rows.length === 0 ? [`--report=${report}`] : []),
      ],
      join(work, job),
    )
    return { job, wall, cpu }
  })
  const merge = run(['merge', '--progress=quiet', platforms, join(work, 'digests')], join(work, 'merge'))
  rows.push({ count, jobs, merge: { wall: merge.wall, cpu: merge.cpu } })
  for (const name of readdirSync(work)) if (name !== 'digests') rmSync(join(work, name), { recursive: true })
}

const seconds = number => `${number.toFixed(1)} s`
const sum = (items, key) => items.reduce((total, item) => total + item[key], 0)
console.log(`${names.length} programs, ${values.platforms.split(',').length} platforms, empty caches.`)
console.log(`${cpus()[0]?.model}, ${availableParallelism()} processors, Node ${process.versions.node}.\n`)
console.log('| jobs | longest job | merge | reckoned wall | processor time of all jobs | of the merge |')
console.log('|---|---|---|---|---|---|')
for (const { count, jobs, merge } of rows) {
  const longest = Math.max(...jobs.map(({ wall }) => wall))
  const cells = [longest, merge.wall, longest + merge.wall, sum(jobs, 'cpu'), merge.cpu].map(seconds)
  console.log(`| ${count} | ${cells.join(' | ')} |`)
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(rows, undefined, 2)}\n`)
