import { type BaseLookup, isUnreachable } from '../base/lookup.ts'
import { servingPlatform } from '../base/serving-platform.ts'
import type { Dockerfile, Span, StagePlatform } from '../dockerfile/model.ts'
import { parseDockerfile } from '../dockerfile/parse.ts'
import { findStage, sourceNames } from '../dockerfile/stages.ts'
import { isFailure } from '../errors.ts'
import { createCachedBaseLookup } from '../image/base-documents.ts'
import type { Platform } from '../platforms.ts'
import type { RegistryClient } from '../registry/client.ts'
import { mapLimit } from '../util/map-limit.ts'
import { indexLines } from '../util/source-text.ts'
import type { Finding, Report } from './finding.ts'
import { basePlatform } from './rules/of-the-run.ts'
import { toFinding } from './to-finding.ts'

/** An image that a Dockerfile takes from a registry. */
interface ImageUse extends Span {
  readonly image: string
  readonly platform: StagePlatform
  /** By COPY or RUN, where a bare name may be a build context (--build-context). */
  readonly named: boolean
}

const atOnce = 4

/** Asks the registry for every image of a Dockerfile whether it has the platforms. */
export async function checkBasePlatforms(
  text: string,
  path: string,
  platforms: readonly Platform[],
  client: RegistryClient,
): Promise<Finding[]> {
  const uses = imagesOf(parseDockerfile(text, path))
  const lookUpBase = createCachedBaseLookup(client)
  const found = new Map<string, readonly string[] | string>()
  await mapLimit([...new Set(uses.map(({ image }) => image))], atOnce, async image => {
    found.set(image, await platformsOf(image, lookUpBase))
  })
  const lines = indexLines(text)
  return uses.flatMap(use => {
    const report = judge(use, found.get(use.image) ?? [], platforms)
    return report ? [toFinding(basePlatform, { start: use.start, end: use.end, ...report }, path, lines)] : []
  })
}

/** The images of FROM, COPY --from and RUN --mount=from that can be known from the file. */
function imagesOf({ stages }: Dockerfile): ImageUse[] {
  const uses = stages.flatMap(stage => {
    const { platform, image, imageWord, from } = stage
    const own = stage.base
      ? []
      : [
          {
            image,
            platform,
            named: false,
            start: imageWord?.start ?? from.start,
            end: imageWord?.end ?? from.end,
          },
        ]
    const copied = stage.instructions.flatMap(instruction =>
      sourceNames(instruction)
        .filter(name => !/^\d+$/.test(name) && !findStage(name, stages))
        .map(name => {
          const flag = instruction.flags.find(({ value }) => value.includes(name)) ?? instruction
          return { image: name, platform, named: true, start: flag.start, end: flag.end }
        }),
    )
    return [...own, ...copied]
  })
  return uses.filter(
    ({ image, named }) =>
      image !== 'scratch' && /^[\w.:/@-]+$/.test(image) && (!named || /[:/.]/.test(image)),
  )
}

/** The ids of the platforms of an image, or why they cannot be known. */
async function platformsOf(image: string, lookUpBase: BaseLookup): Promise<readonly string[] | string> {
  try {
    return (await lookUpBase(image)).platforms
  } catch (error) {
    if (isUnreachable(error)) return `? ${error.what}${error.why ? `: ${error.why}` : ''}`
    if (isFailure(error)) return error.what
    throw error
  }
}

type Judgement = Pick<Report, 'message' | 'fix' | 'severity'>

function judge(
  { image, platform }: ImageUse,
  found: readonly string[] | string,
  wanted: readonly Platform[],
): Judgement | undefined {
  if (typeof found === 'string') {
    return found.startsWith('? ')
      ? { message: `the registry could not be asked for ${image}: ${found.slice(2)}`, severity: 'warning' }
      : { message: found, fix: 'check the name and the tag' }
  }
  const list = found.length > 0 ? found.join(', ') : 'no platform of Linux'
  if (platform === 'build' || platform === 'constant' || platform === 'unknown') {
    return found.includes('linux/amd64') || found.includes('linux/arm64') || platform !== 'build'
      ? undefined
      : { message: `${image} runs on no build machine: it has ${list}`, fix: 'another image' }
  }
  const missing = wanted.filter(one => !servingPlatform(one, found)).map(({ id }) => id)
  return missing.length > 0
    ? {
        message: `${image} has no ${missing.join(', ')}: it has ${list}`,
        fix: 'an image of every platform, or fewer platforms',
      }
    : undefined
}
