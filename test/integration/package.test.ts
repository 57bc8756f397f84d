import { execFile } from 'node:child_process'
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
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
  expect(installed.sort()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'bin',
    'dist',
    'docs',
    'package.json',
    'schema',
  ])

  // What --help names is there.
  const { stdout: help } = await exec(xbuild, ['--help'])
  const [, guides = ''] = /^Guides, [^:]*:\s+(\S+\/docs\/README\.md)$/m.exec(help) ?? []
  expect(await readFile(guides, 'utf8')).toContain('quick-start.md')

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

it('says in one line what is missing, whatever runs it', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'bin'))
  const program = join(folder, 'bin/xbuild.js')
  for (const name of ['xbuild.js', 'package.json'])
    await copyFile(join(root, 'bin', name), join(folder, 'bin', name))
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  // What an older Node.js sees of it: a version that is too low, and no class, arrow or const that it could not read.
  const old = join(folder, 'old.mjs')
  const text = await readFile(program, 'utf8')
  await writeFile(
    old,
    `${text.split('\n').slice(1).join('\n')}`.replaceAll('process.versions.node', '"18.20.4"'),
  )
  await expect(exec(process.execPath, [old])).rejects.toMatchObject({
    code: 4,
    stderr: `xbuild: needs Node.js 20.19 or later, and this is 18.20.4 (${process.execPath})\n`,
  })
  expect(text).not.toMatch(/=>|\b(const|let|class|async|await)\b|`|\?\./)
  await expect(exec(process.execPath, [program])).rejects.toMatchObject({
    code: 4,
    stderr: expect.stringMatching(/^xbuild: this checkout is not built yet; run npm ci .*\n$/),
  })
  await mkdir(join(folder, 'dist'))
  await writeFile(join(folder, 'dist/cli.cjs'), `throw new Error('broken') // ${'x'.repeat(5000)}`)
  await expect(exec(process.execPath, [program])).rejects.toMatchObject({
    code: 70,
    stderr: expect.not.stringMatching(/x{100}/),
  })
})

it('says which xbuild it is, as JSON', async () => {
  const program = join(root, 'bin/xbuild.js')
  const { stdout } = await exec(process.execPath, [program, '--version', '--json'])
  const about = JSON.parse(stdout)
  expect(about).toMatchObject({ node: process.versions.node, executable: false })
  expect(about.version).toMatch(/^\d+\.\d+\.\d+$/)
  expect(about.platform).toMatch(/^(linux|darwin)\/(amd64|arm64)/)
})
