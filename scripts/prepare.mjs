// npm runs this after `npm ci`, before it packs, and for `npm install --global .` and a git URL: builds dist/. A checkout whose
// packages are not there yet gets them first, in the versions of package-lock.json.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Prints the one line and ends.
 * @param {string} text
 * @returns {never}
 */
function fail(text) {
  console.error(`xbuild: ${text}`)
  process.exit(1)
}

/**
 * @param {string} tool
 * @param {...string} args
 */
function run(tool, ...args) {
  const { status, error } = spawnSync(tool, args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) fail(`${tool} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}`)
}

// npm 10 and 11 hand --global on to the npm that prepares the clone, and leave a link to a clone that they then delete.
if (process.env.npm_config_global === 'true' && /_cacache.tmp.git-clone/.test(root)) {
  fail('npm cannot install from git with --global; run npm install --global "$(npm pack --silent git+URL)"')
}
// These are set for the installation that runs this, whose folder and flags are not those of the checkout.
const ofTheInstallation =
  /^npm_config_(global|prefix|location|local_prefix|global_prefix|omit|include|save.*|package.*|dry_run)$/i
for (const name of Object.keys(process.env)) if (ofTheInstallation.test(name)) delete process.env[name]
if (!existsSync(new URL('../node_modules/esbuild/package.json', import.meta.url))) {
  run('npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund')
}
run(process.execPath, 'scripts/bundle.mjs')
