import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Failure, interrupted } from './errors.ts'
import type { Command } from './types.ts'
import { gitSettings } from './util/git-settings.ts'
import { createRedactor } from './util/redact.ts'
import { beginSpan } from './util/timeline.ts'
import { watchGroup } from './watchdog.ts'

/** How a command is run. Nothing here changes what it does. */
export interface RunOptions {
  /** Ends the command, its children too, when aborted. */
  readonly signal?: AbortSignal | undefined
  /** Is called when the command has started, or cannot be. */
  readonly onStart?: (() => void) | undefined
  /** Each line of stderr (or of both streams) as it appears; a carriage return ends a line too. */
  readonly onStderr?: ((line: string) => void) | undefined
  readonly onStdout?: ((line: string) => void) | undefined
  /** Receives both streams whole, redacted. */
  readonly logFile?: string | undefined
  readonly input?: string | undefined
  /** Seconds after which the command and its children are ended; the result has `timedOut`. */
  readonly timeout?: number | undefined
  /** Keep no more than this of each stream in memory (characters, the end is kept). Default 4 Mi. */
  readonly keep?: number | undefined
  /** The folder for what the command keeps for a while, unless its own environment names one. */
  readonly temporary?: string | undefined
}

/** What a command did. A non-zero exit is a result, not an exception: the caller knows what it means. */
export interface RunResult {
  readonly exitCode: number | undefined
  readonly signal: string | undefined
  readonly stdout: string
  readonly stderr: string
  readonly seconds: number
  readonly timedOut: boolean
  readonly ok: boolean
}

const defaultKeep = 4 * 1024 * 1024

/**
 * Runs a command and waits for it. It gets a process group of its own, so that an abort or a timeout ends its children
 * too: SIGTERM first, SIGKILL after a second and a half. It ends with this process too, however that ends.
 * @throws {Failure} tool, when the tool cannot be started; interrupted, when `signal` was aborted.
 */
export async function run(command: Command, options: RunOptions = {}): Promise<RunResult> {
  if (options.signal?.aborted) throw interrupted()
  const { execa } = await import('execa')
  // Before the command starts: whatever it prints while nobody reads is lost.
  const log = options.logFile === undefined ? undefined : await openLog(options.logFile)
  if (options.signal?.aborted) {
    log?.end()
    throw interrupted()
  }
  const started = performance.now()
  const endSpan = beginSpan('command', [command.tool, ...command.args].join(' '))
  const child = startOrFail(() =>
    execa(command.tool, [...command.args], {
      cwd: command.cwd,
      // As a shell's cd does: of a folder that is reached by a link, Go and others name paths as PWD has them.
      env: {
        PWD: command.cwd,
        ...gitSettings(),
        ...(options.temporary !== undefined && { TMPDIR: options.temporary }),
        ...command.env,
      },
      stdin: options.input === undefined ? 'ignore' : 'pipe',
      ...(options.input === undefined ? {} : { input: options.input }),
      buffer: false,
      reject: false,
      detached: true,
      cleanup: false,
      stripFinalNewline: false,
    }),
  )
  options.onStart?.()
  let timedOut = false
  const end = () => endGroup(child.pid)
  const timer =
    options.timeout === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true
          end()
        }, options.timeout * 1000)
  options.signal?.addEventListener('abort', end, { once: true })
  if (child.pid !== undefined) runningGroups.add(child.pid)
  const endWatch = child.pid === undefined ? undefined : watchGroup(child.pid)

  const stdout = collect(child.stdout, options.onStdout, log, options.keep ?? defaultKeep)
  const stderr = collect(child.stderr, options.onStderr, log, options.keep ?? defaultKeep)
  try {
    const result = await child
    // Both have to be in the log before it ends.
    const texts = { stdout: await stdout, stderr: await stderr }
    log?.end()
    if (options.signal?.aborted) throw interrupted()
    if (result.failed && result.exitCode === undefined && result.signal === undefined) {
      throw cannotStart(command, result)
    }
    return {
      exitCode: result.exitCode,
      signal: result.signal,
      ...texts,
      seconds: (performance.now() - started) / 1000,
      timedOut,
      ok: result.exitCode === 0 && !timedOut,
    }
  } finally {
    endSpan()
    clearTimeout(timer)
    options.signal?.removeEventListener('abort', end)
    if (child.pid !== undefined) runningGroups.delete(child.pid)
    endWatch?.()
  }
}

/** The process groups that run now; what is left of them is ended when xbuild exits. */
const runningGroups = new Set<number>()

/** Ends every process group at once, for the moment before xbuild exits. */
export function killRunning(): void {
  for (const pid of runningGroups) signalGroup(pid, 'SIGKILL')
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  signalGroup(pid, 'SIGTERM')
  setTimeout(() => {
    if (runningGroups.has(pid)) signalGroup(pid, 'SIGKILL')
  }, 1500).unref()
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // the group is gone already
  }
}

async function openLog(path: string) {
  await mkdir(dirname(path), { recursive: true })
  return createWriteStream(path, { flags: 'a' }).on('error', () => {
    // a log that cannot be written must not fail the build
  })
}

/** Reads a stream to its end: hands on lines, keeps the tail. */
async function collect(
  stream: AsyncIterable<Uint8Array | string> | null,
  onLine: ((line: string) => void) | undefined,
  log: NodeJS.WritableStream | undefined,
  keep: number,
): Promise<string> {
  if (!stream) return ''
  const decoder = new TextDecoder()
  const redactor = log && createRedactor()
  let text = ''
  let pending = ''
  for await (const chunk of stream) {
    const piece = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })
    if (redactor) log?.write(redactor.add(piece))
    text += piece
    if (text.length > 2 * keep) text = text.slice(-keep)
    if (!onLine) continue
    const lines = (pending + piece).split(/\r\n|\n|\r/)
    pending = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  }
  if (redactor) log?.write(redactor.end())
  if (pending) onLine?.(pending)
  return text.slice(-keep)
}

function cannotStart(
  command: Command,
  result: { code?: string | undefined; originalMessage?: string | undefined },
): Failure {
  const missing = result.code === 'ENOENT'
  return new Failure({
    kind: 'tool',
    what: missing ? `${command.tool} was not found` : `${command.tool} could not be started`,
    where: command.cwd,
    why: missing
      ? `there is no ${JSON.stringify(command.tool)} on PATH, or no such folder`
      : (result.originalMessage ?? result.code),
  })
}

/** Without a file left for its streams execa fails on what Node.js returns: `subprocess.stdio is not iterable`. */
function startOrFail<T>(start: () => T): T {
  try {
    return start()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new Failure({
      kind: 'usage',
      what: 'No other program can be started',
      why: 'this process may open no more files',
      fix: 'ulimit -n 4096',
      cause: error,
    })
  }
}
