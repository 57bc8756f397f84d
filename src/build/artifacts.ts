import { constants } from 'node:fs'
import { chmod, copyFile, mkdir, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { readElfFile } from '../binary/elf.ts'
import { checkBinary, checkGlibc } from '../binary/verify.ts'
import { Failure } from '../errors.ts'
import { platformFolder } from '../platforms.ts'
import type { Recorder } from '../recorder.ts'
import type { Artifact, CompiledBinary, Step } from '../types.ts'
import { createLimit } from '../util/create-limit.ts'
import { count } from '../util/format.ts'
import { hashFile } from '../util/hash-file.ts'
import { mapLimit } from '../util/map-limit.ts'
import type { Plan } from './plan.ts'

/** Where a platform's binary is kept. */
export function artifactPath(dist: string, { platform, name }: Pick<Artifact, 'platform' | 'name'>): string {
  return `${dist}/${platformFolder(platform)}/${name}`
}

/** The id of this task in the list that a run shows. */
export const verifyTaskId = 'verify'

/** What verifying needs in addition to the binaries. */
export interface VerifyContext {
  readonly plan: Pick<Plan, 'dist' | 'compile'>
  /** The run's temporary folder. */
  readonly work: string
  readonly recorder: Recorder
  /** Reads the binaries, where some were read before. */
  readonly read?: ReadBinary
}

/** Reads a binary, the same one once. `kept` says that it is the one of the last build. */
export type ReadBinary = (
  binary: CompiledBinary,
) => Promise<{ readonly artifact: Artifact; readonly kept: boolean }>

/** Binaries that are hashed at once: each takes a buffer, and one processor is busy with two. */
const parallel = 2

/** @param knownHash the SHA-256 of a binary that was hashed before and is the same file still */
export function createReader(
  knownHash: (binary: CompiledBinary) => Promise<string | undefined> = async () => undefined,
): ReadBinary {
  const read = new Map<string, ReturnType<ReadBinary>>()
  const inTurn = createLimit(parallel)
  const look = async (binary: CompiledBinary) => {
    const elf = readElfFile(binary.path)
    const { size } = await stat(binary.path)
    const known = await knownHash(binary)
    const sha256 = known ?? (await hashFile(binary.path))
    return { artifact: { ...binary, elf, size, sha256 }, kept: known !== undefined }
  }
  return binary => {
    const reading = read.get(binary.path) ?? inTurn(() => look(binary))
    read.set(binary.path, reading)
    return reading
  }
}

/**
 * Reads every compiled binary and checks that it is what its platform asks for, then keeps it under the plan's `dist`: all
 * of them, or none when one is wrong.
 * @throws {Failure} verification, with every fault of every binary.
 */
export function verifyAndKeep(
  binaries: readonly CompiledBinary[],
  { plan, work, recorder, read: readBinary = createReader() }: VerifyContext,
): Promise<Artifact[]> {
  return recorder.task(verifyTaskId, async task => {
    const read = await mapLimit(binaries, parallel, async binary => (await readBinary(binary)).artifact)
    const failures = read.flatMap(artifact => checkArtifact(artifact, plan))
    if (failures[0]) throw failures.length === 1 ? failures[0] : severalWrong(failures)
    const artifacts = await Promise.all(read.map(artifact => keep(artifact, plan.dist, work)))
    const linkages = [...new Set(artifacts.map(artifact => artifact.elf.linkage))]
    task.detail(`${count(artifacts.length, 'binary', 'binaries')}, ${linkages.join(', ')}`)
    return artifacts
  })
}

function stepOf({ platform, name }: CompiledBinary, { compile }: Pick<Plan, 'compile'>): Step | undefined {
  return compile.steps.find(({ produces }) =>
    produces.some(item => item.platform === platform && item.name === name),
  )
}

/** What is wrong with a binary. */
export function checkArtifact(artifact: Artifact, plan: Pick<Plan, 'compile'>): Failure[] {
  const { elf, platform, path } = artifact
  const oldestGlibc = stepOf(artifact, plan)?.oldestGlibc
  try {
    checkBinary(elf, platform, path)
    if (oldestGlibc !== undefined) checkGlibc(elf, { oldest: oldestGlibc, file: path })
    return []
  } catch (error) {
    if (error instanceof Failure) return [error]
    throw error
  }
}

function severalWrong(failures: readonly Failure[]): Failure {
  return new Failure({
    kind: 'verification',
    what: `${failures.length} binaries are not what was asked for; no image was made`,
    why: failures.map(({ what, where, why }) => [what, where, why].filter(Boolean).join('\n')).join('\n\n'),
    fix: [...new Set(failures.map(({ fix }) => fix))].join('\n'),
  })
}

/** Moves a binary out of the work folder; one in the toolchain's own folder is copied, for the toolchain counts on it. */
async function keep(artifact: Artifact, dist: string, work: string): Promise<Artifact> {
  const path = artifactPath(dist, artifact)
  await mkdir(dirname(path), { recursive: true })
  let source = artifact.path
  if (!source.startsWith(work)) {
    source = `${work}/kept-${artifact.sha256.slice(0, 16)}-${artifact.platform.id.replaceAll('/', '_')}`
    await copyFile(artifact.path, source, constants.COPYFILE_FICLONE)
  }
  // To be run by whoever may read it: what the umask took from the compiler's file stays away.
  const { mode } = await stat(source)
  await chmod(source, (mode | ((mode & 0o444) >> 2)) & 0o755)
  await rename(source, path)
  return { ...artifact, path }
}
