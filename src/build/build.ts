import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { confirmBases } from '../base/confirm.ts'
import { checkBaseIndexes } from '../base/lookup.ts'
import type { Options } from '../config/options.ts'
import { makeImage } from '../image/make.ts'
import { readBack } from '../image/verify/read-back.ts'
import { languages } from '../languages/index.ts'
import { createRegistryClient } from '../registry/client.ts'
import type { Artifact, CompiledBinary, Emit, TaskInfo } from '../types.ts'
import { unlessAborted, untilFirstFailure } from '../util/until-first-failure.ts'
import { verifyAndKeep } from './artifacts.ts'
import { compilePlan, stepId } from './compile.ts'
import { layOutKept, recordBuild } from './last-build.ts'
import type { Plan } from './plan.ts'
import { loadAhead } from './preload.ts'
import { type Prepared, prepareBuild } from './prepare.ts'
import { createRecorder, makeReport, type Recorder, type Report } from './report.ts'
import { withWorkFolder } from './work-folder.ts'

/** What a build is given besides its options. */
export interface BuildContext {
  readonly emit: Emit
  readonly signal: AbortSignal
}

/**
 * The main job: detect, plan, compile every platform side by side while the base is looked up, verify each binary,
 * choose the base, make the images, read them back.
 * @throws {Failure} of every class in errors.ts; then no tag has moved, but for those of images that were made before the
 * one that failed.
 */
export async function build(options: Options, { emit, signal }: BuildContext): Promise<Report> {
  const startedAt = new Date()
  const recorder = createRecorder(emit)
  const prepared = await recorder.stage('inspect', () => prepare(options, recorder, signal))
  announce(prepared, recorder)
  const { plan } = prepared
  // One client, so that connections, log-ins and tokens serve the whole build.
  const insecure = plan.images.flatMap(image => image.options.insecureRegistries)
  const registries = createRegistryClient({ signal, insecure })
  const made = withWorkFolder(plan.dist, async work => {
    const laidOut = layOutKept(plan, work)
    const [binaries] = await untilFirstFailure(signal, either => [
      recorder.stage('compile', () => laidOut.then(() => compile(plan, work, recorder, either))),
      // Behind the start of the compilers, for a first connection keeps this process busy a while.
      unlessAborted(
        laidOut.then(() => setImmediate()).then(() => checkBaseIndexes(plan, registries, recorder)),
        either,
      ),
    ])
    const artifacts = await recorder.stage('verify', () => verify(binaries, plan, work, recorder))
    const confirmed = await confirmBases(plan, artifacts, recorder, signal)
    const logs = join(plan.dist, 'logs')
    const context = { work, logs, artifacts, options, registries, recorder, signal }
    const images = []
    for (const image of confirmed.images) {
      const made = await recorder.stage('image', () => makeImage(image, prepared.backend, context))
      const verified = await recorder.stage('readBack', () => readBack(image, made, context))
      images.push({ ...made.reported, ...verified })
    }
    await recordBuild(plan.dist, plan.project, artifacts)
    recorder.seconds.total = (Date.now() - startedAt.getTime()) / 1000
    return makeReport(plan, artifacts, images, recorder, startedAt)
  })
  return made.finally(() => registries.close())
}

/** Go and Cargo download what a project depends on while they describe it: the first time, that takes a while. */
async function prepare(options: Options, { emit }: Recorder, signal: AbortSignal): Promise<Prepared> {
  const text = 'Reading the project; what it depends on may have to be downloaded first'
  const timer = setTimeout(() => emit({ type: 'note', level: 'info', text }), 3000)
  try {
    return await prepareBuild(options, signal, () => void loadAhead(options))
  } finally {
    clearTimeout(timer)
  }
}

/** Tells whoever draws what is going to happen. */
function announce({ plan, backend }: Prepared, { emit, commands }: Recorder): void {
  const { project, compile: steps, images } = plan
  const { title } = languages[project.language]
  const all = [...steps.prepare, ...steps.steps]
  const tasks: TaskInfo[] = [
    ...all.map(step => ({ id: stepId(step), title: step.title })),
    { id: 'base', title: 'Check the base' },
    { id: 'verify', title: 'Verify the binaries' },
    ...images.flatMap(({ spec: { name } }) => [
      { id: `image:${name}`, title: `Make the image ${name}` },
      { id: `read:${name}`, title: `Read ${name} back` },
    ]),
  ]
  emit({
    type: 'note',
    level: 'info',
    text: `${title} project, ${project.toolchain.name} ${project.toolchain.version}`,
  })
  if (backend.name === 'oci' && backend.reason) {
    emit({
      type: 'note',
      level: 'warning',
      text: `${backend.reason}: xbuild makes the image itself, without docker buildx`,
    })
  }
  for (const text of project.remarks) emit({ type: 'note', level: 'info', text })
  for (const text of steps.hints) emit({ type: 'note', level: 'hint', text })
  emit({ type: 'plan', tasks })
  for (const { title, command } of all) commands.push({ title, ...command })
}

function compile(
  plan: Plan,
  work: string,
  { emit }: Recorder,
  signal: AbortSignal,
): Promise<CompiledBinary[]> {
  return compilePlan(plan, { work, logs: join(plan.dist, 'logs'), emit, signal })
}

async function verify(
  binaries: readonly CompiledBinary[],
  plan: Plan,
  work: string,
  { emit }: Recorder,
): Promise<Artifact[]> {
  emit({ type: 'start', id: 'verify' })
  const artifacts = await verifyAndKeep(binaries, plan.dist, work, plan.compile.oldestGlibc).catch(error => {
    emit({ type: 'failed', id: 'verify', detail: (error as Error).message })
    throw error
  })
  const linkages = [...new Set(artifacts.map(artifact => artifact.elf.linkage))]
  emit({ type: 'done', id: 'verify', detail: `${artifacts.length} binaries, ${linkages.join(', ')}` })
  return artifacts
}
