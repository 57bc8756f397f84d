// `make demo`: builds a bundled example for linux/amd64 and linux/arm64 without Docker and leaves an OCI archive.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The examples in the order in which they are tried, each with the command that tells whether its toolchain is here. */
const examples = [
  { dir: 'examples/go-server', tool: ['go', 'version'] },
  { dir: 'examples/rust-server', tool: ['cargo', '--version'] },
  { dir: 'examples/zig-server', tool: [process.env.XBUILD_ZIG || 'zig', 'version'] },
  { dir: 'examples/zig-server', tool: ['python3', '-m', 'ziglang', 'version'] },
]

const here = ({ tool: [command = '', ...args] }) => spawnSync(command, args, { stdio: 'ignore' }).status === 0

function build({ dir }) {
  const args = [
    'bin/xbuild.js',
    'build',
    dir,
    '--platform=linux/amd64,linux/arm64',
    '--backend=oci',
    '--base=builtin',
    '--tag=example.com/demo:1.0',
    '--output=build/demo.oci.tar',
    '--report=build/demo.json',
  ]
  console.error(`$ xbuild ${args.slice(1).join(' ')}`)
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1
}

mkdirSync(`${root}/build`, { recursive: true })
let status
for (const example of examples.filter(here)) {
  status = build(example)
  // 4: something is missing, such as Rust's standard library for the other platform.
  if (status !== 4) break
}
if (status === undefined) {
  console.error(
    'make demo needs one of the toolchains it shows: Go (https://go.dev/dl/), Rust with rustup, or Zig (pip install ziglang)',
  )
}
if (status !== 0) process.exit(status ?? 4)
if (!existsSync(`${root}/build/demo.oci.tar`)) throw new Error('build/demo.oci.tar is missing')
const report = JSON.parse(readFileSync(`${root}/build/demo.json`, 'utf8'))
console.error(`\nThe image is build/demo.oci.tar, its report build/demo.json.`)
console.error(`Index ${report.images[0].digest}; one image per platform:`)
for (const { platform, digest } of report.images[0].platforms) console.error(`  ${platform}  ${digest}`)
console.error('Look at it with: node bin/xbuild.js verify build/demo.oci.tar')
console.error(
  'For a project of your own, node bin/xbuild.js doctor DIR says what a build needs, and what fixes what is wrong.',
)
