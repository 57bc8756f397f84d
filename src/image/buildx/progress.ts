import { stripVTControlCharacters } from 'node:util'
import { describeBytes } from '../../util/format.ts'

/** What a step of BuildKit took. A step of several platforms is one entry for each. */
export interface VertexTime {
  /** Without the prefix in brackets: `RUN go build ./cmd/app`, `exporting to image`. */
  readonly name: string
  /** The platform that is built for; absent where BuildKit does not say, as it does when one alone is asked for. */
  readonly platform?: string
  /** Seconds that it ran; time between two runs of one step does not count. */
  readonly seconds: number
  readonly cached: boolean
  readonly error?: string
}

/** Reads the stderr of `docker buildx build --progress=rawjson` line by line. */
export interface ProgressReader {
  /** Takes a line; gives a short text of what is going on when that has changed. */
  line(text: string): string | undefined
  /** As `line`, for what {@link joinLines} has made of lines. */
  take(read: SolveStatus | readonly string[]): string | undefined
  /** The steps so far, in the order they appeared. */
  vertexTimes(): VertexTime[]
  /** What buildx itself said, errors included: every line that is no progress. */
  plain(): string
  /** All of it as text for a log file: steps, the output of RUN, warnings, errors. */
  log(): string
}

/** The parts of BuildKit's SolveStatus that are used (moby/buildkit client/graph.go). */
export interface SolveStatus {
  readonly vertexes?: readonly Vertex[]
  readonly statuses?: readonly Status[]
  readonly logs?: readonly { readonly vertex: string; readonly data?: string }[]
  readonly warnings?: readonly { readonly vertex?: string; readonly short?: string }[]
}

interface Vertex {
  readonly digest: string
  readonly name?: string
  readonly started?: string
  readonly completed?: string
  readonly cached?: boolean
  readonly error?: string
}

interface Status {
  readonly id: string
  readonly vertex: string
  readonly current?: number
  readonly total?: number
}

/** Makes progress of lines: buildx 0.13 spreads an object over several, its outer braces alone on theirs. */
export interface LineJoiner {
  /** Takes a line. @returns progress; lines that are none; undefined where more has to come */
  take(text: string): SolveStatus | readonly string[] | undefined
  /** Of an object that was never ended. */
  rest(): readonly string[]
}

export function joinLines(): LineJoiner {
  let object: string[] | undefined
  return {
    take(text) {
      if (object) {
        object.push(text)
        if (text !== '}') return undefined
        const lines = object
        object = undefined
        return parseStatus(lines.join('\n')) ?? lines
      }
      if (text === '{') {
        object = [text]
        return undefined
      }
      const status = text.startsWith('{') ? parseStatus(text) : undefined
      return status ?? (text.trim() === '' ? undefined : [text])
    },
    rest: () => object ?? [],
  }
}

/** A vertex as it has become known, piece by piece. */
interface Known {
  readonly number: number
  name: string
  /** End of each run by its start, both in milliseconds; the end is unknown while it runs. */
  readonly runs: Map<number, number | undefined>
  cached: boolean
  error: string | undefined
  done: boolean
  /** Bytes by the id of what is transferred. */
  readonly transfers: Map<string, { current: number; total: number }>
  /** Never goes back, though totals may grow while a transfer runs. */
  percent: number
  /** Bytes of all transfers, as far as they are known. */
  total: number
}

/**
 * A reader of one build's progress.
 * @param onOutput receives what the commands of RUN print, in pieces that may end within a line
 */
