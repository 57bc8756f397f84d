import { isFailure } from './errors.ts'
import type { BuildEvent, Command, Emit } from './types.ts'
import { beginSpan } from './util/timeline.ts'

/** Wall-clock seconds of each stage. */
export interface StageSeconds {
  inspect: number
  compile: number
  verify: number
  image: number
  readBack: number
  total: number
}

/** A command that was run, as `plan` prints it. */
export interface RanCommand extends Command {
  readonly title: string
}

/** What the work of a task may say of itself while it runs. */
export interface Task {
  /** Shows how far it is. */
  progress(detail: string): void
  /** What is shown of it once it has ended well. */
  detail(text: string): void
  /** It ends without having been done, and that is no failure. */
  skip(reason: string): void
  /** It ends as failed for this reason, whether or not something is thrown. */
  fail(reason: string): void
}

/** What a shared cache of compiles, such as sccache, was asked for and had. */
export interface CompileCacheUse {
  /** As it is called in the environment. */
  readonly program: string
  readonly hits: number
  readonly misses: number
}

/** Collects what goes into a report while a build runs. */
export interface Recorder {
  readonly seconds: StageSeconds
  readonly commands: RanCommand[]
  readonly notes: string[]
  /** Set where a shared cache of compiles was asked. */
  compileCache?: CompileCacheUse
  readonly emit: Emit
  /** Runs a stage and records its seconds. */
  stage<T>(name: Exclude<keyof StageSeconds, 'total'>, work: () => Promise<T>): Promise<T>
  /** Runs a task of the list that a run shows (see {@link runTask}). */
  task<T>(id: string, work: (task: Task) => Promise<T>): Promise<T>
  /** Shows what the task that began last waits for. */
  waiting(detail: string): void
  note(level: 'info' | 'hint' | 'warning', text: string): void
}

/** A recorder that hands each event on to `emit`. */
export function createRecorder(emit: Emit): Recorder {
  const seconds: StageSeconds = { inspect: 0, compile: 0, verify: 0, image: 0, readBack: 0, total: 0 }
  const notes: string[] = []
  const running = new Set<string>()
  const stages = new Map<string, { works: number; since: number }>()
  const record = (event: BuildEvent) => {
    if (event.type === 'note') notes.push(event.text)
    emit(event)
  }
  return {
    seconds,
    commands: [],
    notes,
    emit: record,
    stage: async (name, work) => {
      // Of works that run at once, as of several images, each second counts once.
      const stage = stages.get(name) ?? { works: 0, since: 0 }
      stages.set(name, stage)
      if (stage.works++ === 0) stage.since = performance.now()
      const endSpan = beginSpan('stage', name)
      try {
        return await work()
      } finally {
        endSpan()
        if (--stage.works === 0) seconds[name] += (performance.now() - stage.since) / 1000
      }
    },
    async task(id, work) {
      running.add(id)
      try {
        return await runTask(record, id, work)
      } finally {
        running.delete(id)
      }
    },
    waiting(detail) {
      const id = [...running].at(-1)
      record(
        id === undefined ? { type: 'note', level: 'info', text: detail } : { type: 'progress', id, detail },
      )
    },
    note: (level, text) => record({ type: 'note', level, text }),
  }
}

type TaskEnd = Extract<BuildEvent, { type: 'done' | 'skipped' | 'failed' }>

/**
 * Runs a task and tells how it began and ended: done, skipped, or failed with the message of what it threw. One that is
 * interrupted is no failure.
 */
export async function runTask<T>(emit: Emit, id: string, work: (task: Task) => Promise<T>): Promise<T> {
  let ended = { type: 'done', id } as TaskEnd
  const endSpan = beginSpan('task', id)
  emit({ type: 'start', id })
  try {
    const value = await work({
      progress: detail => emit({ type: 'progress', id, detail }),
      detail: detail => {
        ended = { type: 'done', id, detail }
      },
      skip: detail => {
        ended = { type: 'skipped', id, detail }
      },
      fail: detail => {
        ended = { type: 'failed', id, detail }
      },
    })
    emit(ended)
    return value
  } catch (error) {
    if (isFailure(error, 'interrupted')) emit({ type: 'skipped', id, detail: 'stopped' })
    else emit(ended.type === 'failed' ? ended : { type: 'failed', id, detail: (error as Error).message })
    throw error
  } finally {
    endSpan()
  }
}
