// `npm run package`: everything that a release consists of, below build/package, with SHA256SUMS.
//
//   npm run package -- [--out FOLDER] [--arch x64,arm64] [--base IMAGE] [--level 0..9]
//
// --base is what the image of xbuild itself is built on; without it there is no image, for nothing then needs a registry but
// npm's. --level is xz's. It needs tar and xz. The same commit gives the same files.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { commit, embeddedFiles, root, version } from './bundle-options.mjs'
import { makeBlob, makeExecutable } from './package/executable.mjs'
import { architectures, nodePackage } from './package/node-binaries.mjs'
import { makeWheel } from './package/wheel.mjs'

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(root, 'build/package') },
    arch: { type: 'string', default: Object.keys(architectures).join(',') },
    base: { type: 'string' },
    level: { type: 'string', default: '6' },
  },
})
const out = resolve(values.out)
const work = join(out, 'work')
const archs = values.arch.split(',')
const { description } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const readText = (/** @type {string} */ path) => readFileSync(join(root, path), 'utf8')

/**
 * Says what is being made, and how long it took.
 * @template T
 * @param {string} title
 * @param {() => T | Promise<T>} work
 */
async function step(title, work) {
  const started = performance.now()
  const result = await work()
  console.error(`${title}: ${((performance.now() - started) / 1000).toFixed(1)} s`)
  return result
}

function packNpm() {
  execFileSync(process.execPath, ['scripts/bundle.mjs'], { cwd: root, stdio: 'inherit' })
  const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', out]
  execFileSync('npm', args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
}

/**
 * A folder with the executable and what belongs to it, as one .tar.xz.
 * @param {string} arch
 * @param {string} executable
 * @param {Record<string, string>} licenses
 */
function packArchive(arch, executable, licenses) {
  const name = `xbuild-${version}-${architectures[arch].platform.replace('/', '-')}`
  const folder = join(work, name)
  mkdirSync(join(folder, 'completion'), { recursive: true })
  cpSync(executable, join(folder, 'xbuild'))
  for (const [file, text] of Object.entries(licenses)) writeFileSync(join(folder, file), text)
  for (const file of ['README.md', 'CHANGELOG.md']) cpSync(join(root, file), join(folder, file))
  cpSync(join(root, 'dist/xbuild.1'), join(folder, 'xbuild.1'))
  for (const [shell, file] of Object.entries({ bash: 'xbuild.bash', zsh: '_xbuild', fish: 'xbuild.fish' })) {
    const script = execFileSync(process.execPath, [join(root, 'bin/xbuild.js'), 'completion', shell])
    writeFileSync(join(folder, 'completion', file), script)
  }
  execFileSync('chmod', ['-R', 'u=rwX,go=rX', folder])
  const tar = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=ustar']
  // Always in blocks, whose number does not depend on the processors.
  const compressor = `--use-compress-program=xz -${values.level} --threads=2`
  execFileSync('tar', [...tar, compressor, '-cf', join(out, `${name}.tar.xz`), name], { cwd: work })
}

/**
 * @param {Record<string, string>} executables by architecture
 * @param {Record<string, string>} licenses
 * @param {string} base
 */
async function packImage(executables, licenses, base) {
  const entry = join(work, 'image-of-xbuild.mjs')
  await build({
    absWorkingDir: root,
    entryPoints: ['scripts/package/image-of-xbuild.ts'],
    outfile: entry,
    bundle: true,
    platform: 'node',
    format: 'esm',
    plugins: [embeddedFiles],
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  })
  const { makeImage } = await import(pathToFileURL(entry).href)
  const byPlatform = Object.entries(executables).map(([arch, path]) => [architectures[arch].platform, path])
  const files = Object.entries(licenses).map(([name, text]) => {
    writeFileSync(join(work, name), text)
    return [name, join(work, name)]
  })
  const digest = await makeImage({
    path: join(out, `xbuild-${version}.oci.tar`),
    version,
    commit,
    base,
    executables: Object.fromEntries(byPlatform),
    licenses: Object.fromEntries(files),
  })
  console.error(`image ${digest}`)
}

rmSync(out, { recursive: true, force: true })
mkdirSync(work, { recursive: true })
await step('npm tarball', packNpm)
const { blob, licenses: bundled } = await step('bundle', () => makeBlob(join(work, 'blob')))
const licenses = {
  LICENSE: readText('LICENSE'),
  THIRD_PARTY_LICENSES: [bundled, readFileSync(join(nodePackage(archs[0]), 'LICENSE'), 'utf8')].join(
    `\n${'-'.repeat(80)}\n\n`,
  ),
}
/** @type {Record<string, string>} */
const executables = {}
for (const arch of archs) {
  const path = join(work, `xbuild-${arch}`)
  executables[arch] = path
  await step(`executable ${arch}`, () => makeExecutable(arch, blob, path))
  await step(`archive ${arch}`, () => packArchive(arch, path, licenses))
  const tag = architectures[arch].wheel
  const wheel = join(out, `xbuild-${version}-py3-none-${tag}.whl`)
  const parts = { version, tag, summary: description, readme: readText('README.md'), licenses }
  await step(`wheel ${arch}`, () => makeWheel({ ...parts, path: wheel, executable: readFileSync(path) }))
}
const { base } = values
if (base) await step('image', () => packImage(executables, licenses, base))
rmSync(work, { recursive: true })

const sums = readdirSync(out)
  .sort()
  .map(
    name =>
      `${createHash('sha256')
        .update(readFileSync(join(out, name)))
        .digest('hex')}  ${name}\n`,
  )
writeFileSync(join(out, 'SHA256SUMS'), sums.join(''))
process.stdout.write(sums.join(''))
