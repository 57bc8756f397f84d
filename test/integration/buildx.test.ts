import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { inspectBuilder } from '../../src/image/buildx/builder.ts'
import { placeArchive, placeLayout } from '../../src/image/buildx/place-output.ts'
import { runBuildx } from '../../src/image/buildx/run.ts'
import { failureOf } from '../support/failure-of.ts'
import { fakeTools, type Reply } from '../support/fake-tools.ts'

const fixture = (name: string) =>
  readFile(fileURLToPath(new URL(`../fixtures/buildx/${name}.txt`, import.meta.url)), 'utf8')

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'buildx-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
})
afterEach(() => vi.unstubAllEnvs())

/** Puts a docker on PATH that replies so, and nothing else. */
async function docker(...replies: Reply[]) {
  const tools = await fakeTools({ docker: replies })
  vi.stubEnv('PATH', tools.bin)
  return tools
}

const version = (
  text = 'github.com/docker/buildx v0.29.1 a32761aeb3debd39be1eca514af3693af0db334b\n',
): Reply => ({
  when: /^buildx version$/,
  stdout: text,
})

describe('inspectBuilder', () => {
  const inspect = (options: Partial<Parameters<typeof inspectBuilder>[0]> = {}) =>
    inspectBuilder({ cwd: folder, ...options })

  it('asks for the builder that buildx would use, and for the engine only when it matters', async () => {
    const tools = await docker(version(), {
      when: /^buildx inspect/,
      stdout: await fixture('inspect-containerd-0.29'),
    })
    expect(await inspect()).toMatchObject({ name: 'default', driver: 'docker', buildx: '0.29.1' })
    expect(await inspect()).not.toHaveProperty('loadsSeveral')
    await inspect({ builder: '-x' })
    const asked = new Set((await tools.calls()).map(({ args }) => args.join(' ')))
    expect(asked).toEqual(new Set(['buildx version', 'buildx inspect', 'buildx inspect --builder -x']))
  })

  it.each([
    ['[["driver-type","io.containerd.snapshotter.v1"]]', true],
    ['[["Backing Filesystem","extfs"]]', false],
  ])('asks the engine that --load loads into: %s', async (stdout, loadsSeveral) => {
    await docker(
      version(),
      { when: /^buildx inspect/, stdout: await fixture('inspect-nodes-0.13') },
      { when: /^info /, stdout },
    )
    expect(await inspect({ load: true })).toMatchObject({ name: 'r2', loadsSeveral })
  })

  it.each([
    ['github.com/docker/buildx 0.13.1+ds1 0.13.1+ds1-3\n', '0.13.1'],
    ['github.com/docker/buildx v0.0.0+unknown \n', undefined],
    ['github.com/docker/buildx 1234abc\n', undefined],
  ])('takes %j', async (text, expected) => {
    await docker(version(text), { when: /inspect/, stdout: await fixture('inspect-classic-0.13') })
    expect((await inspect()).buildx).toBe(expected)
  })

  it('says so when docker is missing', async () => {
    vi.stubEnv('PATH', folder)
    expect(await failureOf(inspect())).toMatchObject({
      kind: 'tool',
      what: 'docker was not found',
      fix: expect.stringContaining('--backend oci'),
    })
  })

  const failing = (stderr: string): Reply => ({ stderr, exitCode: 1 })
  it.each<[string, Reply[], string, string, RegExp]>([
    [
      'buildx is missing',
      [failing("docker: unknown command: docker buildx\n\nRun 'docker --help' for more information\n")],
      'tool',
      'docker has no buildx',
      /docker-buildx-plugin/,
    ],
    [
      'buildx is missing, in older words',
      [failing("docker: 'buildx' is not a docker command.\nSee 'docker --help'\n")],
      'tool',
      'docker has no buildx',
      /docker-buildx-plugin/,
    ],
    [
      'docker is podman',
      [{ when: /version/, stdout: 'buildah 1.33.7 (image-spec 1.1.0, runtime-spec 1.1.0)\n' }, failing('x')],
      'tool',
      'docker here is not Docker with buildx',
      /docker-buildx-plugin/,
    ],
    [
      'buildx is too old',
      [version('github.com/docker/buildx v0.12.1 30feaa1a915b869ebc2eea6328624b49facd4bfb\n'), failing('x')],
      'tool',
      'buildx 0.12.1 is too old',
      /update/,
    ],
    [
      'there is no such builder',
      [version(), failing('ERROR: no builder "x" found\n')],
      'image',
      'There is no builder "x"',
      /docker buildx ls/,
    ],
    [
      'the daemon does not answer',
      [
        version(),
        {
          stdout:
            'Name:   default\nDriver: docker\nError:  Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n',
        },
      ],
      'image',
      'The builder default does not answer',
      /systemctl start docker/,
    ],
    [
      'the daemon may not be asked',
      [
        version(),
        {
          stdout:
            'Name:   default\nDriver: \nError:  permission denied while trying to connect to the Docker daemon socket\n',
        },
      ],
      'image',
      'The builder default does not answer',
      /usermod -aG docker/,
    ],
    [
      'a remote BuildKit does not answer',
      [
        version(),
        {
          stdout:
            'Name:   r\nDriver: remote\n\nNodes:\nName:     r0\nEndpoint: tcp://192.0.2.1:1234\nStatus:   inactive\n',
        },
      ],
      'image',
      'The builder r does not answer',
      /--builder/,
    ],
  ])('says so when %s', async (_, replies, kind, what, fix) => {
    await docker(...replies)
    const failure = await failureOf(inspect({ builder: 'x' }))
    expect(failure).toMatchObject({ kind, what })
    expect(failure.fix).toMatch(fix)
  })
})

