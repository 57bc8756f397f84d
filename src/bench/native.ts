import { mkdir, mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { verifyAndKeep } from '../artifacts.ts'
import { compilePlan } from '../compile.ts'
import type { Platform } from '../platforms.ts'
import type { Emit } from '../types.ts'
import {
  type BenchPath,
  bindCaches,
  compileAlone,
  inspectStaged,
  type RunRequest,
  type Subject,
} from './job.ts'
import type { Outcome } from './samples.ts'
import { cutOff, withTimeLimit } from './time-limit.ts'

/** What `xbuild build` does up to the verified binary, one platform alone. */
export const native: BenchPath = {
  name: 'native',
  usesBuilder: false,
  refuses: () => undefined,
  prepare: async (subject, platform) => ({ run: request => runNative(subject, platform, request) }),
}

async function runNative(subject: Subject, platform: Platform, request: RunRequest): Promise<Outcome> {
  const outcome = await withTimeLimit(request.limit, request.signal, signal =>
    compileHere(subject, platform, { ...request, signal }),
  )
  return outcome === cutOff ? { kind: 'cut-off', limit: request.limit as number } : outcome
}

async function compileHere(subject: Subject, platform: Platform, request: RunRequest): Promise<Outcome> {
  const { folder, options } = subject
  const caches = join(folder, 'caches', request.caches)
  await mkdir(caches, { recursive: true })
  const work = await mkdtemp(join(folder, 'native-'))
  const emit: Emit = event => {
    if (event.type === 'progress') request.onProgress(event.detail)
  }
  const started = performance.now()
  const project = await inspectStaged(subject, subject.project.language, [platform])
  const planned = compileAlone({ ...subject, project }, platform)
  const compile = {
    ...planned,
    steps: planned.steps.map(step => ({ ...step, command: bindCaches(step.command, caches) })),
  }
  const logs = join(options.dist, 'logs', 'bench', 'native')
  const context = { work, logs, emit, signal: request.signal }
  const binaries = await compilePlan({ project, platforms: [platform], compile }, context)
  const artifacts = await verifyAndKeep(binaries, join(work, 'kept'), work)
  return {
    kind: 'measured',
    compile: Math.max(...artifacts.map(({ seconds }) => seconds)),
    whole: (performance.now() - started) / 1000,
    sha256: Object.fromEntries(artifacts.map(({ name, sha256 }) => [name, sha256])),
  }
}
