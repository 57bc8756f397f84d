// Bundles src/ into dist/: one entry file and a chunk for each lazily imported part (listr2, execa, undici),
// so that `xbuild --version` loads none of them.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { build } from 'esbuild'
import { bundledPackages, thirdPartyLicenses } from './licenses.mjs'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

// yargs measures and wraps text in its help alone, and what it does that with takes 40 ms to load: longer than all the
// rest before a build begins.
/** @type {import('esbuild').Plugin} */
const lazyTextWidth = {
  name: 'lazy-text-width',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(string-width|wrap-ansi)$/ }, ({ importer, path, resolveDir }) =>
      /node_modules\/(yargs|cliui)\//.test(importer)
        ? { path, namespace: 'lazy', pluginData: { resolveDir } }
        : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path, pluginData: { resolveDir } }) => ({
      contents: `export default (...args) => require('${path}').default(...args)`,
      resolveDir,
    }))
  },
}

// Of undici only what src/registry/transport.ts uses: all of it takes twice as long to load.
/** @type {import('esbuild').Plugin} */
const partsOfUndici = {
  name: 'parts-of-undici',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^undici$/ }, ({ path, resolveDir }) => ({
      path,
      namespace: 'parts',
      pluginData: { resolveDir },
    }))
    onLoad({ filter: /.*/, namespace: 'parts' }, ({ pluginData: { resolveDir } }) => ({
      contents: `
        import Agent from 'undici/lib/dispatcher/agent.js'
        import Dispatcher from 'undici/lib/dispatcher/dispatcher.js'
        import EnvHttpProxyAgent from 'undici/lib/dispatcher/env-http-proxy-agent.js'
        import api from 'undici/lib/api/index.js'
        // As undici itself does: a proxy's tunnel is opened by one of these methods.
        Object.assign(Dispatcher.prototype, api)
        export default { Agent, EnvHttpProxyAgent }`,
      resolveDir,
    }))
  },
}

const { metafile } = await build({
  metafile: true,
  plugins: [lazyTextWidth, partsOfUndici],
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

writeFileSync('dist/THIRD_PARTY_LICENSES', thirdPartyLicenses(bundledPackages(metafile)))

// What an earlier bundle left goes last, so that there is a whole program in dist/ at every moment. Tests keep it: a
// program that began with it may still load a part.
const outputs = new Set([
  'THIRD_PARTY_LICENSES',
  ...Object.keys(metafile.outputs).map(path => basename(path)),
])
for (const name of process.argv.includes('--keep') ? [] : readdirSync('dist')) {
  if (!outputs.has(name)) rmSync(`dist/${name}`, { recursive: true, force: true })
}