export function readProgress(onOutput?: (data: Uint8Array) => void): ProgressReader {
  const vertices = new Map<string, Known>()
  const plain: string[] = []
  /** A vertex keeps the place where it first ended, and is described as it is in the end. */
  const log: (string | Known)[] = []
  const lines = joinLines()
  let detail: string | undefined

  const keepPlain = (text: string) => {
    const line = stripVTControlCharacters(text).trimEnd()
    plain.push(line)
    log.push(line)
  }
  const takeStatus = (status: SolveStatus): string | undefined => {
    let latest: string | undefined
    for (const vertex of status.vertexes ?? []) latest = takeVertex(vertex) ?? latest
    for (const transfer of status.statuses ?? []) latest = takeTransfer(transfer) ?? latest
    for (const { vertex, data } of status.logs ?? []) {
      const output = Buffer.from(data ?? '', 'base64')
      onOutput?.(output)
      const lines = output
        .toString()
        .trimEnd()
        .split(/\r?\n|\r/)
      for (const line of lines)
        log.push(`#${vertices.get(vertex)?.number ?? 0} ${stripVTControlCharacters(line)}`)
    }
    for (const { short } of status.warnings ?? []) {
      log.push(`WARNING: ${Buffer.from(short ?? '', 'base64').toString()}`)
    }
    return latest
  }
  const takeVertex = (vertex: Vertex): string | undefined => {
    const known = vertices.get(vertex.digest) ?? unknown(vertices.size + 1)
    vertices.set(vertex.digest, known)
    known.name = vertex.name ?? known.name
    known.cached ||= vertex.cached === true
    known.error = vertex.error || known.error
    const started = time(vertex.started)
    if (started !== undefined) known.runs.set(started, time(vertex.completed) ?? known.runs.get(started))
    const done = time(vertex.completed) !== undefined
    if (done && !log.includes(known)) log.push(known)
    known.done = done
    return started !== undefined && !done && !known.cached ? describe(known) : undefined
  }
  const takeTransfer = ({ id, vertex, current = 0, total = 0 }: Status): string | undefined => {
    const known = vertices.get(vertex)
    if (!known || known.done) return undefined
    known.transfers.set(id, { current, total })
    const sum = { current: 0, total: 0 }
    for (const transfer of known.transfers.values()) {
      if (transfer.total <= 0) continue
      sum.current += Math.min(transfer.current, transfer.total)
      sum.total += transfer.total
    }
    known.total = sum.total
    if (sum.total > 0) known.percent = Math.max(known.percent, Math.floor((100 * sum.current) / sum.total))
    return describe(known, total > 0 || current > 0 ? undefined : id)
  }

  const take: ProgressReader['take'] = read => {
    if (!isStatus(read)) return void read.forEach(keepPlain)
    const latest = takeStatus(read)
    if (latest === undefined || latest === detail) return undefined
    detail = latest
    return latest
  }

  return {
    take,
    line(text) {
      const read = lines.take(text)
      return read && take(read)
    },
    vertexTimes: () => [...vertices.values()].map(vertexTime),
    plain: () => [...plain, ...lines.rest()].join('\n'),
    log: () => log.map(entry => `${typeof entry === 'string' ? entry : outcome(entry)}\n`).join(''),
  }
}

function unknown(number: number): Known {
  return {
    number,
    name: '',
    runs: new Map(),
    cached: false,
    error: undefined,
    done: false,
    transfers: new Map(),
    percent: 0,
    total: 0,
  }
}

/** Whether what {@link joinLines} gave is progress. */
export function isStatus(read: SolveStatus | readonly string[]): read is SolveStatus {
  return !Array.isArray(read)
}

function parseStatus(text: string): SolveStatus | undefined {
  try {
    const value = JSON.parse(text) as Record<string, unknown>
    const lists = ['vertexes', 'statuses', 'logs', 'warnings'].map(name => value[name])
    const fits = lists.some(Boolean) && lists.every(list => list == null || Array.isArray(list))
    return fits ? (value as SolveStatus) : undefined
  } catch {
    return undefined
  }
}

function time(text: string | undefined): number | undefined {
  const milliseconds = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(milliseconds) ? undefined : milliseconds
}

/** Seconds that are covered by at least one run. */
function secondsOf({ runs }: Known): number {
  let covered = 0
  let until = Number.NEGATIVE_INFINITY
  for (const [start, end] of [...runs].sort(([a], [b]) => a - b)) {
    if (end === undefined || end <= until) continue
    covered += end - Math.max(start, until)
    until = end
  }
  return covered / 1000
}

/** `[linux/amd64->arm64 build 2/5] RUN x` (buildkit dockerfile2llb/convert.go, prefixCommand). */
function splitName(text: string): { name: string; platform?: string } {
  const [, prefix = '', name = text] = /^\[([^\]]*)\] (.*)$/s.exec(text) ?? []
  const [, os = '', arch = '', target] = /^([a-z]+)\/([^\s>]+?)(?:->(\S+))?(?: |$)/.exec(prefix) ?? []
  if (os === '') return { name }
  return {
    name,
    platform:
      target && /^(?:linux|windows|darwin|freebsd)\//.test(target) ? target : `${os}/${target ?? arch}`,
  }
}

function vertexTime(vertex: Known): VertexTime {
  return {
    ...splitName(vertex.name),
    seconds: secondsOf(vertex),
    cached: vertex.cached,
    ...(vertex.error !== undefined && { error: vertex.error }),
  }
}

function outcome(vertex: Known): string {
  const { number, name, error, cached } = vertex
  const end = error ? `ERROR: ${error}` : cached ? 'CACHED' : `DONE ${secondsOf(vertex).toFixed(1)}s`
  return `#${number} ${name} ${end}`
}

/** A few words for a task's line: the platform, the step, what it is at. */
function describe(vertex: Known, at?: string): string {
  const { name, platform } = splitName(vertex.name)
  const words = [platform, shorten(name), at && at !== name ? shorten(at) : undefined]
  const percent = vertex.percent > 0 ? ` ${vertex.percent}% of ${describeBytes(vertex.total)}` : ''
  return words.filter(Boolean).join(' · ') + percent
}

function shorten(text: string): string {
  const line = text
    .replace(/@?sha256:[0-9a-f]{64}/g, '')
    .replace(/\s+/g, ' ')
    .trim()
  return line.length > 60 ? `${line.slice(0, 59)}…` : line
}
