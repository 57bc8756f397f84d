import type { ProgressMode } from '../config/flags.ts'
import type { BuildEvent } from '../types.ts'
import { cleanText, printJson } from '../util/printable.ts'
import { redactAll } from '../util/redact.ts'
import type { Progress } from './display.ts'
import { plainLines } from './plain.ts'
import { drawEvents } from './terminal.ts'

/** Shows events in the given mode; `auto` draws a task list on a terminal and prints plain lines elsewhere. */
export function createProgress(mode: ProgressMode, stream: NodeJS.WriteStream = process.stderr): Progress {
  const resolved =
    mode === 'auto' ? (stream.isTTY && stream.columns > 0 && !process.env['CI'] ? 'tty' : 'plain') : mode
  const { emit, close } = writers[resolved](stream)
  // rawjson has the characters themselves, escaped.
  return { emit: event => emit(redactAll(resolved === 'rawjson' ? event : cleanEvent(event))), close }
}

const writers: Readonly<Record<Exclude<ProgressMode, 'auto'>, (stream: NodeJS.WriteStream) => Progress>> = {
  tty: drawEvents,
  plain: plainLines,
  quiet: () => ({ emit: () => {}, close: async () => {} }),
  rawjson: stream => ({
    emit: event => void stream.write(`${printJson(event, 0)}\n`),
    close: async () => {},
  }),
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
