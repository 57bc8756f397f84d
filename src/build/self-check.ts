import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readElf } from '../binary/elf.ts'
import { type TinyArch, tinyProgram } from '../binary/tiny-program.ts'
import { checkBinary } from '../binary/verify.ts'
import { Failure } from '../errors.ts'
import { openImage } from '../image/read/source.ts'
import type { VerifyReport } from '../image/verify/report.ts'
import { verificationFailure, verifyImage } from '../image/verify/verify.ts'
import { buildOciImage } from '../image/writer/write-image.ts'
import { type Platform, parsePlatforms } from '../platforms.ts'
import { run } from '../process.ts'
import type { ImageSpec } from '../types.ts'
import { makeTemporaryFolder } from '../util/temporary-folder.ts'
import { type About, about } from '../version.ts'

/** What `xbuild self-check` found. */
export interface SelfCheck {
  readonly about: About
  /** Of the image that was made and read back. One version of xbuild gives one digest. */
  readonly digest: string
  readonly image: VerifyReport
  /** The platform whose program was run here, if it is this machine's. */
  readonly ran: string | undefined
}

const archs: readonly TinyArch[] = ['amd64', 'arm64']

/**
 * Does without a toolchain what a build does: a program for two platforms, checked, packed in-process on the base `builtin`
 * into an archive that is read back whole; the program of this machine is run. Leaves nothing.
 * @throws {Failure} verification; image; usage, when there is no room for temporary files.
 */
export async function selfCheck(signal: AbortSignal): Promise<SelfCheck> {
  const folder = await makeTemporaryFolder('xbuild-self-check-')
  try {
    const platforms = parsePlatforms(archs.map(arch => `linux/${arch}`))
    const programs = new Map<string, string>()
    for (const [index, platform] of platforms.entries()) {
      programs.set(platform.id, await writeProgram(folder.path, platform, archs[index] as TinyArch))
    }
    const archive = join(folder.path, 'image.tar')
    const { indexDigest } = await buildOciImage(specOf(platforms), {
      file: (_, platform) => ({ path: programs.get(platform.id) as string }),
      root: folder.path,
      outputs: [{ type: 'archive', path: archive }],
      compression: 'gzip',
      cacheFolder: join(folder.path, 'cache'),
      signal,
    })
    const image = await readBack(archive, platforms)
    const own = about().platform
    const program = programs.get(own)
    if (program !== undefined) await runProgram(program, own, folder.path)
    return { about: about(), digest: indexDigest, image, ran: program && own }
  } finally {
    await folder.remove()
  }
}

const textFor = (platform: string) => `xbuild self-check: ${platform}\n`

async function writeProgram(folder: string, platform: Platform, arch: TinyArch): Promise<string> {
  const path = join(folder, `check-${arch}`)
  const bytes = tinyProgram(arch, textFor(platform.id))
  checkBinary(readElf(bytes), platform, path)
  await writeFile(path, bytes, { mode: 0o755 })
  return path
}

function specOf(platforms: readonly Platform[]): ImageSpec {
  return {
    name: 'self-check',
    platforms,
    base: { reference: 'builtin', family: 'builtin', predicted: false, reason: 'needs no network' },
    config: { entrypoint: ['/check'], cmd: [], env: {}, ports: [], labels: {} },
    files: [{ target: '/check', source: { artifact: 'check' }, mode: 0o755 }],
    annotations: [],
    epoch: 0,
    tags: [],
  }
}

async function readBack(archive: string, platforms: readonly Platform[]): Promise<VerifyReport> {
  const source = await openImage(archive)
  try {
    const report = await verifyImage(source, { platforms })
    if (!report.ok) throw verificationFailure(report)
    return report
  } finally {
    await source.close()
  }
}

async function runProgram(tool: string, platform: string, cwd: string): Promise<void> {
  // A folder whose programs have no right to run makes `run` itself fail.
  const output = await run({ tool, args: [], cwd }).catch(error => ({ stdout: '', stderr: messageOf(error) }))
  if (output.stdout === textFor(platform)) return
  throw new Failure({
    kind: 'verification',
    what: `The program for ${platform} was packed, but does not run here`,
    where: tool,
    why: output.stderr || 'it did not print what it was made to print',
    fix: 'set TMPDIR to a folder whose programs may run (not mounted noexec)',
  })
}

const messageOf = (error: unknown) =>
  error instanceof Failure
    ? (error.why ?? error.what)
    : error instanceof Error
      ? error.message
      : String(error)
