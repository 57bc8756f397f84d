import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exitProgram, exitProgramStatus } from '../../binary/exit-program.ts'
import { parseDockerfile } from '../../dockerfile/parse.ts'
import { stagesOfImages } from '../../dockerfile/stages.ts'
import type { Platform } from '../../platforms.ts'
import { run } from '../../process.ts'
import { makeTemporaryFolder } from '../../util/temporary-folder.ts'
import { binfmtFault, type Handler, handlerOf, readHandlers } from '../binfmt.ts'
import type { Check } from '../check.ts'
import { combine, notApplicable, type Outcome, ok, type Repair, warning } from '../outcome.ts'
import type { LintableFile } from '../project-files.ts'
import type { Surroundings } from '../surroundings.ts'

const notTried = 'was not tried, for programs in TMPDIR may not run'
const needsNone = 'xbuild itself needs no emulator'

export const emulation: Check = {
  id: 'emulation',
  title: 'Emulators',
  question: 'Does this machine run programs of each platform, where something asks for it?',
  findings: `xbuild needs no emulator, so one that is missing is fine unless a Dockerfile of the project has RUN for its target platform. One
that is there is tried with a program of 130 bytes: a warning where its interpreter is gone or does not run, or where it has no F flag and
so works outside of containers only. \`--fix\` runs \`tonistiigi/binfmt\` and reads its answer, for it exits with 0 when it fails.`,
  run: async around => {
    const { machine, platforms, dir, signal, nodes: readNodes, files } = around
    const handlers = await readHandlers(machine.binfmt)
    const byArch = [...new Map(platforms.map(platform => [platform.arch, platform])).values()]
    const [nodes, needed, tried] = await Promise.all([
      readNodes(),
      files('dockerfile').then(firstEmulatedRun),
      tryPrograms(byArch, signal),
    ])
    if (!handlers && process.platform !== 'linux')
      return notApplicable(`${needsNone}; the engine has its own`)
    const outcomes = byArch.map(platform => {
      const runs = tried.get(platform.arch)
      const handler = handlerOf(exitProgram(platform), handlers ?? [])
      const node = nodes.find(({ native }) => native?.split('/')[1] === platform.arch)
      if (runs && (platform.arch === machine.arch || !handler))
        return ok(`${nameOf(platform)}: this machine runs it`)
      if (node && !handler) return ok(`${nameOf(platform)}: the node ${node.name} runs it`)
      if (handler) return judge(platform, handler, runs, around)
      if (runs === undefined) return ok(`${nameOf(platform)}: ${notTried}`)
      if (!needed) return ok(`${nameOf(platform)}: no emulator, and nothing needs it`)
      return warning({
        why: `${nameOf(platform)}: no emulator for ${needed}`,
        fix: `${install([platform])}   (or --platform=$BUILDPLATFORM for that stage: xbuild lint)`,
        repairs: [installing([platform], dir)],
      })
    })
    return combine(outcomes, details => ok(needsNone, details))
  },
}

/** What is wrong with a handler. */
function judge(
  platform: Platform,
  handler: Handler,
  runs: boolean | undefined,
  { dir }: Surroundings,
): Outcome {
  const { name, interpreter, flags } = handler
  const fixed = flags.includes('F')
  const named = `${nameOf(platform)}: ${name} (${interpreter}, flags ${flags || 'none'})`
  const again = {
    fix: `${uninstall(name)} && ${install([platform])}`,
    repairs: [{ command: binfmt(['--uninstall', name], dir) }, installing([platform], dir)],
  }
  if (!fixed && !existsSync(interpreter))
    return warning({ why: `${named}: the interpreter is gone`, ...again })
  if (runs === false) return warning({ why: `${named}: a program of this platform does not run`, ...again })
  if (!fixed) return warning({ why: `${named}: without the flag F it does not work in containers`, ...again })
  return ok(`${named} ${runs ? 'runs' : notTried}`)
}

/** Whether programs run here, by architecture; undefined where none in the temporary folder may. */
async function tryPrograms(
  platforms: readonly Platform[],
  signal: AbortSignal,
): Promise<Map<string, boolean | undefined>> {
  const folder = await makeTemporaryFolder('xbuild-doctor-')
  try {
    const results = await Promise.all(
      platforms.map(async platform => {
        const tool = join(folder.path, platform.arch)
        await writeFile(tool, exitProgram(platform), { mode: 0o755 })
        const { exitCode } = await run({ tool, args: [], cwd: folder.path }, { signal, timeout: 3 }).catch(
          error => {
            if (error.kind !== 'tool') throw error
            return { exitCode: /EACCES/.test(error.why ?? '') ? undefined : -1 }
          },
        )
        return [platform.arch, exitCode === undefined ? undefined : exitCode === exitProgramStatus] as const
      }),
    )
    return new Map(results)
  } finally {
    await folder.remove()
  }
}

/** The first RUN of the project's Dockerfiles that runs on the target platform, as file:line. */
function firstEmulatedRun(files: readonly LintableFile[]): string | undefined {
  for (const { path, text } of files) {
    const { stages } = parseDockerfile(text, path)
    const runs = [...stagesOfImages(stages)]
      .filter(({ platform }) => platform === 'target')
      .flatMap(({ instructions }) =>
        instructions.filter(({ keyword, onbuild }) => keyword === 'RUN' && !onbuild),
      )
    const [first] = runs.map(({ start }) => start).sort((a, b) => a - b)
    if (first !== undefined) return `the RUN in ${path}:${text.slice(0, first).split('\n').length}`
  }
  return undefined
}

/** One emulator serves every variant. */
const nameOf = ({ arch }: Platform) => `linux/${arch}`
const archsOf = (platforms: readonly Platform[]) => platforms.map(({ arch }) => arch).join(',')

const image = ['run', '--privileged', '--rm', 'tonistiigi/binfmt']
const binfmt = (args: readonly string[], cwd: string) => ({ tool: 'docker', args: [...image, ...args], cwd })
const install = (platforms: readonly Platform[]) =>
  `docker ${image.join(' ')} --install ${archsOf(platforms)}`
const uninstall = (name: string) => `docker ${image.join(' ')} --uninstall ${name}`

const installing = (platforms: readonly Platform[], cwd: string): Repair => ({
  command: binfmt(['--install', archsOf(platforms)], cwd),
  check: ({ stdout }) => binfmtFault(stdout, platforms.map(nameOf)),
})
