import { join } from 'node:path'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { locating, ofImage } from '../config/locate.ts'
import type { Options } from '../config/options.ts'
import { withReport } from '../errors.ts'
import type { MadeBefore } from '../image/buildx/made-before.ts'
import type { ImagePlan } from '../image/image-plan.ts'
import { makeAtOnce, makeImage } from '../image/make.ts'
import type { MadeImage, MakeContext, ReportedImage } from '../image/make-context.ts'
import { readBack } from '../image/verify/read-back.ts'
import { createRecorder, type Recorder } from '../recorder.ts'
import type { RegistryClient } from '../registry/client.ts'
import type { Artifact, CompiledBinary, Emit } from '../types.ts'
import { mapLimit } from '../util/map-limit.ts'
import { unlessAborted, untilFirstFailure } from '../util/until-first-failure.ts'
import { withFilesKept } from '../util/with-files-kept.ts'
import { announce } from './announce.ts'
import { createReader, verifyAndKeep } from './artifacts.ts'
import { askEarly, askRegistries, createQuestions, type Questions, withReachedTags } from './ask-early.ts'
import { checkBaseLinks } from './base-links.ts'
import { confirmBases, withKnownDigest } from './bases.ts'
import { compilePlan } from './compile.ts'
import { withCacheCounts } from './compile-cache.ts'
import { isSame, recordCommands } from './early/record.ts'
import type { CommandLine, EarlyCompile } from './early/start.ts'
import type { Changes } from './git-changes.ts'
import { imagesAtOnce } from './images-at-once.ts'
import { askToInstall, type Confirm } from './installs.ts'
import {
  hashOfKept,
  type LastBuild,
  readLastBuild,
  recordBuild,
  restoreLastBinaries,
  withPreviousSizes,
} from './last-build.ts'
import { missingStamp } from './on-builder/missing-stamp.ts'
import { type Ahead, packAhead } from './pack-ahead.ts'
import { preloadModules } from './preload.ts'
import { type Prepared, prepareBuild } from './prepare.ts'
import { withRegistries } from './registries.ts'
import { makeReport, type Report } from './report.ts'
import { withNumericUser } from './users.ts'
import { watchDownloads } from './watch-downloads.ts'
import { withWorkFolder } from './work-folder.ts'

/** What a build needs in addition to its options. */
export interface BuildContext {
  readonly emit: Emit
  /** Asks before something is installed on this machine; absent where nobody can answer. */
  readonly confirm?: Confirm | undefined
  readonly signal: AbortSignal
  /** What git said of the sources before steps of the project's own ran; absent where none did. */
  readonly changes?: Changes | undefined
  /** The command line that asks for just this build; absent where it asks for more. */
  readonly line?: CommandLine | undefined
}

/** What every step of one run has at hand. */
interface Run {
  readonly registries: RegistryClient
  readonly questions: Questions
  readonly recorder: Recorder
  readonly signal: AbortSignal
  readonly changes: Changes | undefined
}

/** A run with its plan and its folders. */
interface PlannedRun extends Run, Prepared {
  /** The temporary folder. */
  readonly work: string
  /** The folder of the full logs. */
  readonly logs: string
  /** The compilers, where they run already. */
  readonly early: EarlyCompile | undefined
  /** The record of the last build. */
  readonly last: LastBuild | undefined
}

/**
 * The main job: read the project and plan, compile every platform natively while the bases are checked, verify each
 * binary, confirm the bases, make the images, read them back, move the tags, report.
 * @throws {Failure} of every class in errors.ts; then no tag has moved, but for those that buildx pushed before, and where
 * the registry took some tags and refused another. The failure has the report of what was done by then.
 */
export function build(
  options: Options,
  { emit, confirm, signal, changes, line }: BuildContext,
): Promise<Report> {
  const startedAt = new Date()
  const recorder = createRecorder(emit)
  return withRegistries(
    options,
    signal,
    async registries => {
      const asking = { registries, questions: createQuestions(registries), recorder, signal, changes }
      const prepared = await prepare(options, asking)
      const { plan } = prepared
      const early = line?.early && isSame(line.early.last, plan, options) ? line.early : undefined
      if (!early) await line?.early?.end()
      await askToInstall(plan, { confirm, recorder, signal })
      announce(prepared, recorder)
      const images: (ReportedImage | undefined)[] = []
      let artifacts: readonly Artifact[] = []
      const report = () => makeReport(plan, artifacts, images.filter(isDone), recorder, startedAt)
      const work = async (folder: string) => {
        const last = await readLastBuild(plan.dist)
        const run = { ...prepared, ...asking, work: folder, logs: join(plan.dist, 'logs'), early, last }
        const read = createReader(binary => hashOfKept(last, plan.dist, binary))
        const ahead = packAhead(run, read)
        const binaries = await compileAndCheck(run, ahead)
        await recorder.stage('image', ahead.finish)
        artifacts = await recorder.stage('verify', () => verifyAndKeep(binaries, { ...run, read }))
        const missing = missingStamp(plan, artifacts)
        if (missing !== undefined) recorder.note('warning', missing)
        const { uploaded } = ahead
        const builder = prepared.backend.name === 'buildx' ? prepared.backend.builder : undefined
        await makeImages({ ...run, artifacts, uploaded, builder }, (image, index) => {
          images[index] = image
        })
        const recorded = await recordBuild(plan.dist, plan.project, artifacts, images.filter(isDone))
        if (line) recordCommands(line.args, plan, options, recorded)
      }
      try {
        await withWorkFolder(plan.dist, work, early?.folder)
      } catch (error) {
        throw withReport(error, report())
      }
      return report()
    },
    recorder.waiting,
  )
}

