import type { ProgressMode } from '../config/flags.ts'
import type { BuildEvent, Emit } from '../types.ts'
import { cleanText, printJson } from '../util/printable.ts'
import { redactAll } from '../util/redact.ts'
import { noteMark, type Progress } from './display.ts'
import { drawEvents } from './terminal.ts'

/** Shows events in the given mode; `auto` draws a task list on a terminal and prints plain lines elsewhere. */
export function createProgress(mode: ProgressMode, stream: NodeJS.WriteStream = process.stderr): Progress {
  const resolved =
    mode === 'auto' ? (stream.isTTY && stream.columns > 0 && !process.env['CI'] ? 'tty' : 'plain') : mode
  const { emit, close } =
    resolved === 'tty' ? drawEvents(stream) : { emit: writers[resolved](stream), close: async () => {} }
  // rawjson has the characters themselves, escaped.
  return { emit: event => emit(redactAll(resolved === 'rawjson' ? event : cleanEvent(event))), close }
}

const writers: Readonly<Record<'plain' | 'quiet' | 'rawjson', (stream: NodeJS.WritableStream) => Emit>> = {
  plain: plainLines,
  quiet: () => () => {},
  rawjson: stream => event => {
    stream.write(`${printJson(event, 0)}\n`)
  },
}

/** What tools, registries and projects say is not for the terminal to obey. */
function cleanEvent<Event extends BuildEvent>(event: Event): Event {
  const clean = Object.entries(event).map(([key, value]) => [
    key,
    typeof value === 'string' ? cleanText(value) : value,
  ])
  if (event.type !== 'plan') return Object.fromEntries(clean) as Event
  return { ...event, tasks: event.tasks.map(task => ({ ...task, title: cleanText(task.title) })) }
}

/** One line for each task that ends and each remark; progress within a task at most every ten seconds. */
function plainLines(stream: NodeJS.WritableStream): Emit {
  const titles = new Map<string, string>()
  const lastSaid = new Map<string, number>()
  const line = (text: string) => stream.write(`${text}\n`)
  const write: Record<BuildEvent['type'], (event: never) => void> = {
    plan: (event: Extract<BuildEvent, { type: 'plan' }>) => {
      for (const task of event.tasks) titles.set(task.id, task.title)
    },
    start: (event: { id: string }) => lastSaid.set(event.id, Date.now()),
    progress: (event: { id: string; detail: string }) => {
      if (Date.now() - (lastSaid.get(event.id) ?? 0) < 10_000) return
      lastSaid.set(event.id, Date.now())
      line(`  … ${titles.get(event.id) ?? event.id}: ${event.detail}`)
    },
    done: (event: { id: string; detail?: string }) =>
      line(`  ✔ ${titles.get(event.id) ?? event.id}${event.detail ? `: ${event.detail}` : ''}`),
    failed: (event: { id: string; detail: string }) =>
      line(`  ✖ ${titles.get(event.id) ?? event.id}: ${event.detail}`),
    skipped: (event: { id: string; detail: string }) =>
      line(`  - ${titles.get(event.id) ?? event.id}: ${event.detail}`),
    note: (event: Extract<BuildEvent, { type: 'note' }>) => line(`  ${noteMark(event.level)}${event.text}`),
  }
  return event => write[event.type](event as never)
}
