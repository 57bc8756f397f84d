import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { commit, helloGo, project, temporaryFolder } from '../support/projects.ts'
import { describeWith, rigEnvironment, rigValue } from '../support/rig.ts'

const minutes = (count: number) => count * 60_000

/** A project on a base of the rig, built without Docker into an archive, an archive for docker and a layout. */
interface Built {
  readonly archive: string
  readonly dockerArchive: string
  readonly layout: string
  readonly digest: string
}
let built: Promise<Built> | undefined
const tag = 'example.com/team/hello:1'

function buildOnce(): Promise<Built> {
  built ??= (async () => {
    const dir = await project({
      'go.mod': 'module example.com/hello\n\ngo 1.21\n',
      'main.go':
        'package main\n\nimport "runtime"\n\nfunc main() { println("hello from", runtime.GOOS+"/"+runtime.GOARCH) }\n',
    })
    commit(dir)
    const [archive, dockerArchive, layout] = ['app.oci.tar', 'app.docker.tar', 'layout'].map(name =>
      join(dir, name),
    ) as [string, string, string]
    const base = `${rigValue('XBUILD_RIG_DISTROLESS')}/static-debian13:nonroot`
    const outputs = [archive, layout, `type=docker,dest=${dockerArchive}`].map(path => `--output=${path}`)
    const result = await xbuild(['--backend=oci', `--base=${base}`, `--tag=${tag}`, ...outputs, '--json'], {
      cwd: dir,
      // its own, so that everything is really fetched
      env: {
        DOCKER_HOST: 'unix:///nonexistent',
        XDG_CACHE_HOME: await temporaryFolder(),
        GOCACHE: goCache(),
      },
    })
    expect(result, result.stderr).toMatchObject({ code: 0 })
    return { archive, dockerArchive, layout, digest: JSON.parse(result.stdout).images[0].digest }
  })()
  return built
}

function goCache(): string {
  return execFileSync('go', ['env', 'GOCACHE'], { encoding: 'utf8' }).trim()
}

describeWith(['registry', 'bases', 'skopeo'], 'skopeo', () => {
  const skopeo = (...args: string[]) =>
    execFileSync(rigValue('XBUILD_RIG_SKOPEO'), ['--insecure-policy', ...args], {
      encoding: 'utf8',
      stdio: 'pipe',
    })

  it.each(['archive', 'layout'] as const)(
    'reads the %s, every blob of every platform',
    async kind => {
      const image = await buildOnce()
      const source = kind === 'archive' ? `oci-archive:${image.archive}` : `oci:${image.layout}:1`
      const copy = await temporaryFolder()
      skopeo('copy', '--all', source, `dir:${copy}`)
      const inspected = JSON.parse(skopeo('inspect', '--raw', source))
      expect(
        inspected.manifests.map(
          ({ platform }: { platform: { architecture: string } }) => platform.architecture,
        ),
      ).toEqual(['amd64', 'arm64'])
      for (const arch of ['amd64', 'arm64']) {
        const config = JSON.parse(skopeo('inspect', '--config', `--override-arch=${arch}`, source))
        expect(config).toMatchObject({
          architecture: arch,
          config: { Entrypoint: ['/hello'], User: '65532' },
        })
      }
    },
    minutes(5),
  )

  it(
    'reads the archive for docker, one platform of it',
    async () => {
      const { dockerArchive } = await buildOnce()
      const copy = await temporaryFolder()
      skopeo('copy', `docker-archive:${dockerArchive}`, `dir:${copy}`)
      expect(existsSync(join(copy, 'manifest.json'))).toBe(true)
    },
    minutes(5),
  )

  it(
    'copies the archive into a registry, where the index has the same digest',
    async () => {
      const { archive, digest } = await buildOnce()
      const reference = `${rigValue('XBUILD_RIG_REGISTRY')}/oci-e2e-${process.pid}/copied:1`
      skopeo('copy', '--all', '--dest-tls-verify=false', `oci-archive:${archive}`, `docker://${reference}`)
      expect(
        JSON.parse(skopeo('inspect', '--tls-verify=false', '--override-arch=arm64', `docker://${reference}`))
          .Digest,
      ).toMatch(/^sha256:/)
      expect(
        execFileSync(rigValue('XBUILD_RIG_CRANE'), ['digest', '--insecure', reference], {
          encoding: 'utf8',
        }).trim(),
      ).toBe(digest)
    },
    minutes(5),
  )
})

