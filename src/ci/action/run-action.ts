import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { exitCodes, Failure } from '../../errors.ts'
import { run } from '../../process.ts'
import { describeBug, describeFailure } from '../../ui/messages.ts'
import { quoteWord } from '../../util/quote-word.ts'
import { withoutCommands, workflowCommand } from '../../util/workflow-command.ts'
import { findCacheService } from '../github/cache-service.ts'
import { addPath, writeSummary, writeValues } from '../github/files.ts'
import { renderSummary, type WrittenReport } from '../summary.ts'
import { openCaches } from './caches.ts'
import type { ActionContext } from './context.ts'
import { readEvent } from './event.ts'
import { buildArguments, readChoice, readInput, readSwitch } from './inputs.ts'
import { actionOutputs } from './outputs.ts'

/**
 * The GitHub Action: restores what the toolchain kept, builds, keeps it again, and sets outputs and summary. What it does
 * beyond that is in `xbuild build`, and in `xbuild ci` for steps without it.
 * @returns the exit code.
 */
export async function runAction(context: ActionContext): Promise<number> {
  const { env, print } = context
  try {
    const temporary = await mkdtemp(join(env['RUNNER_TEMP'] || tmpdir(), 'xbuild-'))
    await install(context, temporary)
    if (readSwitch('install-only', env)) return exitCodes.ok
    return await buildProject(context, temporary)
  } catch (error) {
    const isKnown = error instanceof Failure
    const message = isKnown ? describeFailure(error) : describeBug(error)
    print(workflowCommand('error', { title: 'xbuild' }, withoutCommands(message.replace(/^xbuild: /, ''))))
    return isKnown ? error.exitCode : exitCodes.bug
  }
}

/** Puts `xbuild` on PATH for the steps that follow, such as `xbuild merge`; it brings its Node.js along. */
async function install({ env, xbuild }: ActionContext, temporary: string): Promise<void> {
  const bin = join(temporary, 'bin')
  await mkdir(bin)
  const program = join(bin, 'xbuild')
  // Without a word the file that is called would be the Action again; `xbuild` alone is `xbuild build`.
  const words = xbuild.map(quoteWord).join(' ')
  await writeFile(program, `#!/bin/sh\n[ $# -gt 0 ] || set -- build\nexec ${words} "$@"\n`)
  await chmod(program, 0o755)
  await addPath(bin, env)
}

async function buildProject(context: ActionContext, temporary: string): Promise<number> {
  const { env, signal, print, xbuild } = context
  const { flags, toolchainArgs, remarks } = buildArguments(env)
  const bench = readChoice('bench', ['auto', 'never', 'always'], env)
  for (const remark of remarks) print(workflowCommand('warning', { title: 'xbuild' }, remark))
  const workspace = env['GITHUB_WORKSPACE'] || process.cwd()
  const dir = resolve(workspace, readInput('context', env) || '.')
  const report = resolve(workspace, readInput('report', env) || join(temporary, 'report.json'))
  const caches = await openCaches(context, dir, temporary)
  const { isPullRequest, fork } = await readEvent(env)
  if (fork !== undefined && readSwitch('push', env))
    print(workflowCommand('warning', { title: 'xbuild' }, cannotPush(fork)))
  if (bench === 'auto' && !isPullRequest && !caches.keepsMeasurements)
    print('Not measured under emulation, for no later run would find the result; bench: always measures')
  await caches.restore()
  // One of an earlier step would say what this build did not do.
  await rm(report, { force: true }).catch(() => {})
  const since = Date.now()
  const own = [`--report=${report}`, '--progress=plain', ...(bench === 'always' ? ['--bench'] : [])]
  const after = toolchainArgs.length > 0 ? ['--', ...toolchainArgs] : []
  const [tool, ...first] = xbuild
  const built = await run(
    {
      tool,
      args: [...first, 'build', dir, ...flags, ...own, ...after],
      cwd: workspace,
      env: {
        ...sccacheSettings(env),
        // What a pull request measures is in no cache that others see, and what is not kept is measured every time.
        XBUILD_BENCH: bench === 'auto' && (isPullRequest || !caches.keepsMeasurements) ? 'never' : bench,
      },
    },
    { signal, onStderr: print, onStdout: print },
  )
  const written = await readReport(report)
  // What was compiled is kept, whatever came after it.
  if (written.artifacts?.length) await caches.save(since)
  await writeValues('GITHUB_OUTPUT', actionOutputs(written, report), env)
  if (readSwitch('summary', env) !== false)
    await writeSummary(renderSummary(written, { cache: caches.use() }), env)
  return built.exitCode ?? exitCodes.interrupted
}

const cannotPush = (fork: string) =>
  `This pull request comes from the fork ${fork}, whose token may only read: registries will refuse the push. ` +
  // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of the workflow
  "push: ${{ github.event_name != 'pull_request' }} builds without pushing"

/** Without a storage of its own, sccache keeps what it has in GitHub's cache, whose variables only this step has. */
export function sccacheSettings(env: NodeJS.ProcessEnv): Record<string, string> {
  const hasStorage = Object.keys(env).some(name =>
    /^SCCACHE_(?!LOG|ERROR_LOG|SERVER|IDLE|NO_DAEMON)/.test(name),
  )
  return hasStorage || typeof findCacheService(env) === 'string' ? {} : { SCCACHE_GHA_ENABLED: 'true' }
}

/** What the build left; a build that was ended may have left nothing. */
async function readReport(path: string): Promise<WrittenReport> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as WrittenReport
  } catch {
    return {}
  }
}
