import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { commit, helloGo, project, temporaryFolder } from '../support/projects.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const exec = promisify(execFile)

it('works when it is packed, and installed globally', async () => {
  const folder = await temporaryFolder()
  // The bundle is there (test/support/bundle.ts): packing must not change it under the other tests.
  await exec('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root })
  const [tarball = ''] = (await readdir(folder)).filter(name => name.endsWith('.tgz'))
  const prefix = join(folder, 'prefix')
  await exec('npm', [
    'install',
    '--global',
    '--offline',
    '--no-audit',
    `--prefix=${prefix}`,
    join(folder, tarball),
  ])
  const xbuild = join(prefix, 'bin/xbuild')
  const installed = await readdir(join(prefix, 'lib/node_modules/xbuild'))
  expect(installed.sort()).toEqual(['LICENSE', 'README.md', 'bin', 'dist', 'package.json', 'templates'])

  const { stdout: version } = await exec(xbuild, ['--version'])
  expect(version).toMatch(/^\d+\.\d+\.\d+\n$/)
  const dir = await project(helloGo)
  commit(dir)
  const { stdout } = await exec(xbuild, ['--backend=oci', '--base=builtin', '--platform=linux/amd64'], {
    cwd: dir,
  })
  expect(stdout).toMatch(/^hello@sha256:[0-9a-f]{64}\n$/)
  const { stdout: dockerfile } = await exec(xbuild, ['dockerfile', '--backend=oci'], { cwd: dir })
  expect(dockerfile).toMatch(/^COPY \$\{TARGETPLATFORM\}\/rootfs\/ \/$/m)
}, 180_000)
