// Bundles src/ into dist/: one entry file and a chunk for each lazily imported part (listr2, execa, undici),
// so that `xbuild --version` loads none of them.
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { basename } from 'node:path'
import { build } from 'esbuild'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

const { metafile } = await build({
  metafile: true,
  entryPoints: { cli: 'src/cli.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: 'linked',
  legalComments: 'linked',
  define: { XBUILD_VERSION: JSON.stringify(version) },
  // CommonJS packages inside an ES module bundle look for these.
  banner: {
    js: "import { createRequire as xbuildCreateRequire } from 'node:module'; const require = xbuildCreateRequire(import.meta.url);",
  },
})

// What an earlier bundle left goes last, so that there is a whole program in dist/ at every moment. Tests keep it: a
// program that began with it may still load a part.
const outputs = new Set(Object.keys(metafile.outputs).map(path => basename(path)))
for (const name of process.argv.includes('--keep') ? [] : readdirSync('dist')) {
  if (!outputs.has(name)) rmSync(`dist/${name}`, { recursive: true, force: true })
}
