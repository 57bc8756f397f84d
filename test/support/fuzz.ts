import { Failure } from '../../src/errors.ts'
import { describeFailure } from '../../src/ui/messages.ts'
import { random } from '../unit/lint/mutate.ts'

/** How many inputs a fuzzer tries; `npm run fuzz` sets more. */
export const inputs = Number(process.env['XBUILD_FUZZ'] ?? 1500)
const seed = Number(process.env['XBUILD_FUZZ_SEED'] ?? 17)

/** Milliseconds for one input, on a busy machine. */
const slowest = 5000

/** Changes bytes: flips, cuts, doubles, fills, and swaps in a piece of another seed. */
export function mutateBytes(bytes: Buffer, others: readonly Buffer[], next: () => number): Buffer {
  const at = (length: number) => Math.floor(next() * (length + 1))
  let result = Buffer.from(bytes)
  for (let times = 1 + at(4); times > 0; times--) {
    const start = at(result.length)
    const end = Math.min(result.length, start + at(64))
    const kind = Math.floor(next() * 6)
    const other = others[at(others.length - 1)] ?? bytes
    if (kind === 0) result = result.subarray(0, start)
    else if (kind === 1) for (let i = start; i < end; i++) result[i] = at(255)
    else if (kind === 2) result = Buffer.concat([result.subarray(0, end), result.subarray(start)])
    else if (kind === 3) result = Buffer.concat([result.subarray(0, start), result.subarray(end)])
    else if (kind === 4) result.fill(next() < 0.5 ? 0 : 0xff, start, end)
    else
      result = Buffer.concat([
        result.subarray(0, start),
        other.subarray(at(other.length)),
        result.subarray(end),
      ])
  }
  return result
}

/** Tries changed inputs: each must be answered or refused by a Failure that prints harmlessly, and in time. */
export async function fuzz(seeds: readonly Buffer[], look: (bytes: Buffer) => unknown): Promise<void> {
  const next = random(seed)
  for (let index = 0; index < inputs; index++) {
    const bytes = mutateBytes(seeds[index % seeds.length] as Buffer, seeds, next)
    const started = performance.now()
    try {
      await look(bytes)
    } catch (error) {
      const isExpected = error instanceof Failure && !/(?![\n\t])[\p{Cc}\p{Cf}]/u.test(describeFailure(error))
      if (!isExpected)
        throw new Error(`seed ${seed}, input ${index}: ${bytes.toString('base64')}`, { cause: error })
    }
    const took = performance.now() - started
    if (took > slowest)
      throw new Error(`${took} ms for seed ${seed}, input ${index}: ${bytes.toString('base64')}`)
  }
}
