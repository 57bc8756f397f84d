import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { explainBuildxError } from '../../image/buildx/errors.ts'
import { runWithProgress } from '../../image/buildx/run.ts'
import type { RunTool } from '../../languages/language.ts'
import { makeTemporaryFolder } from '../../util/temporary-folder.ts'
import { explainStage } from './explain-stage.ts'
import { type ReadRequest, readingStage } from './stage.ts'

/**
 * Runs the read-only commands of a toolchain in a stage of the builder, for a machine that lacks it: what they print and how
 * they end comes back in files, for BuildKit shortens long output.
 * @throws {Failure} (the returned function) image, registry or tool, when a command cannot be run there.
 */
export function readOnStage(request: ReadRequest): RunTool {
  return async (command, { signal, onStderr } = {}) => {
    const folder = await makeTemporaryFolder('xbuild-read-')
    try {
      const { dockerfile, ignore, args, env } = readingStage(command, request, folder.path)
      const file = join(folder.path, 'Dockerfile')
      await mkdir(folder.path, { recursive: true })
      await writeFile(file, dockerfile)
      await writeFile(`${file}.dockerignore`, ignore)
      const docker = { tool: 'docker', args, cwd: request.cwd, env }
      const { result, progress } = await runWithProgress(docker, { signal })
      if (!result.ok) {
        const said = progress.plain()
        const failure = explainBuildxError({ said, dockerfile, builder: request.builder })
        throw explainStage(failure, { tool: command.tool, image: request.image, stderr: progress.log() })
      }
      const read = (name: string) => readFile(join(folder.path, 'out', name), 'utf8')
      const [stdout, stderr, exit] = await Promise.all([read('stdout'), read('stderr'), read('exit')])
      for (const line of stderr.split('\n')) onStderr?.(line)
      const exitCode = Number(exit)
      if (exitCode === 127) {
        const failure = explainBuildxError({
          said: 'ERROR: did not complete successfully: exit code: 127',
          dockerfile,
        })
        throw explainStage(failure, { tool: command.tool, image: request.image, stderr })
      }
      return { ...result, stdout, stderr, exitCode, ok: exitCode === 0 }
    } finally {
      await folder.remove()
    }
  }
}
