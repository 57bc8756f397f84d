// How src/ is bundled, for dist/ and for the single executables.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
export const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

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

// Of undici only what src/registry/dispatchers.ts uses: all of it takes twice as long to load.
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
        import Pool from 'undici/lib/dispatcher/pool.js'
        import ProxyAgent from 'undici/lib/dispatcher/proxy-agent.js'
        import api from 'undici/lib/api/index.js'
        // As undici itself does: a proxy's tunnel is opened by one of these methods.
        Object.assign(Dispatcher.prototype, api)
        export default { Agent, Pool, ProxyAgent }`,
      resolveDir,
    }))
  },
}

/** A module that a bundle has in place of one of src/, which reads templates/ from disk. */
const embedded = {
  'src/util/template.ts': () => {
    const names = filesBelow(join(root, 'templates')).filter(name => name !== certificates)
    const texts = Object.fromEntries(names.map(name => [name, readTemplate(name)]))
    return `const texts = ${JSON.stringify(texts)}; export const readTemplate = name => texts[name]`
  },
  'src/image/writer/root-certificates.ts': () =>
    `const text = ${JSON.stringify(readTemplate(certificates))}; export const rootCertificates = () => text`,
}
const certificates = 'ca-certificates.crt'

/** @param {string} name */
const readTemplate = name => readFileSync(join(root, 'templates', name), 'utf8')

/**
 * The files below a folder, by their paths in it, sorted.
 * @param {string} folder
 */
function filesBelow(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile())
  return files.map(({ parentPath, name }) => relative(folder, join(parentPath, name))).sort()
}

/**
 * Puts the files of templates/ into a bundle.
 * @type {import('esbuild').Plugin}
 */
export const embeddedFiles = {
  name: 'embedded-files',
  setup({ onLoad }) {
    onLoad({ filter: /\/(template|root-certificates)\.ts$/ }, ({ path }) => {
      const contents = embedded[relative(root, path)]
      return contents && { contents: contents(), loader: 'js' }
    })
  },
}

/** The commit of this checkout; empty without git, or where the folder is part of another repository. */
function commitOfCheckout() {
  const git = (/** @type {string[]} */ ...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' })
  const [top, commit] = (git('rev-parse', '--show-toplevel', 'HEAD').stdout ?? '').split('\n')
  if (!commit || relative(root, top) !== '') return ''
  return git('status', '--porcelain', '--untracked-files=no').stdout ? `${commit}-dirty` : commit
}

export const commit = commitOfCheckout()

/**
 * What both bundles have in common.
 * @param {{ executable: boolean }} kind
 * @returns {import('esbuild').BuildOptions & { metafile: true }}
 */
export const commonOptions = ({ executable }) => ({
  absWorkingDir: root,
  plugins: [lazyTextWidth, partsOfUndici, embeddedFiles],
  entryPoints: { cli: 'src/cli.ts' },
  metafile: true,
  bundle: true,
  platform: 'node',
  minifySyntax: true,
  minifyWhitespace: true,
  define: {
    XBUILD_VERSION: JSON.stringify(version),
    XBUILD_COMMIT: JSON.stringify(commit),
    XBUILD_EXECUTABLE: String(executable),
  },
})

/**
 * Has the entry file load the rest by another module than load-main.ts.
 * @param {string} path below src/start/
 * @returns {import('esbuild').Plugin}
 */
export const loadMainBy = path => ({
  name: 'load-main-by',
  setup({ onResolve }) {
    onResolve({ filter: /\/load-main\.ts$/ }, () => ({ path: join(root, 'src/start', path) }))
  },
})

/**
 * How the program behind the entry file becomes one CommonJS file, whose compiled code is kept (src/start/load-compiled.ts).
 * @param {string} url an expression for its own URL: packages ask where they are, to load what is built into Node.js
 */
export const mainOptions = url => ({
  entryPoints: { main: 'src/start/main.ts' },
  format: /** @type {const} */ ('cjs'),
  outExtension: { '.js': '.cjs' },
  // Nothing but require loads what is built into Node.js, in a script that no file stands for.
  supported: { 'dynamic-import': false },
  define: { 'import.meta.url': 'xbuildUrl' },
  banner: { js: `const xbuildUrl = require('node:url').pathToFileURL(${url}).href;` },
})

/** Of a file's text, in hex. @param {string | Uint8Array} text */
export const digestOf = text => createHash('sha256').update(text).digest('hex')
