import type { ListrTask, ListrTaskWrapper } from 'listr2'
import type { BuildEvent, TaskInfo } from '../types.ts'
import { paintFor } from './color.ts'
import { describeNote, type Progress } from './display.ts'

type Wrapper = ListrTaskWrapper<unknown, never, never>

/** A task on the screen: events move it, listr2 draws it. */
interface DrawnTask {
  readonly info: TaskInfo
  readonly finished: Promise<void>
  readonly finish: (error?: Error) => void
  /** When its first event came, in milliseconds since 1970. */
  started?: number
  ended: boolean
  skipped: boolean
  wrapper?: Wrapper
  /** Shows it as running. */
  start?: () => void
  title: string
}

/**
 * Draws a task list with listr2. The tasks are known from the `plan` event; each waits for its own `done` or `failed`.
 * Remarks that come while it is drawn are printed after it, so that it does not overwrite them.
 */
export function drawEvents(stream: NodeJS.WriteStream): Progress {
  const tasks = new Map<string, DrawnTask>()
  const notes: string[] = []
  const paint = paintFor(stream)
  let drawn: Promise<unknown> | undefined
  let timer: NodeJS.Timeout | undefined

  const emit = (event: BuildEvent) => {
    if (event.type === 'note') {
      const text = describeNote(event, paint)
      if (drawn) notes.push(text)
      else stream.write(`${text}\n`)
    } else if (event.type === 'plan') {
      for (const info of event.tasks) if (!tasks.has(info.id)) tasks.set(info.id, makeTask(info))
      // listr2 hides the cursor while it draws; a second interrupt ends the program under it.
      if (!drawn) process.once('exit', () => stream.write('\u001b[?25h'))
      drawn ??= draw([...tasks.values()], stream)
      timer ??= setInterval(() => [...tasks.values()].forEach(showSeconds), 1000).unref()
    } else moveTask(tasks.get(event.id), event)
  }
  const close = async () => {
    clearInterval(timer)
    // A task that was cut off is no failure; one that never started stays as it is.
    for (const task of tasks.values()) endTask(task)
    await drawn
    for (const note of notes) stream.write(`${note}\n`)
  }
  return { emit, close }
}

function makeTask(info: TaskInfo): DrawnTask {
  let finish: DrawnTask['finish'] = () => {}
  const finished = new Promise<void>((resolve, reject) => {
    finish = error => (error ? reject(error) : resolve())
  })
  // Not every task is awaited by the list when a run ends early.
  finished.catch(() => {})
  return { info, finished, finish, ended: false, skipped: false, title: info.title }
}

function moveTask(task: DrawnTask | undefined, event: Exclude<BuildEvent, { type: 'plan' | 'note' }>): void {
  if (!task) return
  task.started ??= Date.now()
  task.start?.()
  if (event.type === 'progress') {
    if (task.wrapper) task.wrapper.output = event.detail
    return
  }
  if (event.type === 'start') return
  task.ended = true
  if (event.detail) task.title = `${task.info.title}: ${event.detail}`
  if (task.wrapper) task.wrapper.title = task.title
  task.skipped = event.type === 'skipped'
  if (task.skipped) task.wrapper?.skip(task.title)
  task.finish(event.type === 'failed' ? new Error(event.detail) : undefined)
}

function endTask({ started, ended, wrapper, info, finish }: DrawnTask): void {
  if (started !== undefined && !ended) wrapper?.skip(`${info.title}: stopped`)
  finish()
}

/** A task that runs has its seconds behind its title. */
function showSeconds({ info, started, ended, wrapper }: DrawnTask): void {
  if (started === undefined || ended || !wrapper) return
  const seconds = Math.floor((Date.now() - started) / 1000)
  if (seconds > 0) wrapper.title = `${info.title} (${seconds} s)`
}

async function draw(tasks: readonly DrawnTask[], stream: NodeJS.WriteStream): Promise<void> {
  const { DefaultRenderer, Listr, ListrLogger, ListrTaskState, ProcessOutput } = await import('listr2')
  const processOutput = new ProcessOutput(stream, stream)
  /** listr2 asks whether stdout is a terminal, but here stdout carries only the result: `digest=$(xbuild …)`. */
  class StderrRenderer extends DefaultRenderer {
    static override nonTTY = true
  }
  const list = new Listr(
    tasks.map(
      (task): ListrTask => ({
        title: task.title,
        task: (_, wrapper) => {
          task.wrapper = wrapper as unknown as Wrapper
          task.wrapper.title = task.title
          // A concurrent list starts all of its tasks at once; one is running from its own first event on.
          task.start = () => {
            if (!wrapper.task.isStarted()) wrapper.task.state$ = ListrTaskState.STARTED
          }
          if (task.started === undefined) wrapper.task.state$ = ListrTaskState.WAITING
          if (task.skipped) wrapper.skip(task.title)
          return task.finished
        },
      }),
    ),
    {
      concurrent: true,
      exitOnError: false,
      // Interrupts are the program's own business: it has children to end and files to remove.
      registerSignalListeners: false,
      renderer: StderrRenderer,
      rendererOptions: {
        logger: new ListrLogger({ processOutput }),
        showErrorMessage: false,
        collapseErrors: false,
      },
    },
  )
  await list.run().catch(() => {})
}
