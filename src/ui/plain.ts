import type { BuildEvent, TaskInfo } from '../types.ts'
import { describeSeconds } from '../util/format.ts'
import { type CiLog, ciLog } from './ci-log.ts'
import { type Paint, paintFor } from './color.ts'
import { describeNote, type Progress } from './display.ts'

/** Seconds from one line about a task that still runs to the next: in two minutes people know that it takes long. */
const patience = (seconds: number) => (seconds < 120 ? 10 : seconds < 600 ? 30 : 60)

/** A task that runs. */
interface Running {
  readonly since: number
  /** What it last said of itself. */
  detail?: string
  /** The seconds after which it is named next. */
  next: number
}

const marks = { done: '✔', failed: '✖', skipped: '-' } as const

/**
 * One line for each task that ends, with how many of all have, and each remark; a task that runs on is named every ten
 * seconds with what it is at, later every minute, for a long silence looks like a hang.
 */
export function plainLines(
  stream: NodeJS.WriteStream,
  log: CiLog = ciLog(),
  paint: Paint = paintFor(stream),
): Progress {
  const titles = new Map<string, string>()
  const running = new Map<string, Running>()
  let ended = 0
  let isFolded = false
  const line = (text: string) => stream.write(`${log.safe(text)}\n`)
  const titleOf = (id: string) => titles.get(id) ?? id
  const sayRunning = () => {
    for (const [id, task] of running) {
      const seconds = Math.floor((Date.now() - task.since) / 1000)
      if (seconds < task.next) continue
      const pause = patience(seconds)
      task.next = seconds - (seconds % pause) + pause
      line(
        `  … ${titleOf(id)}: ${seconds < 100 ? `${seconds} s` : describeSeconds(seconds)}${task.detail ? `, ${task.detail}` : ''}`,
      )
    }
  }
  let timer: NodeJS.Timeout | undefined
  const end = ({ id, type, detail }: Extract<BuildEvent, { type: keyof typeof marks }>) => {
    running.delete(id)
    ended += 1
    const count = titles.size > 0 ? `[${ended}/${titles.size}] ` : ''
    line(`  ${marks[type]} ${count}${titleOf(id)}${detail ? `: ${detail}` : ''}`)
  }
  const note = (event: Extract<BuildEvent, { type: 'note' }>) => {
    const own = event.level === 'warning' ? log.warning(event.text) : undefined
    if (own === undefined) line(`  ${describeNote(event, paint)}`)
    else stream.write(`${own}\n`)
  }
  const begin = (tasks: readonly TaskInfo[]) => {
    for (const task of tasks) titles.set(task.id, task.title)
    timer ??= setInterval(sayRunning, 1000).unref()
    if (!isFolded) stream.write(log.open('Build with xbuild'))
    isFolded = true
  }
  const emit = (event: BuildEvent) => {
    switch (event.type) {
      case 'plan':
        return begin(event.tasks)
      case 'start':
        return void running.set(event.id, { since: Date.now(), next: patience(0) })
      case 'progress': {
        const task = running.get(event.id)
        if (task) task.detail = event.detail
        return
      }
      case 'note':
        return note(event)
      default:
        return end(event)
    }
  }
  const close = async () => {
    clearInterval(timer)
    if (isFolded) stream.write(log.close())
  }
  return { emit, close }
}
