import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, realpath, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Failure } from '../../errors.ts'
import type { Project } from '../../languages/language.ts'
import type { ZigProject } from '../../languages/zig/project.ts'
import type { Platform } from '../../platforms.ts'
import { type RunResult, run } from '../../process.ts'
import { cacheFolder } from '../../util/cache-folder.ts'
import { readText } from '../../util/read-file.ts'
import { tokens } from '../../util/substitute.ts'
import type { BenchLanguage, Edit, StagedProject, ToolchainFolder } from './bench-language.ts'

/** Zig: there is no official image, but the PyPI package ziglang is the whole toolchain, for many architectures. */
export const zigBench: BenchLanguage = {
  // The flag for the global cache went away in 0.17; the variable is in every version.
  args: ['--cache-dir', `${tokens.caches}/local`],
  cacheEnv: () => ({ ZIG_GLOBAL_CACHE_DIR: `${tokens.caches}/global` }),
  stageDependencies: async () => {},
  seedCaches: fetchPackages,
  settings: async () => ({}),
  edit: editRoot,
  findToolchain: findZigFolder,
}

/** Zig looks for packages in `p` of its global cache; whatever else the download leaves there would be warm. */
async function fetchPackages(project: Project, { root, seed, signal }: StagedProject): Promise<void> {
  const { zig, downloads } = project as ZigProject
  if (!downloads) return
  const [tool = 'zig', ...first] = zig.command
  const global = join(seed, 'global')
  const args = [...first, 'build', '--fetch']
  const env = { ZIG_GLOBAL_CACHE_DIR: global }
  const result = await run({ tool, args, cwd: root, env }, { signal })
  if (!result.ok) {
    throw new Failure({
      kind: 'compile',
      what: 'The dependencies cannot be fetched',
      where: root,
      why: result.stderr.trim(),
      fix: `${tool} build --fetch`,
    })
  }
  // Newer versions put packages next to build.zig, where they are part of the copy.
  const left = (await readdir(global).catch((): string[] => [])).filter(name => name !== 'p')
  await Promise.all(left.map(name => rm(join(global, name), { recursive: true, force: true })))
  await rm(join(root, '.zig-cache'), { recursive: true, force: true })
}

/** The file that build.zig names as a root, where that can be told from its text. */
async function editRoot({ root }: StagedProject): Promise<Edit | undefined> {
  const text = await readText(join(root, 'build.zig')).catch(() => '')
  const named = [
    ...text.matchAll(
      /root_source_file\s*=\s*(?:b\.path\(|\.\{\s*\.(?:cwd_relative|path)\s*=\s*)?"([^"]+\.zig)"/g,
    ),
  ]
  const candidates = [...named.map(([, path]) => path as string), 'src/main.zig', 'main.zig']
  const main =
    candidates.find(path => /main\.zig$/.test(path) && existsSync(join(root, path))) ?? candidates[0]
  if (main === undefined || !existsSync(join(root, main))) return undefined
  return { file: join(root, main), line: text => `const xbuild_bench_edit = "${text}";` }
}

async function findZigFolder(
  project: Project,
  platform: Platform,
  { signal }: StagedProject,
  host: boolean,
): Promise<ToolchainFolder | undefined> {
  const { zig, toolchain } = project as ZigProject
  const { version } = toolchain
  const own = host ? await ownFolder(zig.command, signal) : undefined
  const name = own === undefined ? `ziglang ${version} from PyPI` : `this machine’s zig ${version}`
  const folder = own ?? (await downloadWheel(version, platform, signal))
  return { folder, name, program: 'zig', setup: [], env: {} }
}

/** The folder of this machine's zig, where it holds the standard library as well; `zig env` prints JSON, or ZON since 0.15. */
async function ownFolder(command: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  const [tool = 'zig', ...args] = command
  const result = await run({ tool, args: [...args, 'env'], cwd: '/' }, { signal })
  const [, path] = /zig_exe"?\s*[:=]\s*"([^"]+)"/.exec(result.stdout) ?? []
  if (path === undefined) return undefined
  const folder = dirname(await realpath(path).catch(() => path))
  return existsSync(join(folder, 'zig')) && existsSync(join(folder, 'lib', 'std')) ? folder : undefined
}

/** The machine part of wheel tags (PEP 600, PEP 656). */
const wheelMachines: Readonly<Record<string, string>> = {
  amd64: 'x86_64',
  arm64: 'aarch64',
  '386': 'i686',
  arm: 'armv7l',
  ppc64le: 'ppc64le',
  riscv64: 'riscv64',
  s390x: 's390x',
}

/** Fetches the wheel of another architecture with pip and unpacks it into the user's cache folder. */
async function downloadWheel(version: string, platform: Platform, signal: AbortSignal): Promise<string> {
  const machine = wheelMachines[platform.arch] ?? platform.arch
  const folder = join(cacheFolder(), 'toolchains', `ziglang-${version}-${machine}`)
  if (existsSync(join(folder, 'zig'))) return folder
  await mkdir(dirname(folder), { recursive: true })
  const temporary = await mkdtemp(`${folder}.`)
  try {
    const tags = [`manylinux2014_${machine}`, `manylinux_2_31_${machine}`, `musllinux_1_1_${machine}`]
    const python = (...args: string[]) => run({ tool: 'python3', args, cwd: temporary }, { signal })
    const download = ['download', '-q', '--no-deps', '--only-binary=:all:', '-d', '.']
    check(
      await python(
        '-m',
        'pip',
        ...download,
        ...tags.flatMap(tag => ['--platform', tag]),
        `ziglang==${version}`,
      ),
    )
    const wheel = (await readdir(temporary)).find(name => name.endsWith('.whl')) ?? ''
    check(await python('-m', 'zipfile', '-e', wheel, '.'))
    // Wheels are zip files, and Python's unpacker forgets modes.
    await chmod(join(temporary, 'ziglang', 'zig'), 0o755)
    // Another run may have been quicker.
    await rename(join(temporary, 'ziglang'), folder).catch(() => {})
    return folder
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }

  function check(result: RunResult): void {
    if (result.ok) return
    throw new Failure({
      kind: 'tool',
      what: `zig ${version} for ${platform.id} cannot be fetched`,
      where: `the PyPI package ziglang for ${machine}`,
      why: result.stderr.trim().split('\n').slice(-5).join('\n'),
      fix: 'give an image that has it: --image, or [bench] image = "…" in xbuild.toml',
    })
  }
}
