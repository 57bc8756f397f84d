import { registryFailure } from './failures.ts'
import { TransientError } from './retry.ts'

/** How long a registry is waited for. */
export interface Deadlines {
  /** Seconds for a connection, its TLS included. */
  readonly connect: number
  /** Seconds without a byte: before an answer begins, and in the middle of one. */
  readonly silence: number
}

/** Seconds without a byte, where nobody says otherwise. */
const defaultSilence = 60
const longestConnect = 30
/** Bytes a second; what is slower for as long as a silence may last is given up. */
export const minimumRate = 1024
/** Bytes a second that a registry is given to store what was uploaded, before it answers. */
const storingRate = 10 * 1024 * 1024
/** Seconds of waiting after which, and again, something is said. */
const sayAfter = 10

/** @param timeout as --registry-timeout gives it, in seconds */
export function deadlines(timeout: number = defaultSilence): Deadlines {
  return { connect: Math.min(timeout, longestConnect), silence: timeout }
}

/** Seconds until the answer to a request with a body of so many bytes has to begin. */
export function answerDeadline({ silence }: Deadlines, length: number): number {
  return silence + length / storingRate
}

/** Watches a transfer, so that one which crawls ends. @returns notes bytes and the milliseconds that were waited for them */
export function watchRate({ silence }: Deadlines, host: string): (bytes: number, waited: number) => void {
  let total = 0
  let time = 0
  return (bytes, waited) => {
    total += bytes
    time += waited
    if (time < silence * 1000) return
    if (total < (minimumRate * time) / 1000) {
      const rate = Math.round((total * 1000) / time)
      throw new TransientError(
        registryFailure(
          'The registry is too slow',
          host,
          `${rate} bytes a second for ${Math.round(time / 1000)} s; ${minimumRate} are the least`,
          'check the network and proxies; --registry-timeout 10m waits longer',
        ),
        undefined,
        2,
      )
    }
    total = 0
    time = 0
  }
}

/** Says every ten seconds that a host is waited for. */
export interface Waiting {
  /** A byte has come or gone. */
  moved(): void
  end(): void
}

export function sayWaiting(host: string, say: ((text: string) => void) | undefined): Waiting {
  let since = performance.now()
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - since) / 1000)
    if (seconds >= sayAfter) say?.(`waiting for ${host}: ${seconds} s`)
  }, sayAfter * 1000)
  timer.unref()
  return {
    moved() {
      since = performance.now()
    },
    end: () => clearInterval(timer),
  }
}
