import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parsePlatform } from '../../src/platforms.ts'
import { buildElfFor } from './elf-builder.ts'
import { type FakeTools, fakeTools, type Reply } from './fake-tools.ts'
import { helloGo, project, temporaryFolder } from './projects.ts'

/** A Go project with scripted stand-ins for go and docker, for what no real emulator does on demand. */
export interface BenchTools {
  readonly dir: string
  readonly fakes: FakeTools
  /** The environment to run xbuild in. */
  readonly env: Readonly<Record<string, string>>
  /** How `docker buildx build` ends on the emulated path, and before that on preparing its toolchain. */
  emulated(reply: Reply, toolchain?: Reply): Promise<void>
  /** What `docker buildx inspect` lists, instead of one node that runs amd64 and emulates riscv64. */
  builder(nodes: string): Promise<void>
}

/** The project `hello`, whose compiler writes the same ELF file for linux/riscv64 on every path. */
export async function benchTools(): Promise<BenchTools> {
  const dir = await project(helloGo)
  const elf = join(await temporaryFolder(), 'hello')
  await writeFile(elf, buildElfFor(parsePlatform('linux/riscv64'), { goSettings: true }))
  const fakes = await fakeTools({ go })
  const emulated = (reply: Reply, toolchain: Reply = {}) =>
    fakes.add('docker', [
      ...dockerFacts,
      { ...toolchain, when: /emulated-linux_riscv64.*--target toolchain/ },
      { when: /--target toolchain/ },
      { ...reply, when: /emulated-linux_riscv64/ },
      dockerBuild,
    ])
  const builder = (nodes: string) =>
    fakes.add('docker', [
      { when: /^buildx inspect/, stdout: `Name: b\nDriver: remote\n\nNodes:\n${nodes}` },
      ...dockerFacts,
      dockerBuild,
    ])
  await emulated(dockerBuild)
  // An engine elsewhere, so that the emulators of the machine the test runs on do not show.
  const env = { PATH: fakes.path, FAKE_ELF: elf, DOCKER_HOST: 'tcp://elsewhere.example.com' }
  return { dir, fakes, env, emulated, builder }
}

const go: Reply[] = [
  {
    when: /^env -json GOVERSION/,
    stdout: '{"GOVERSION":"go1.26.8","GOCACHE":"/nowhere","GOENV":"off","GOWORK":""}',
  },
  { when: /^env -json GOFLAGS/, stdout: '{"GOFLAGS":"-mod=mod -tags=x","GOEXPERIMENT":""}' },
  { when: /^env GOWORK/, stdout: '\n' },
  { when: /^mod vendor -o/ },
  {
    // As the template of src/languages/go/list.ts prints it.
    when: /^list -e -(find|deps)/,
    script: ({ cwd }) => {
      const columns = ['"main"', '"example.com/hello"', JSON.stringify(cwd), 'false', 'false', '0']
      const rest = ['""', '"example.com/hello"', JSON.stringify(cwd), '"main.go"', '""', '""', '""']
      process.stdout.write(`${[...columns, ...rest].join('\t')}\n`)
    },
  },
  {
    when: /^list -f/,
    script: ({ cwd }) => {
      process.stdout.write(`${cwd}\tmain.go\t\n`)
    },
  },
  {
    when: /^build/,
    stderr: 'example.com/hello\n',
    script: ({ args, env }, { fs, path }) => {
      const folder = args[args.indexOf('-o') + 1] ?? ''
      fs.mkdirSync(folder, { recursive: true })
      fs.copyFileSync(env['FAKE_ELF'] ?? '', path.join(folder, 'hello'))
    },
  },
]

/** An engine's builder of one node that runs amd64 and emulates riscv64. */
export const dockerFacts: readonly Reply[] = [
  { when: /^buildx version/, stdout: 'github.com/docker/buildx v0.29.1 abc\n' },
  {
    when: /^buildx inspect/,
    stdout:
      'Name: default\nDriver: docker\n\nNodes:\nName: default\nEndpoint: default\nStatus: running\nBuildKit version: v0.25.0\nPlatforms: linux/amd64, linux/riscv64\n',
  },
  { when: /^buildx prune/ },
  { when: /^version/, stdout: '28.5.2\n' },
  {
    when: /^buildx imagetools inspect/,
    stdout:
      '{"manifests":[{"platform":{"architecture":"amd64","os":"linux"}},{"platform":{"architecture":"riscv64","os":"linux"}}]}',
  },
]

/** A build that goes well: two steps, 7 seconds of compile by BuildKit's own clock, the binary exported. */
const dockerBuild: Reply = {
  when: /^buildx build/,
  stderr: [
    '{"vertexes":[{"digest":"sha256:1","name":"[builder 1/2] COPY . .","started":"2026-01-01T00:00:00Z","completed":"2026-01-01T00:00:01Z"}]}',
    '{"vertexes":[{"digest":"sha256:0","name":"[toolchain 2/2] RUN prepare","started":"2026-01-01T00:00:00Z","completed":"2026-01-01T00:01:00Z"}]}',
    '{"vertexes":[{"digest":"sha256:2","name":"[builder 2/2] RUN --mount=type=cache,id=x,target=/caches go build","started":"2026-01-01T00:00:01Z","completed":"2026-01-01T00:00:08Z"}]}',
    '',
  ].join('\n'),
  script: ({ option, env, args }, { fs, path }) => {
    // The Dockerfile is gone when the test looks, so it is kept here.
    fs.appendFileSync(`${env['FAKE_ELF']}.dockerfiles`, `${fs.readFileSync(option('--file'), 'utf8')}\0`)
    const source = args.at(-1) ?? ''
    fs.appendFileSync(
      `${env['FAKE_ELF']}.sources`,
      `${fs.readFileSync(path.join(source, 'main.go'), 'utf8')}\0`,
    )
    const folder = path.join(option('--output').split('dest=')[1] ?? '', 'linux_riscv64')
    fs.mkdirSync(folder, { recursive: true })
    fs.copyFileSync(env['FAKE_ELF'] ?? '', path.join(folder, 'hello'))
  },
}