describeWith(['registry', 'bases', 'crane'], 'crane', () => {
  const crane = (...args: string[]) =>
    execFileSync(rigValue('XBUILD_RIG_CRANE'), ['--insecure', ...args], {
      encoding: 'utf8',
      stdio: 'pipe',
      maxBuffer: 1 << 28,
    })

  it(
    'pushes the layout and finds every platform valid',
    async () => {
      const { layout, digest } = await buildOnce()
      const reference = `${rigValue('XBUILD_RIG_REGISTRY')}/oci-e2e-${process.pid}/crane:1`
      crane('push', '--index', layout, reference)
      const [only] = JSON.parse(crane('manifest', reference)).manifests ?? []
      expect(only.digest).toBe(digest)
      for (const platform of ['linux/amd64', 'linux/arm64']) {
        expect(
          crane('validate', '--remote', `${reference.slice(0, -2)}@${digest}`, `--platform=${platform}`),
        ).toContain('PASS')
      }
    },
    minutes(5),
  )

  it(
    'finds what xbuild pushed to a registry with a log-in valid, layer by layer',
    async () => {
      const registry = rigValue('XBUILD_RIG_AUTH_REGISTRY')
      const dir = await project(helloGo)
      commit(dir)
      const reference = `${registry}/oci-e2e-${process.pid}/app:1`
      const args = [
        '--backend=oci',
        '--base=builtin',
        `--tag=${reference}`,
        '--push',
        '--platform=linux/arm64',
      ]
      const home = await temporaryFolder()
      const refused = await xbuild(args, { cwd: dir, env: { DOCKER_CONFIG: home } })
      expect(refused).toMatchObject({ code: 8, stdout: '' })
      expect(refused.stderr).toContain(`docker login ${registry}`)

      execFileSync(
        rigValue('XBUILD_RIG_CRANE'),
        [
          'auth',
          'login',
          registry,
          '-u',
          rigValue('XBUILD_RIG_AUTH_USER'),
          '-p',
          rigValue('XBUILD_RIG_AUTH_PASSWORD'),
        ],
        { env: { ...process.env, DOCKER_CONFIG: home }, stdio: 'pipe' },
      )
      const pushed = await xbuild(args, { cwd: dir, env: { DOCKER_CONFIG: home } })
      expect(pushed, pushed.stderr).toMatchObject({ code: 0 })
      expect(pushed.stderr + pushed.stdout).not.toContain(rigValue('XBUILD_RIG_AUTH_PASSWORD'))
      const valid = execFileSync(
        rigValue('XBUILD_RIG_CRANE'),
        ['validate', '--insecure', '--remote', reference, '--platform=linux/arm64'],
        { encoding: 'utf8', env: { ...process.env, DOCKER_CONFIG: home } },
      )
      expect(valid).toContain('PASS')
    },
    minutes(5),
  )
})

describeWith(['registry', 'bases'], 'a registry without TLS', () => {
  it(
    'that is not this machine by its name is used when that is asked for, and only then',
    async () => {
      const dir = await project(helloGo)
      commit(dir)
      // Linux connects to this machine, and no name of it is one of loopback.
      const here = (reference: string) => reference.replace(/^[^:/]+/, '0.0.0.0')
      const registry = here(rigValue('XBUILD_RIG_REGISTRY'))
      const base = `${here(rigValue('XBUILD_RIG_DISTROLESS'))}/static-debian13:nonroot`
      const tag = `${registry}/oci-e2e-${process.pid}/insecure:1`
      const args = ['--backend=oci', `--base=${base}`, `--tag=${tag}`, '--push', '--platform=linux/arm64']
      const env = { GOCACHE: goCache(), XDG_CACHE_HOME: await temporaryFolder() }
      const refused = await xbuild(args, { cwd: dir, env })
      expect(refused).toMatchObject({ code: 8, stdout: '' })
      expect(refused.stderr).toContain(`--insecure-registry ${registry}`)
      const pushed = await xbuild([...args, `--insecure-registry=${registry}`], { cwd: dir, env })
      expect(pushed, pushed.stderr).toMatchObject({ code: 0 })
      expect(await xbuild(['verify', tag, `--insecure-registry=${registry}`], { cwd: dir })).toMatchObject({
        code: 0,
      })
    },
    minutes(5),
  )
})

