// Bundles src/ into dist/: one entry file and a chunk for each lazily imported part (listr2, execa, undici),
// so that `xbuild --version` loads none of them.
import { execFileSync } from 'node:child_process'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from 'esbuild'
import { commonOptions, root } from './bundle-options.mjs'
import { bundledPackages, thirdPartyLicenses } from './licenses.mjs'

const { metafile } = await build({
  ...commonOptions({ executable: false }),
  outdir: 'dist',
  splitting: true,
  format: 'esm',
  target: 'node20.19',
  sourcemap: 'linked',
  legalComments: 'linked',
  // CommonJS packages inside an ES module bundle look for these.
  banner: {
    js: "import { createRequire as xbuildCreateRequire } from 'node:module'; const require = xbuildCreateRequire(import.meta.url);",
  },
})

const dist = join(root, 'dist')
/** What is in dist/ next to the program. */
const added = {
  'xbuild.1': execFileSync(process.execPath, [join(dist, 'cli.js'), 'man'], { encoding: 'utf8' }),

  THIRD_PARTY_LICENSES: thirdPartyLicenses(bundledPackages(metafile).map(path => join(root, path))),
}
for (const [name, text] of Object.entries(added)) writeFileSync(join(dist, name), text)

// What an earlier bundle left goes last, so that there is a whole program in dist/ at every moment. Tests keep it: a
// program that began with it may still load a part.
const outputs = new Set([...Object.keys(added), ...Object.keys(metafile.outputs).map(path => basename(path))])
for (const name of process.argv.includes('--keep') ? [] : readdirSync(dist)) {
  if (!outputs.has(name)) rmSync(join(dist, name), { recursive: true, force: true })
}
