// Runs the fuzzers for longer than the tests do: npm run fuzz [-- TARGET …]. XBUILD_FUZZ is the number of inputs for each,
// XBUILD_FUZZ_SEED another seed.
import { spawnSync } from 'node:child_process'

/** The tests of each target. @type {Readonly<Record<string, string>>} */
const targets = {
  lint: 'test/unit/lint/fuzz.test.ts',
  init: 'test/unit/init/fuzz.test.ts',
  registry: 'test/unit/registry/fuzz.test.ts',
  images: 'test/unit/image/read/fuzz.test.ts',
  binaries: 'test/unit/binary/fuzz.test.ts',
  config: 'test/unit/config/fuzz.test.ts',
  flags: 'test/unit/commands/fuzz.test.ts',
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter(name => !(name in targets))
if (unknown.length > 0) {
  console.error(`fuzz: no target ${unknown.join(', ')}; there are ${Object.keys(targets).join(', ')}`)
  process.exit(2)
}
const names = wanted.length > 0 ? wanted : Object.keys(targets)
const files = names.map(name => /** @type {string} */ (targets[name]))
const env = { XBUILD_FUZZ: '100000', ...process.env }
const { status } = spawnSync('npx', ['vitest', 'run', '--project', 'fast', ...files], {
  env,
  stdio: 'inherit',
})
process.exit(status ?? 1)