describe('runBuildx', () => {
  const digest = `sha256:${'a'.repeat(64)}`
  const command = () => ({
    tool: 'docker',
    args: [
      'buildx',
      'build',
      '--label',
      'a=two\nlines "$(id)"',
      '--metadata-file',
      join(folder, 'metadata.json'),
      '--file',
      join(folder, 'Dockerfile'),
      'context',
    ],
    cwd: folder,
    env: { SOURCE_DATE_EPOCH: '7' },
  })

  it('gives digest, metadata and times, tells progress, keeps a log', async () => {
    const tools = await docker({
      stderr: await fixture('progress-0.13'),
      files: { '--metadata-file': JSON.stringify({ 'containerimage.digest': digest }) },
    })
    const details: string[] = []
    const logFile = join(folder, 'logs/image.log')
    const result = await runBuildx(command(), { onProgress: detail => details.push(detail), logFile })
    expect(result).toMatchObject({ digest, metadata: { 'containerimage.digest': digest } })
    expect(result.vertices).toContainEqual(
      expect.objectContaining({ name: 'RUN ["/app"]', platform: 'linux/arm64' }),
    )
    expect(details).toContain('exporting to oci image format')
    expect(await readFile(logFile, 'utf8')).toMatch(/RUN \["\/app"\] DONE/)
    expect(await tools.calls('docker')).toMatchObject([
      { args: command().args, cwd: folder, env: { SOURCE_DATE_EPOCH: '7' } },
    ])
  })

  it('tries again when --push and --load were in the way of each other, and not for ever', async () => {
    const race = 'ERROR: failed to build: failed to solve: image "localhost:5000/app:1": already exists\n'
    const tools = await docker(
      { times: 2, stderr: race, exitCode: 1 },
      { files: { '--metadata-file': JSON.stringify({ 'containerimage.digest': digest }) } },
    )
    expect(await runBuildx(command())).toMatchObject({ digest })
    expect(await tools.calls()).toHaveLength(3)

    const always = await docker({ stderr: race, exitCode: 1 })
    expect(await failureOf(runBuildx(command()))).toMatchObject({ kind: 'image' })
    expect(await always.calls()).toHaveLength(3)
  })

  it('gives no digest for an output that is no image', async () => {
    await docker({ files: { '--metadata-file': '{}' } })
    expect(await runBuildx(command())).not.toHaveProperty('digest')
  })

  it('explains a failure with the line of the Dockerfile and the log', async () => {
    await docker({ stderr: await fixture('failed-0.29'), exitCode: 1 })
    await writeFile(join(folder, 'Dockerfile'), 'FROM x\n\n\n\nRUN ["/app","fail"]\n')
    const logFile = join(folder, 'image.log')
    const failure = await failureOf(runBuildx(command(), { logFile }))
    expect(failure).toMatchObject({
      kind: 'image',
      where: 'Dockerfile line 5: RUN ["/app","fail"]',
      why: `process "/app fail" did not complete successfully: exit code: 3\nfull log: ${logFile}`,
    })
    expect(await readFile(logFile, 'utf8')).toMatch(/ERROR: process/)
  })

  it('says so when docker dies', async () => {
    await docker({ script: () => process.kill(process.pid, 'SIGKILL') as never })
    const failure = await failureOf(runBuildx(command()))
    expect(failure).toMatchObject({ kind: 'image', why: expect.stringContaining('SIGKILL') })
  })

  it.each([undefined, '', '{"containerimage.digest":'])('does not take %j for metadata', async text => {
    await docker(text === undefined ? {} : { files: { '--metadata-file': text } })
    expect(await failureOf(runBuildx(command()))).toMatchObject({
      kind: 'image',
      where: join(folder, 'metadata.json'),
    })
  })

  it('ends docker when it is interrupted, and keeps the log', async () => {
    await docker({
      script: (call, { fs }) => {
        fs.writeFileSync(call.option('--file'), String(process.pid))
        const vertexes = [{ digest: 'd', name: 'begun', started: new Date().toISOString() }]
        process.stderr.write(`said\n${JSON.stringify({ vertexes })}\n`)
      },
      hang: true,
    })
    const controller = new AbortController()
    const logFile = join(folder, 'image.log')
    let begun = () => {}
    const progress = new Promise<void>(resolve => {
      begun = resolve
    })
    const running = failureOf(runBuildx(command(), { signal: controller.signal, logFile, onProgress: begun }))
    await progress
    const pid = Number(await readFile(join(folder, 'Dockerfile'), 'utf8'))
    controller.abort()
    expect(await running).toMatchObject({ kind: 'interrupted' })
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), { timeout: 10_000 })
    expect(await readFile(logFile, 'utf8')).toBe('said\n')
  })
})

