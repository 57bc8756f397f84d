// Makes single executables: Node.js with the bundle inside (its "single executable applications").
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { inject } from 'postject'
import { commonOptions, digestOf, loadMainBy, mainOptions, root } from '../bundle-options.mjs'
import { bundledPackages, thirdPartyLicenses } from '../licenses.mjs'
import { nodePackage } from './node-binaries.mjs'
import { stripElf } from './strip-elf.mjs'

/** Marks the place in Node.js that says whether something was injected (nodejs.org/api/single-executable-applications.html). */
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'

/**
 * Bundles the program twice: the small entry that answers --version, and everything else, which it loads. The blob with
 * both is the same for every architecture.
 * @param {string} folder for what is made on the way
 */
export async function makeBlob(folder) {
  mkdirSync(folder, { recursive: true })
  const common = commonOptions({ executable: true })
  const inMain = mainOptions('process.execPath')
  const options = {
    ...common,
    ...inMain,
    define: { ...common.define, ...inMain.define },
    target: 'node24',
    legalComments: /** @type {const} */ ('none'),
    outdir: folder,
  }
  const main = await build(options)
  const digest = digestOf(readFileSync(join(folder, 'main.cjs')))
  const entry = await build({
    ...options,
    entryPoints: { cli: 'src/cli.ts' },
    plugins: [loadMainBy('load-embedded-main.ts'), ...(common.plugins ?? [])],
    define: { ...options.define, XBUILD_MAIN_DIGEST: JSON.stringify(digest) },
  })
  const config = {
    main: 'cli.cjs',
    output: 'blob',
    assets: { 'main.cjs': 'main.cjs' },
    disableExperimentalSEAWarning: true,
  }
  writeFileSync(join(folder, 'sea.json'), JSON.stringify(config))
  // Only the same version of Node.js knows the format of the blob.
  const node = join(nodePackage(process.arch), 'bin/node')
  execFileSync(node, ['--experimental-sea-config', 'sea.json'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const packages = [...bundledPackages(main.metafile), ...bundledPackages(entry.metafile)]
  return {
    blob: readFileSync(join(folder, 'blob')),
    licenses: thirdPartyLicenses(packages.map(path => join(root, path))),
  }
}

/**
 * @param {string} arch
 * @param {Buffer} blob
 * @param {string} path
 */
export async function makeExecutable(arch, blob, path) {
  writeFileSync(path, stripElf(readFileSync(join(nodePackage(arch), 'bin/node'))))
  await quietly(() => inject(path, 'NODE_SEA_BLOB', blob, { sentinelFuse: fuse }))
  chmodSync(path, 0o755)
}

/** postject's ELF library warns of a section that it makes itself. @param {() => Promise<void>} work */
async function quietly(work) {
  const { warn, error } = console
  console.warn = console.error = () => {}
  try {
    await work()
  } finally {
    Object.assign(console, { warn, error })
  }
}
