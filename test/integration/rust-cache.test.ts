import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { needsTool } from '../support/needs-tool.ts'
import { project, temporaryFolder } from '../support/projects.ts'

/** A crate in a registry on disk, as cargo's `local-registry` has it. Its library may have a name of its own. */
async function publish(
  registry: string,
  name: string,
  version: string,
  needs: readonly string[],
  library = name,
) {
  const folder = `${name}-${version}`
  const dependencies = needs.map(need => `${need} = "1"\n`).join('')
  const files = {
    [`${folder}/Cargo.toml`]: `[package]\nname = "${name}"\nversion = "${version}"\nedition = "2021"\n[lib]\nname = "${library}"\n[dependencies]\n${dependencies}`,
    [`${folder}/build.rs`]: 'fn main() { println!("cargo::rerun-if-changed=build.rs"); }\n',
    [`${folder}/src/lib.rs`]: `pub const VERSION: &str = "${version}";\n`,
  }
  const dir = await project(files)
  const archive = join(registry, `${folder}.crate`)
  execFileSync('tar', ['-czf', archive, '-C', dir, folder])
  const index = join(registry, 'index', name.slice(0, 2), name.slice(2, 4), name)
  await mkdir(dirname(index), { recursive: true })
  const deps = needs.map(need => ({
    name: need,
    req: '^1',
    features: [],
    optional: false,
    default_features: true,
    target: null,
    kind: 'normal',
  }))
  const cksum = createHash('sha256')
    .update(await readFile(archive))
    .digest('hex')
  const line = JSON.stringify({ name, vers: version, deps, cksum, features: {}, yanked: false })
  await writeFile(index, `${line}\n`, { flag: 'a' })
}

const filesIn = async (folder: string) => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter(entry => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
}

test('--prune drops what cargo compiled of versions that Cargo.lock no longer names', async context => {
  needsTool(context, 'cargo')
  const registry = await temporaryFolder()
  await publish(registry, 'inner', '1.0.0', [])
  await publish(registry, 'inner', '1.0.1', [])
  await publish(registry, 'outer', '1.0.0', ['inner'])
  await publish(registry, 'other-rs', '1.0.0', [], 'other')
  const home = await temporaryFolder()
  const dir = await project({
    'Cargo.toml':
      '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\nouter = "1"\nother-rs = "1"\ninner = "=1.0.0"\n',
    'src/main.rs': 'fn main() { println!("{}{}", outer::VERSION, other::VERSION); }\n',
    '.cargo/config.toml': `[source.crates-io]\nreplace-with = "disk"\n[source.disk]\nlocal-registry = ${JSON.stringify(registry)}\n`,
  })
  const env = { ...process.env, CARGO_HOME: home, CARGO_TARGET_DIR: join(dir, 'target'), RUSTFLAGS: '' }
  const build = (...flags: string[]) => {
    const args = ['build', '--offline', '--message-format=json', ...flags]
    const stdout = execFileSync('cargo', args, { cwd: dir, env, encoding: 'utf8', stdio: 'pipe' })
    const made = stdout.split('\n').filter(line => line.includes('"compiler-artifact"'))
    return made.map(line => JSON.parse(line) as { target: { name: string }; fresh: boolean })
  }
  build()
  const manifest = join(dir, 'Cargo.toml')
  await writeFile(manifest, (await readFile(manifest, 'utf8')).replace('=1.0.0', '=1.0.1'))
  build()

  const units = join(dir, 'target/debug/.fingerprint')
  const countOf = async (name: string) =>
    (await readdir(units)).filter(unit => unit.startsWith(`${name}-`)).length
  // The library, its build script and the run of that, of two versions; the library `outer` with either.
  expect([await countOf('inner'), await countOf('outer'), await countOf('other-rs')]).toEqual([6, 4, 3])
  const report = join(await temporaryFolder(), 'report.json')
  const startedAt = new Date().toISOString()
  await writeFile(report, JSON.stringify({ schemaVersion: 1, xbuild: '0', startedAt }))
  const { code, stderr } = await xbuild(['ci', 'cache-paths', dir, '--prune', '--report', report], {
    env: { ...env, CI: 'true' },
  })
  expect(code, stderr).toBe(0)

  const left = await filesIn(join(dir, 'target'))
  const kindsOf = (name: string) =>
    left.filter(path => new RegExp(`/(lib)?${name}-[0-9a-f]{16}\\.(rlib|d)$`).test(path)).length
  expect([kindsOf('inner'), kindsOf('outer'), kindsOf('other')]).toEqual([2, 2, 2])
  const text = await Promise.all(left.filter(path => path.endsWith('.d')).map(path => readFile(path, 'utf8')))
  expect(text.join()).toContain('/inner-1.0.1/src/lib.rs')
  expect(text.join()).not.toContain('/inner-1.0.0/')
  const compiled = build('--locked').filter(({ fresh }) => !fresh)
  expect(compiled.map(({ target }) => target.name)).toEqual(['app'])
})
