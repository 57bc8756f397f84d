import { isFailure } from '../../errors.ts'
import { formatRepository } from '../../oci/reference.ts'
import type { Check } from '../check.ts'
import { combine, fromFailure, notApplicable, ok } from '../outcome.ts'

export const push: Check = {
  id: 'push',
  title: 'Push',
  question: 'May this user push to the repositories of the tags?',
  findings: `A token with the right to push is asked for, as a push would, and nothing is written. A problem where the registry refuses the login
or the right; where only a push can tell, it says so.`,
  run: async ({ repositories, registries }) => {
    const found = await repositories()
    if (found.length === 0) return notApplicable('no tag names a repository: --tag or [image] tags')
    const outcomes = await Promise.all(
      found.map(async reference => {
        const name = formatRepository(reference)
        try {
          const rights = await registries.checkPush(reference)
          if (rights === 'granted') return ok(`${name}: granted`)
          return ok(`${name}: it answers; whether you may push, only a push tells`)
        } catch (error) {
          if (!isFailure(error) || error.kind === 'interrupted') throw error
          const outcome = fromFailure(error)
          return { ...outcome, why: `${name}: ${outcome.why}` }
        }
      }),
    )
    return combine(outcomes, ([first = '', ...more]) => ok(first, more))
  },
}
