// `npm run generate` writes the files that are made from the code: the JSON Schema of xbuild.toml, docs/configuration.md,
// docs/messages.md.
// With --check it only says which of them are not current.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { root } from './bundle-options.mjs'

const folder = join(root, 'node_modules/.cache')
mkdirSync(folder, { recursive: true })
const work = mkdtempSync(join(folder, 'generate-'))
try {
  const outfile = join(work, 'generate.mjs')
  await build({
    absWorkingDir: root,
    entryPoints: ['scripts/generate/config-reference.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  })
  const { generatedFiles } = await import(pathToFileURL(outfile).href)
  const check = process.argv.includes('--check')
  const files = Object.entries(generatedFiles())
    .filter(([path, text]) => read(path) !== text)
    // A message is reworded more often than anybody reads the list of all: it may wait for the next run.
    .filter(([path]) => !check || path !== 'docs/messages.md')
  for (const [path, text] of files) {
    if (check) console.error(`${path} is not current: npm run generate`)
    else {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
      console.error(`wrote ${path}`)
    }
  }
  if (check && files.length > 0) process.exitCode = 1
} catch (error) {
  console.error(/** @type {Error} */ (error).message)
  process.exitCode = 1
} finally {
  rmSync(work, { recursive: true, force: true })
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(join(root, path), 'utf8')
  } catch {
    return undefined
  }
}
