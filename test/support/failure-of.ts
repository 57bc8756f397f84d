import { type Failure, isFailure } from '../../src/errors.ts'

/** The Failure that an action throws; throws when it succeeds, or throws something else. */
export async function failureOf(action: Promise<unknown> | (() => unknown)): Promise<Failure> {
  try {
    await (typeof action === 'function' ? action() : action)
  } catch (error) {
    if (isFailure(error)) return error
    throw error
  }
  throw new Error('a failure was expected')
}

/** Everything that a failure says. */
export function textOf({ what, where, why, fix }: Failure): string {
  return [what, where, why, fix].join('\n')
}
