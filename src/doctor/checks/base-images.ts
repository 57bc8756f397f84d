import { checkBasePlatforms } from '../../base/choose.ts'
import { isUnreachable } from '../../base/lookup.ts'
import { isFailure } from '../../errors.ts'
import { createCachedBaseLookup } from '../../image/base-documents.ts'
import { checkBasePlatforms as checkDockerfile } from '../../lint/base-platforms.ts'
import { count } from '../../util/format.ts'
import { quoteWord } from '../../util/quote-word.ts'
import type { Check } from '../check.ts'
import { combine, fromFailure, notApplicable, type Outcome, ok, problem, warning } from '../outcome.ts'
import type { Surroundings } from '../surroundings.ts'

export const baseImages: Check = {
  id: 'base-images',
  title: 'Base images',
  question:
    'Do the bases have every wanted platform: the one that xbuild takes, and those of the project’s Dockerfiles?',
  findings:
    'The registries are asked. A problem for an image that is not there or lacks a platform; a warning for a registry that does not answer.',
  run: async around => {
    const [own, others] = await Promise.all([ownBases(around), basesOfDockerfiles(around)])
    const outcomes = [...own, ...others]
    if (outcomes.length === 0) return notApplicable('no base comes from a registry')
    return combine(outcomes, ([first = '', ...more]) => ok(first, more))
  },
}

async function ownBases({ bases, platforms, registries }: Surroundings): Promise<Outcome[]> {
  const lookUpBase = createCachedBaseLookup(registries)
  return Promise.all(
    (await bases()).map(async reference => {
      try {
        checkBasePlatforms(reference, platforms)
        const found = await lookUpBase(reference)
        checkBasePlatforms(reference, platforms, found.platforms)
        return ok(`${reference}: ${count(found.platforms.length, 'platform')}`)
      } catch (error) {
        if (!isFailure(error) || error.kind === 'interrupted') throw error
        if (!isUnreachable(error)) return fromFailure(error)
        const found = fromFailure(error, 'warning')
        return {
          ...found,
          why: `${reference}: ${found.why}`,
          fix: error.fix ?? '--base builtin --backend oci needs no registry; [image] registry names a mirror',
        }
      }
    }),
  )
}

async function basesOfDockerfiles({ files: read, platforms, registries }: Surroundings): Promise<Outcome[]> {
  const files = await read('dockerfile')
  const outcomes = await Promise.all(
    files.map(async ({ path, text }) => {
      const findings = await checkDockerfile(text, path, platforms, registries)
      return findings.map(({ line, message, severity }) => {
        const why = `${path}:${line}: ${message}`
        const fix = `xbuild lint --registry ${quoteWord(path)}`
        return severity === 'error' ? problem({ why, fix }) : warning({ why, fix })
      })
    }),
  )
  const bad = outcomes.flat()
  if (files.length === 0) return []
  return bad.length > 0 ? bad : [ok(`${count(files.length, 'Dockerfile')}: every FROM has the platforms`)]
}
