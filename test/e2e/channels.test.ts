import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, expect, it } from 'vitest'
import { version } from '../../scripts/bundle-options.mjs'
import { xbuild } from '../support/cli.ts'
import { example, temporaryFolder } from '../support/projects.ts'
import { describeWith, rigEnvironment, rigValue } from '../support/rig.ts'

const exec = promisify(execFile)
const checkout = fileURLToPath(new URL('../..', import.meta.url))
const layers = ['static', 'base-nossl', 'base', 'cc']

/** A bare root file system of Debian: libc and libstdc++, no shell, no Node.js. */
async function bareRoot(arch: 'amd64' | 'arm64'): Promise<string> {
  const folder = await temporaryFolder()
  for (const layer of layers) {
    execFileSync('tar', [
      '-xf',
      join(rigValue('XBUILD_RIG_DIR'), `bases/debian13-${layer}-${arch}.tar`),
      '-C',
      folder,
    ])
  }
  expect(existsSync(join(folder, 'usr/bin/node'))).toBe(false)
  return folder
}

const goEnv = (name: string) => execFileSync('go', ['env', name], { encoding: 'utf8' }).trim()

describeWith(
  ['engine', 'bases', 'qemu', 'skopeo', 'docker', 'registry'],
  'what npm run package makes',
  () => {
    const packages = join(checkout, 'build/package')
    let executables: string
    const executable = (arch: string) => join(executables, `xbuild-${version}-linux-${arch}/xbuild`)
    /** Of examples/go-server, built by the bundle on this Node.js: the digest that every channel gives. */
    let expected: string
    const platforms = '--platform=linux/amd64,linux/arm64'
    const flags = ['build', platforms, '--backend=oci', '--base=builtin', '--progress=quiet']

    beforeAll(async () => {
      const base = `${rigValue('XBUILD_RIG_DISTROLESS')}/cc-debian13:nonroot`
      // xz at its best takes a minute for each; that is for releases.
      await exec('npm', ['run', '--silent', 'package', '--', `--base=${base}`, '--level=0'], {
        cwd: checkout,
      })
      executables = await temporaryFolder()
      for (const arch of ['amd64', 'arm64']) {
        execFileSync('tar', [
          '-xf',
          join(packages, `xbuild-${version}-linux-${arch}.tar.xz`),
          '-C',
          executables,
        ])
      }
      const { code, stdout, stderr } = await xbuild(flags, { cwd: await example('go-server') })
      expect({ code, stderr }).toMatchObject({ code: 0 })
      expected = stdout
      expect(expected).toMatch(/^server@sha256:[0-9a-f]{64}\n$/)
    }, 400_000)

    it('is named in SHA256SUMS, and nothing else', async () => {
      const names = await readdir(packages)
      expect(names.sort()).toEqual(
        [
          'SHA256SUMS',
          `xbuild-${version}-linux-amd64.tar.xz`,
          `xbuild-${version}-linux-arm64.tar.xz`,
          `xbuild-${version}-py3-none-manylinux_2_28_aarch64.whl`,
          `xbuild-${version}-py3-none-manylinux_2_28_x86_64.whl`,
          `xbuild-${version}.oci.tar`,
          `xbuild-${version}.tgz`,
        ].sort(),
      )
      execFileSync('sha256sum', ['--check', '--quiet', '--strict', 'SHA256SUMS'], { cwd: packages })
      expect((await readFile(join(packages, 'SHA256SUMS'), 'utf8')).split('\n')).toHaveLength(names.length)
    })

    it('holds an executable for amd64 that builds in a root without Node.js, with Go alone', async () => {
      const root = await bareRoot('amd64')
      const mounts = {
        [executables]: '/opt',
        [goEnv('GOROOT')]: '/usr/local/go',
        [goEnv('GOCACHE')]: '/cache/go-build',
        [goEnv('GOMODCACHE')]: '/cache/mod',
        [await example('go-server')]: '/project',
        '/dev': '/dev',
      }
      for (const place of ['/proc', ...Object.values(mounts)])
        await mkdir(join(root, place), { recursive: true })
      const script = [
        'set -e',
        ...Object.entries(mounts).map(([from, to]) => `mount --bind '${from}' '${root}${to}'`),
        `mount -t proc proc '${root}/proc'`,
        `exec /usr/sbin/chroot '${root}' '${executable('amd64').replace(executables, '/opt')}' "$@"`,
      ].join('\n')
      const inRoot = (...args: string[]) =>
        exec('unshare', ['--mount', 'sh', '-c', script, 'sh', ...args], {
          env: {
            PATH: `/usr/local/go/bin:${process.env['PATH']}`,
            HOME: '/root',
            GOCACHE: '/cache/go-build',
            GOMODCACHE: '/cache/mod',
          },
        })
      const about = JSON.parse((await inRoot('--version', '--json')).stdout)
      expect(about).toMatchObject({ version, executable: true, platform: 'linux/amd64' })
      expect((await inRoot('plan', '/project')).stdout).toContain('/rootfs/ /\n')
      expect((await inRoot(...flags, '/project')).stdout).toBe(expected)
      expect((await inRoot('self-check')).stdout).toContain('runs here')
      // What it compiled of itself is kept, and a damaged copy is not used.
      const compiled = join(root, 'root/.cache/xbuild/compiled')
      const [kept = ''] = await readdir(compiled)
      execFileSync('sh', [
        '-c',
        `printf x | dd of='${join(compiled, kept)}' bs=1 seek=5000 conv=notrunc status=none`,
      ])
      expect((await inRoot(...flags, '/project')).stdout).toBe(expected)
    }, 300_000)

    it('holds one for arm64 that builds under QEMU', async () => {
      const root = await bareRoot('arm64')
      const emulated = (...args: string[]) =>
        exec(rigValue('XBUILD_RIG_QEMU_AARCH64'), ['-L', root, executable('arm64'), ...args], {
          // The compilers run on this machine, not emulated.
          env: { PATH: `${join(goEnv('GOROOT'), 'bin')}`, HOME: process.env['HOME'] },
        })
      const about = JSON.parse((await emulated('--version', '--json')).stdout)
      expect(about).toMatchObject({ version, executable: true, platform: 'linux/arm64' })
      const dir = await example('go-server')
      expect((await emulated('plan', dir)).stdout).toContain('/rootfs/ /\n')
      expect((await emulated(...flags, dir)).stdout).toBe(expected)
    }, 300_000)

    it('holds the same executables in wheels that pip installs', async () => {
      const folder = await temporaryFolder()
      for (const [arch, tag] of [
        ['amd64', 'manylinux_2_28_x86_64'],
        ['arm64', 'manylinux_2_28_aarch64'],
      ] as const) {
        const wheel = join(packages, `xbuild-${version}-py3-none-${tag}.whl`)
        const target = join(folder, arch)
        const args = [
          '--quiet',
          '--no-index',
          '--no-deps',
          '--only-binary=:all:',
          `--platform=${tag}`,
          `--target=${target}`,
        ]
        await exec('python3', ['-m', 'pip', 'install', '--disable-pip-version-check', ...args, wheel])
        const digest = async (path: string) =>
          createHash('sha256')
            .update(await readFile(path))
            .digest('hex')
        expect(await digest(join(target, 'bin/xbuild'))).toBe(await digest(executable(arch)))
      }
      expect((await exec(join(folder, 'amd64/bin/xbuild'), ['--version'])).stdout).toBe(`${version}\n`)
    }, 120_000)

    it('holds an npm package that makes the same image, with the licences of what is in it', async () => {
      const prefix = await temporaryFolder()
      const args = ['install', '--global', '--offline', '--no-audit', '--no-fund', `--prefix=${prefix}`]
      await exec('npm', [...args, join(packages, `xbuild-${version}.tgz`)])
      const { stdout } = await exec(join(prefix, 'bin/xbuild'), flags, { cwd: await example('go-server') })
      expect(stdout).toBe(expected)
      const installed = join(prefix, 'lib/node_modules/xbuild/dist')
      expect(await readFile(join(installed, 'THIRD_PARTY_LICENSES'), 'utf8')).toContain('undici')
      const ofExecutable = await readFile(join(dirname(executable('amd64')), 'THIRD_PARTY_LICENSES'), 'utf8')
      expect(ofExecutable).toContain('Node.js is licensed for use as follows')
      expect(ofExecutable).toContain('undici')
    }, 120_000)

    it('holds an image of xbuild that runs, made by xbuild', async () => {
      const reference = `${rigValue('XBUILD_RIG_REGISTRY')}/channels-${process.pid}/xbuild:${version}`
      const archive = join(packages, `xbuild-${version}.oci.tar`)
      await exec(rigValue('XBUILD_RIG_SKOPEO'), [
        'copy',
        '--quiet',
        '--all',
        '--dest-tls-verify=false',
        `oci-archive:${archive}`,
        `docker://${reference}`,
      ])
      const env = { ...process.env, ...rigEnvironment() }
      const run = (...args: string[]) =>
        exec(rigValue('XBUILD_RIG_DOCKER'), ['run', '--rm', '--network=none', reference, ...args], { env })
      expect((await run('--version')).stdout).toBe(`${version}\n`)
      const { digest } = JSON.parse((await xbuild(['self-check', '--json'])).stdout)
      expect((await run('self-check')).stdout).toContain(digest)
      const { code, stdout } = await xbuild(['verify', reference, platforms])
      expect(stdout).toContain('/xbuild')
      expect(code).toBe(0)
    }, 120_000)

    it('answers --version about as fast as Node.js starts', async () => {
      const time = (command: string, ...args: string[]) => {
        const started = performance.now()
        execFileSync(command, args)
        return performance.now() - started
      }
      const samples = Array.from({ length: 15 }, () => ({
        own: time(executable('amd64'), '--version'),
        node: time(process.execPath, '-e', '0'),
      }))
      const median = (numbers: number[]) =>
        numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)] as number
      const [own, node] = [median(samples.map(({ own }) => own)), median(samples.map(({ node }) => node))]
      console.log(
        `xbuild --version ${own.toFixed(0)} ms, node -e 0 ${node.toFixed(0)} ms (medians of 15, in turn)`,
      )
      expect(own / node).toBeLessThan(60 / 50)
    })
  },
)
