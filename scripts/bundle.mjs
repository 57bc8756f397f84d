// Bundles src/ into dist/: the small entry file that answers --version, and everything else, which it loads.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from 'esbuild'
import { commonOptions, digestOf, loadMainBy, mainOptions, root } from './bundle-options.mjs'
import { bundledPackages, thirdPartyLicenses } from './licenses.mjs'

const dist = join(root, 'dist')
const common = commonOptions({ executable: false })
const shared = {
  outdir: dist,
  target: 'node20.19',
  sourcemap: /** @type {const} */ ('linked'),
  legalComments: /** @type {const} */ ('linked'),
}
const inMain = mainOptions('__filename')
const main = await build({
  ...common,
  ...shared,
  ...inMain,
  // An entry file that is older or newer than this one, for a moment, finds its own.
  entryNames: '[name]-[hash]',
  define: { ...common.define, ...inMain.define },
})
const mainFile = Object.keys(main.metafile.outputs).find(path => path.endsWith('.cjs')) ?? ''
const program = readFileSync(join(root, mainFile))
if (program.some(byte => byte > 127))
  throw new Error(`${mainFile} is not ASCII: a regular expression in src/ is not`)
const entry = await build({
  ...common,
  ...shared,
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  plugins: [loadMainBy('load-nearby-main.ts'), ...(common.plugins ?? [])],
  define: {
    ...common.define,
    XBUILD_MAIN_FILE: JSON.stringify(basename(mainFile)),
    XBUILD_MAIN_DIGEST: JSON.stringify(digestOf(program)),
  },
})
const metafiles = [main.metafile, entry.metafile]

/** What is in dist/ next to the program. */
const added = {
  'xbuild.1': execFileSync(process.execPath, [join(root, 'bin/xbuild.js'), 'man'], { encoding: 'utf8' }),

  THIRD_PARTY_LICENSES: thirdPartyLicenses(metafiles.flatMap(bundledPackages).map(path => join(root, path))),
}
for (const [name, text] of Object.entries(added)) writeFileSync(join(dist, name), text)

// What an earlier bundle left goes last, so that there is a whole program in dist/ at every moment. Tests keep it: a
// program that began with it may still load a part.
const outputs = new Set([
  ...Object.keys(added),
  ...metafiles.flatMap(({ outputs }) => Object.keys(outputs)).map(path => basename(path)),
])
for (const name of process.argv.includes('--keep') ? [] : readdirSync(dist)) {
  if (!outputs.has(name)) rmSync(join(dist, name), { recursive: true, force: true })
}
