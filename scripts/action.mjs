// Bundles the GitHub Action, with all of xbuild in it, into the one file that is committed: action/index.mjs. Not minified, so
// that people can read what a commit changes in it, and git merges it. With --check it only says whether that file is current.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { commonOptions, root } from './bundle-options.mjs'

const path = join(root, 'action', 'index.mjs')

/** The text of action/index.mjs as src/ makes it. */
export async function bundleAction() {
  const common = commonOptions({ executable: false })
  const { outputFiles } = await build({
    ...common,
    entryPoints: ['src/action.ts'],
    outfile: path,
    write: false,
    minifySyntax: false,
    minifyWhitespace: false,
    format: 'esm',
    target: 'node24',
    legalComments: 'inline',
    // The commit would change with every commit, this file's own too.
    define: { ...common.define, XBUILD_COMMIT: '""' },
    banner: {
      js: "import { createRequire as xbuildCreateRequire } from 'node:module'; const require = xbuildCreateRequire(import.meta.url);",
    },
  })
  return /** @type {{ text: string }} */ (outputFiles[0]).text
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = await bundleAction()
  if (!process.argv.includes('--check')) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  } else if (readFileSync(path, 'utf8') !== text) {
    process.stderr.write('action/index.mjs is not what src/ makes of it now: npm run action, and commit it\n')
    process.exitCode = 1
  }
}