/** Reads the project, git and the builder, and plans. Go and Cargo may have to download first: that is said. */
function prepare(options: Options, { questions, recorder, signal, changes }: Run): Promise<Prepared> {
  const watch = watchDownloads(text => recorder.note('info', text))
  return recorder.stage('inspect', async () => {
    try {
      const { lookUpBase } = questions
      const preparing = prepareBuild(options, {
        lookUpBase,
        signal,
        download: true,
        changes,
        onDownload: watch.onDownload,
      })
      // Its commands are on their way, and this process would only wait for them.
      void preloadModules(options).then(() => askEarly(options, questions))
      return await preparing
    } finally {
      watch.end()
    }
  })
}

/** Milliseconds that a first compile waits for registries; a silent one ends it later, if it has to. */
const patience = 5000

/**
 * Compiles, and asks registries whether the images can be made and pushed. A first compile, which takes long, begins after
 * the answers; a later one takes hardly longer than they do, so that they end it if they have to. Either failure ends both;
 * what was compiled by then is kept in the toolchain's own cache.
 */
async function compileAndCheck(run: PlannedRun, ahead: Ahead): Promise<readonly CompiledBinary[]> {
  const { plan, work, logs, early, recorder, signal } = run
  const ready = early ? Promise.resolve() : restoreLastBinaries(plan, work)
  const [binaries] = await untilFirstFailure(signal, either => {
    // After the compilers have started: the first connection keeps this process busy for a while.
    const started = plan.warm ? ready.then(() => setImmediate()) : Promise.resolve()
    const checked = unlessAborted(
      started.then(() => askRegistries(run)),
      either,
    )
    const compile = async () => {
      await ready
      if (!plan.warm) await Promise.race([checked, sleep(patience, undefined, { ref: false })])
      return recorder.stage('compile', () =>
        withFilesKept(plan.project.keptFiles ?? [], () =>
          withCacheCounts(plan, recorder, { folder: work, signal: either }, () =>
            compilePlan(plan, {
              ...{ work, logs, early, emit: recorder.emit, signal: either },
              onBinaries: ahead.take,
            }),
          ),
        ),
      )
    }
    return [compile(), checked]
  }).catch(async error => {
    await ahead.abandon()
    throw error
  })
  return binaries
}

const isDone = (image: ReportedImage | undefined) => image !== undefined

/**
 * Makes each image on the base that its binaries need, and reads it back. Tags move when every image is right; but buildx
 * moves those of a build's only image itself, and those that the plan or an unreachable registry leaves to it.
 */
async function makeImages(
  context: PlannedRun & MakeContext,
  done: (image: ReportedImage, index: number) => void,
): Promise<void> {
  const { plan, backend, questions, recorder, artifacts } = context
  const { lookUpBase } = questions
  const chosen = await confirmBases(plan, artifacts, lookUpBase, recorder)
  const reached = await withReachedTags(chosen, questions, recorder)
  const asks = backend.name === 'buildx' && !plan.offline
  const confirmed = asks ? await Promise.all(reached.map(one => withKnownDigest(one, lookUpBase))) : reached
  const limit = imagesAtOnce(plan, backend.name)
  const images = await mapLimit(confirmed, limit, image => onOwnBase(image, context))
  const before = await recorder.stage('image', () => makeAtOnce(images, backend.name, context))
  const made = await mapLimit(images, limit, async (image, index) => {
    const one = await makeAndReadBack(image, context, before[index])
    if (!one.publish) done(one.reported, index)
    return one
  })
  for (const [index, { publish, reported }] of made.entries()) {
    if (!publish) continue
    await recorder.stage('image', publish)
    done(reported, index)
  }
}

/** The image with the number of its user, where that has a name, once none of its files is below a link of its base. */
function onOwnBase(image: ImagePlan, { plan, work, registries, recorder }: PlannedRun): Promise<ImagePlan> {
  const { root, offline = false } = plan
  return locating(root, () =>
    checkBaseLinks(image, { registries, work, offline })
      .then(() => withNumericUser(image, { registries, recorder, work, offline }))
      .catch(error => Promise.reject(ofImage(image.spec.name, error))),
  )
}

async function makeAndReadBack(
  image: ImagePlan,
  context: PlannedRun & MakeContext,
  before: MadeBefore | undefined,
): Promise<Pick<MadeImage, 'reported' | 'publish'>> {
  const { backend, recorder, last } = context
  const made = await recorder.stage('image', () => makeImage(image, backend.name, context, before))
  const verified = await recorder.stage('readBack', () =>
    readBack(image, made, context).catch(async error => {
      await made.forget?.()
      throw error
    }),
  )
  if (verified.verified !== undefined) await made.remember?.()
  const reported = withPreviousSizes(last, { ...made.reported, ...verified })
  return { ...made, reported }
}