describe('placeArchive', () => {
  it('replaces what is there, and makes folders', async () => {
    for (const text of ['one', 'two']) {
      await writeFile(join(folder, 'from'), text)
      await placeArchive(join(folder, 'from'), join(folder, 'a/b/to.tar'))
      expect(await readFile(join(folder, 'a/b/to.tar'), 'utf8')).toBe(text)
    }
    expect(await readdir(folder)).toEqual(['a'])
    expect(await readdir(join(folder, 'a/b'))).toEqual(['to.tar'])
  })

  it('leaves what is there when it cannot', async () => {
    await writeFile(join(folder, 'file'), 'kept')
    await writeFile(join(folder, 'from'), 'new')
    const failure = await failureOf(placeArchive(join(folder, 'from'), join(folder, 'file/to.tar')))
    expect(failure).toMatchObject({ kind: 'image', where: join(folder, 'file/to.tar') })
    expect(await readFile(join(folder, 'file'), 'utf8')).toBe('kept')
  })
})

describe('placeLayout', () => {
  const descriptor = (name: string) => ({
    mediaType: 'application/vnd.oci.image.index.v1+json',
    digest: `sha256:${name.repeat(64)}`,
    size: 1,
    annotations: { left: 'out' },
  })

  /** A layout as buildx 0.13 leaves it. */
  async function layout(name: string): Promise<string> {
    const from = join(folder, `from-${name}`)
    await mkdir(join(from, 'blobs/sha256'), { recursive: true })
    await mkdir(join(from, 'ingest'))
    await writeFile(join(from, 'blobs/sha256', name.repeat(64)), name)
    await writeFile(join(from, 'blobs/sha256', '0'.repeat(64)), 'shared')
    await writeFile(join(from, 'index.json'), '{"manifests":[]}')
    await writeFile(join(from, 'oci-layout'), '{}')
    return from
  }
  const names = async (path: string) => {
    const { manifests } = JSON.parse(await readFile(join(path, 'index.json'), 'utf8'))
    return manifests.map((entry: { digest: string; annotations: Record<string, string> }) => [
      entry.digest.at(-1),
      entry.annotations['io.containerd.image.name'],
      entry.annotations['org.opencontainers.image.ref.name'],
      entry.annotations.left,
    ])
  }

  it('makes a folder that holds the layout and nothing else, named once for each tag', async () => {
    const to = join(folder, 'a/layout')
    await placeLayout(await layout('1'), to, descriptor('1'), ['app:1', 'localhost:5000/app:2'])
    expect((await readdir(to)).sort()).toEqual(['blobs', 'index.json', 'oci-layout'])
    expect(await names(to)).toEqual([
      ['1', 'docker.io/library/app:1', '1', undefined],
      ['1', 'localhost:5000/app:2', '2', undefined],
    ])
    expect(await readdir(dirname(to))).toEqual(['layout'])
    expect((await stat(to)).mode & 0o700).toBe(0o700)
    expect((await stat(to)).mode & 0o777).toBe((await stat(dirname(to))).mode & 0o777)
  })

  it('adds to a layout, and replaces the image of the same name', async () => {
    const to = join(folder, 'layout')
    await placeLayout(await layout('1'), to, descriptor('1'), ['app:1'])
    await placeLayout(await layout('2'), to, descriptor('2'), ['app:2'])
    await placeLayout(await layout('3'), to, descriptor('3'), ['app:1'])
    expect((await names(to)).map(([digest, , tag]: string[]) => [digest, tag])).toEqual([
      ['2', '2'],
      ['3', '1'],
    ])
    expect(await readdir(join(to, 'blobs/sha256'))).toHaveLength(4)
  })

  it('leaves another folder alone', async () => {
    await writeFile(join(folder, 'mine'), '')
    const failure = await failureOf(placeLayout(await layout('1'), folder, descriptor('1'), []))
    expect(failure).toMatchObject({ kind: 'usage', where: folder })
    expect(await readdir(folder)).not.toContain('blobs')
  })
})
