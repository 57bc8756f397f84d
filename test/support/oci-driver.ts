import { readFileSync } from 'node:fs'
import fs, { type FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { isFailure } from '../../src/errors.ts'
import { buildOciImage, type OciOutput } from '../../src/image/writer/write-image.ts'
import { parsePlatforms } from '../../src/platforms.ts'

/** What the driver is told, as JSON in its first argument. */
export interface DriverOrder {
  readonly platforms: string
  /** The one file of the image; the same for every platform. */
  readonly binary: string
  readonly outputs: readonly OciOutput[]
  readonly cacheFolder: string
  readonly compression?: 'gzip' | 'zstd'
  /** What happens at which call of the file system, counted from 1: SIGKILL, or an error of this code. */
  readonly at?: number
  readonly what?: string
}

/** What it answers, as JSON on stdout. */
export interface DriverAnswer {
  /** Calls of the file system that change something. */
  readonly calls: number
  readonly indexDigest?: string
  readonly failure?: {
    readonly kind: string
    readonly what: string
    readonly where?: string
    readonly why?: string
  }
  /** The stack of an error that is no Failure. */
  readonly bug?: string
  /** Bytes, of the whole process. */
  readonly peakMemory: number
}

const order = JSON.parse(process.argv[2] ?? '') as DriverOrder
let calls = 0

/** Counts a call that changes something, and does there what the order says. */
function step(name: string): void {
  calls++
  if (calls !== order.at) return
  if (order.what === 'SIGKILL') {
    process.kill(process.pid, 'SIGKILL')
    for (;;); // the signal comes before anything else happens
  }
  throw Object.assign(new Error(`${order.what}: injected, ${name}`), { code: order.what, syscall: name })
}

/** Makes every such call count: before it happens, for what follows it is the next call's "before". */
async function instrument(): Promise<void> {
  const handle = await fs.open(process.execPath, 'r')
  const prototype = Object.getPrototypeOf(handle) as FileHandle
  await handle.close()
  const wrap = (target: object, name: string) => {
    const original = (target as Record<string, (...args: unknown[]) => unknown>)[name]
    const counted = async function (this: unknown, ...args: unknown[]) {
      const reads = name === 'open' && (args[1] === undefined || args[1] === 'r')
      if (!reads) step(name)
      return original?.apply(this, args)
    }
    Object.defineProperty(target, name, { value: counted, configurable: true, writable: true })
  }
  for (const name of ['open', 'rename', 'mkdir', 'mkdtemp', 'writeFile']) wrap(fs, name)
  for (const name of ['write', 'sync']) wrap(prototype, name)
  syncBuiltinESMExports()
}

async function main(): Promise<Omit<DriverAnswer, 'calls' | 'peakMemory'>> {
  await instrument()
  const platforms = parsePlatforms([order.platforms])
  try {
    const { indexDigest } = await buildOciImage(
      {
        name: 'app',
        platforms,
        base: { reference: 'builtin', family: 'builtin', predicted: false, reason: '' },
        config: { entrypoint: ['/app'], cmd: [], env: {}, ports: [], labels: {} },
        files: [{ target: '/app', source: { artifact: 'app' }, mode: 0o755 }],
        annotations: [],
        epoch: 0,
        tags: ['app:1'],
      },
      {
        file: () => ({ path: order.binary }),
        root: '/',
        outputs: order.outputs,
        compression: order.compression ?? 'gzip',
        cacheFolder: order.cacheFolder,
      },
    )
    return { indexDigest }
  } catch (error) {
    if (!isFailure(error)) return { bug: String((error as Error).stack) }
    const { kind, what, where, why } = error
    return { failure: { kind, what, ...(where && { where }), ...(why && { why }) } }
  }
}

/** The kernel's own figure: process.resourceUsage counts the memory of the parent before exec too. */
function peakMemory(): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024
  } catch {
    return process.resourceUsage().maxRSS * 1024
  }
}

const answer = await main()
console.log(JSON.stringify({ ...answer, calls, peakMemory: peakMemory() } satisfies DriverAnswer))
