import { cp, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { verifyAndKeep } from '../../build/artifacts.ts'
import { compilePlan } from '../../build/compile.ts'
import type { Platform } from '../../platforms.ts'
import { createRecorder } from '../../recorder.ts'
import type { Emit } from '../../types.ts'
import { substitute } from '../../util/substitute.ts'
import { compileAlone, inspectStaged, type RunRequest, type Strategy, type Subject } from './job.ts'
import type { Outcome } from './measurement.ts'
import { cutOff, withTimeLimit } from './time-limit.ts'

/** What `xbuild build` does up to the verified binary, one platform alone. */
export const native: Strategy = {
  name: 'native',
  usesBuilder: false,
  refuses: () => undefined,
  prepare: async (subject, platform, signal) => {
    await prepareHere(subject, platform, signal)
    return {
      run: request => runNative(subject, platform, request),
      discard: caches => rm(cachesFolder(subject, caches), { recursive: true, force: true }),
    }
  },
}

/** What a compile does first where it was not done before, such as adding a target; dependencies are staged already. */
async function prepareHere(subject: Subject, platform: Platform, signal: AbortSignal): Promise<void> {
  const { project, language, folder } = subject
  if (language.seedCaches) return
  const compile = { ...compileAlone(subject, platform), steps: [] }
  const context = { work: folder, logs: logsFolder(subject), emit: () => {}, signal }
  await compilePlan({ project, platforms: [platform], compile }, context)
}

function logsFolder({ options }: Subject): string {
  return join(options.dist, 'logs', 'bench', 'native')
}

function cachesFolder({ folder }: Subject, caches: string): string {
  return join(folder, 'caches', caches)
}

async function runNative(subject: Subject, platform: Platform, request: RunRequest): Promise<Outcome> {
  const outcome = await withTimeLimit(request.limit, request.signal, signal =>
    compileHere(subject, platform, { ...request, signal }),
  )
  return outcome === cutOff ? { kind: 'cut-off', limit: request.limit as number } : outcome
}

async function compileHere(subject: Subject, platform: Platform, request: RunRequest): Promise<Outcome> {
  const caches = cachesFolder(subject, request.caches)
  if (request.scenario === 'cold') await cp(subject.staged.seed, caches, { recursive: true })
  const work = await mkdtemp(join(subject.folder, 'native-'))
  const emit: Emit = event => {
    if (event.type === 'progress') request.onProgress(event.detail)
  }
  const started = performance.now()
  const project = await inspectStaged(subject, subject.project.language, [platform])
  const planned = compileAlone({ ...subject, project }, platform)
  const compile = {
    ...planned,
    prepare: [],
    steps: planned.steps.map(step => ({ ...step, command: substitute(step.command, { caches }) })),
  }
  const context = { work, logs: logsFolder(subject), emit, signal: request.signal }
  const binaries = await compilePlan({ project, platforms: [platform], compile }, context)
  const kept = { plan: { dist: join(work, 'kept'), compile }, work, recorder: createRecorder(emit) }
  const artifacts = await verifyAndKeep(binaries, kept)
  return {
    kind: 'measured',
    compile: Math.max(...artifacts.map(({ seconds }) => seconds)),
    whole: (performance.now() - started) / 1000,
    sha256: Object.fromEntries(artifacts.map(({ name, sha256 }) => [name, sha256])),
  }
}
