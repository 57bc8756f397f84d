// npm runs this after `npm ci`, before it packs, and for `npm install --global .` and a git URL: builds dist/. A checkout whose
// packages are not there yet gets them first, in the versions of package-lock.json.
import { spawnSync } from 'node:child_process'
import { existsSync, readlinkSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * @param {string} tool
 * @param {...string} args
 */
function run(tool, ...args) {
  const { status, error } = spawnSync(tool, args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (status === 0) return
  console.error(`xbuild: ${tool} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}`)
  process.exit(1)
}

/**
 * `npm install --global git+…` (npm 10 and 11) installs the packages of its temporary clone with --global too, which leaves a
 * link to that clone where the package itself is about to go, and is deleted with it.
 * @param {string | undefined} prefix
 */
function removeLinkToTemporaryClone(prefix) {
  // Set while npm installs the clone's packages; it runs this again when it packs the clone.
  if (!prefix || process.env._PACOTE_NO_PREPARE_ || !/_cacache.tmp.git-clone/.test(root)) return
  const link = join(prefix, 'lib/node_modules/xbuild')
  try {
    if (resolve(link, '..', readlinkSync(link)) === resolve(root)) rmSync(link)
  } catch {
    // no such link
  }
}

const globalPrefix = process.env.npm_config_global_prefix
// These are set for the installation that runs this, whose folder and flags are not those of the checkout.
for (const name of Object.keys(process.env)) {
  if (
    /^npm_config_(global|prefix|location|local_prefix|global_prefix|omit|include|save.*|package.*)$/i.test(
      name,
    )
  )
    delete process.env[name]
}
if (!existsSync(new URL('../node_modules/esbuild/package.json', import.meta.url))) {
  run('npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund')
}
run(process.execPath, 'scripts/bundle.mjs', '--keep')
removeLinkToTemporaryClone(globalPrefix)
