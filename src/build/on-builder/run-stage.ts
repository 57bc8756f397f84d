import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { explainBuildxError } from '../../image/buildx/errors.ts'
import { runWithProgress } from '../../image/buildx/run.ts'
import type { RunResult } from '../../process.ts'
import type { BuilderStage, Step } from '../../types.ts'
import { fillTokens, substitute } from '../../util/substitute.ts'
import { explainStage } from './explain-stage.ts'

/** What running a stage needs. */
interface StageContext {
  /** The run's temporary folder. */
  readonly work: string
  readonly logFile: string
  readonly signal: AbortSignal
  /** Each line that the toolchain says. */
  readonly onStderr: (line: string) => void
  /** What BuildKit is at: pulling the image, sending the sources. */
  readonly onProgress: (detail: string) => void
}

/**
 * Runs a step's command in its stage on the builder and brings the binaries here.
 * @returns how the command ended, with what it said: as if it had run here.
 * @throws {Failure} image or registry, when it is not the command that failed; tool, when the image lacks the toolchain.
 */
export async function runStage(
  { command: { tool }, stage, cacheLog }: Step & { readonly stage: BuilderStage },
  { work, logFile, signal, onStderr, onProgress }: StageContext,
): Promise<RunResult> {
  const command = substitute(stage.command, { work })
  const file = command.args[command.args.indexOf('--file') + 1] as string
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, stage.dockerfile)
  // It goes before the .dockerignore of the project, which is for another Dockerfile.
  await writeFile(`${file}.dockerignore`, stage.ignore)
  const output = createOutput(onStderr)
  const { result, progress } = await runWithProgress(command, {
    signal,
    logFile,
    onProgress: detail => {
      if (!/\bRUN\b/.test(detail)) onProgress(detail)
    },
    onOutput: output.add,
  })
  const stderr = output.end()
  if (result.ok) {
    // A stage that BuildKit had already asked no cache program.
    const ran = progress.vertexTimes().some(({ name, cached }) => !cached && name.startsWith(runPrefix))
    if (cacheLog && !ran) await rm(fillTokens(cacheLog.path, { work }), { force: true })
    return { ...result, stdout: '', stderr }
  }
  const said =
    progress.plain() + (result.signal === undefined ? '' : `\ndocker was ended by ${result.signal}`)
  const vertices = progress.vertexTimes()
  const at = command.args.indexOf('--builder')
  const builder = at < 0 ? undefined : command.args[at + 1]
  const ended = vertices.map(({ name, error }) => endOf(name, error ?? '')).find(Boolean)
  const failure = explainBuildxError({ said, dockerfile: stage.dockerfile, vertices, logFile, builder })
  if (!ended || isMissing(ended.exitCode, stderr))
    throw explainStage(failure, { tool, image: stage.image, stderr })
  return { ...result, exitCode: ended.exitCode, signal: undefined, stdout: '', stderr: stderr + ended.remark }
}

/** The step's own command; others make the image's toolchain ready. */
const runPrefix = 'RUN --mount=type=bind'

/** How the process of a RUN ended, in BuildKit's words; undefined where it is not the process that failed. */
function endOf(name: string, error: string): { exitCode: number; remark: string } | undefined {
  const [, code] = /did not complete successfully: exit code: (\d+)/.exec(error) ?? []
  if (code === undefined || !name.startsWith('RUN ')) return undefined
  const killed = '\nthe builder killed the compiler, most likely for lack of memory'
  return { exitCode: Number(code), remark: code === '137' ? killed : '' }
}

/** Whether the image has no such program: a shell's exit status for that, or what runc says, which exits with 1. */
function isMissing(exitCode: number, stderr: string): boolean {
  return (
    exitCode === 127 || /^.*\bexec: ".*": (?:executable file not found|stat .*: no such file)/m.test(stderr)
  )
}

/** Puts the pieces that BuildKit sends together to lines, as they come. */
function createOutput(onLine: (line: string) => void) {
  const decoder = new TextDecoder()
  let text = ''
  let pending = ''
  return {
    add: (data: Uint8Array) => {
      const piece = decoder.decode(data, { stream: true })
      text += piece
      const lines = (pending + piece).split(/\r\n|\n|\r/)
      pending = lines.pop() ?? ''
      for (const line of lines) onLine(line)
    },
    end: () => {
      if (pending) onLine(pending)
      return text
    },
  }
}