describeWith(['registry', 'bases', 'engine', 'docker', 'qemu'], 'docker on the containerd store', () => {
  const docker = (...args: string[]) =>
    execFileSync(rigValue('XBUILD_RIG_DOCKER'), args, {
      encoding: 'utf8',
      env: { ...process.env, ...rigEnvironment() },
    })

  it.each(['archive', 'dockerArchive'] as const)(
    'loads the %s with both platforms and runs each, the foreign one under QEMU',
    async kind => {
      const { [kind]: archive, digest } = await buildOnce()
      spawnSync(rigValue('XBUILD_RIG_DOCKER'), ['rmi', '--force', tag], {
        env: { ...process.env, ...rigEnvironment() },
      })
      expect(docker('load', '--input', archive)).toContain(tag)
      expect(docker('image', 'inspect', '--format={{.Id}}', tag).trim()).toBe(digest)
      for (const platform of ['linux/amd64', 'linux/arm64']) {
        const output = execFileSync(
          'sh',
          [
            '-c',
            '"$0" "$@" 2>&1',
            rigValue('XBUILD_RIG_DOCKER'),
            'run',
            '--rm',
            '--network=none',
            `--platform=${platform}`,
            tag,
          ],
          { encoding: 'utf8', env: { ...process.env, ...rigEnvironment() } },
        )
        expect(output).toContain(`hello from ${platform}`)
      }
    },
    minutes(5),
  )
})

describeWith(['registry', 'bases', 'classic', 'docker'], 'docker on the classic store', () => {
  it(
    'loads the archive for docker and runs this machine’s platform',
    async () => {
      const { dockerArchive } = await buildOnce()
      const env = {
        ...process.env,
        ...rigEnvironment(),
        DOCKER_HOST: rigValue('XBUILD_RIG_CLASSIC_DOCKER_HOST'),
      }
      const run = (...args: string[]) =>
        execFileSync('sh', ['-c', '"$0" "$@" 2>&1', rigValue('XBUILD_RIG_DOCKER'), ...args], {
          encoding: 'utf8',
          env,
        })
      expect(run('load', '--input', dockerArchive)).toContain(tag)
      expect(run('run', '--rm', '--network=none', tag)).toContain(
        `hello from linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
      )
    },
    minutes(5),
  )
})

describeWith(['registry', 'bases', 'engine', 'buildx'], 'buildx', () => {
  const docker = (...args: string[]) =>
    execFileSync(rigValue('XBUILD_RIG_DOCKER'), args, {
      encoding: 'utf8',
      stdio: 'pipe',
      env: { ...process.env, ...rigEnvironment() },
    })

  it(
    'builds on the layout as a named context',
    async () => {
      const { layout, digest } = await buildOnce()
      const context = join(await temporaryFolder(), 'context')
      mkdirSync(context)
      const output = join(context, '../out.tar')
      execFileSync(
        'sh',
        [
          '-c',
          'printf "FROM base\\nENV A=1\\n" | "$0" "$@"',
          rigValue('XBUILD_RIG_DOCKER'),
          ...['buildx', 'build', '--provenance=false', '--platform=linux/amd64,linux/arm64', '-f', '-'],
          ...[
            '--build-context',
            `base=oci-layout://${layout}@${digest}`,
            '-o',
            `type=oci,dest=${output}`,
            context,
          ],
        ],
        { env: { ...process.env, ...rigEnvironment() }, stdio: 'pipe' },
      )
      expect(existsSync(output)).toBe(true)
    },
    minutes(5),
  )

  it(
    'imagetools reads the layout itself, or says that it reads registries alone',
    async () => {
      const { layout, digest } = await buildOnce()
      const args = [
        'buildx',
        'imagetools',
        'inspect',
        `oci-layout://${layout}@${digest}`,
        '--format={{json .}}',
      ]
      const { status, stdout, stderr } = spawnSync(rigValue('XBUILD_RIG_DOCKER'), args, {
        encoding: 'utf8',
        env: { ...process.env, ...rigEnvironment() },
      })
      // Layouts came to it in 2026 (docker/buildx#3721); an older one takes the whole for a malformed name.
      if (/^ERROR: .*invalid reference format/m.test(stderr)) return expect(status).toBe(1)
      expect(status, stderr).toBe(0)
      expect(Object.keys(JSON.parse(stdout).image).sort()).toEqual(['linux/amd64', 'linux/arm64'])
    },
    minutes(5),
  )

  it(
    'imagetools reads what xbuild pushed',
    async () => {
      const dir = await project(helloGo)
      commit(dir)
      const reference = `${rigValue('XBUILD_RIG_REGISTRY')}/oci-e2e-${process.pid}/imagetools:1`
      const result = await xbuild(['--backend=oci', '--base=builtin', `--tag=${reference}`, '--push'], {
        cwd: dir,
      })
      expect(result, result.stderr).toMatchObject({ code: 0 })
      const seen = docker('buildx', 'imagetools', 'inspect', reference, '--format={{json .}}')
      const { manifest, image } = JSON.parse(seen)
      expect(result.stdout.trim()).toBe(`${reference.slice(0, -2)}@${manifest.digest}`)
      expect(Object.keys(image).sort()).toEqual(['linux/amd64', 'linux/arm64'])
    },
    minutes(5),
  )
})
