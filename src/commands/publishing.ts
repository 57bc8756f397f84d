import { buildFlags, type Flags, outputFlags, type ProgressMode } from '../config/flags.ts'
import { registryHosts, splitTags } from '../config/image-options.ts'
import { registryTimeout } from '../config/options.ts'
import { checkTag } from '../image/destination.ts'
import type { PublishContext, PublishedImage } from '../image/publish/publish.ts'
import { interruptSignal } from '../interrupt.ts'
import { parsePlatforms } from '../platforms.ts'
import { createRecorder } from '../recorder.ts'
import { createRegistryClient } from '../registry/client.ts'
import { createProgress } from '../ui/progress.ts'
import { count } from '../util/format.ts'
import { printJson } from '../util/printable.ts'
import { version } from '../version.ts'

/** The version of the form of `merge --json` and `push --json`. */
const publishVersion = 1

/** The flags of the commands that give images in registries their tags. */
export const publishFlags = {
  tag: { ...buildFlags.tag, describe: 'Name and tag of the image' },
  platform: {
    ...buildFlags.platform,
    describe: 'Fail unless the image has exactly these platforms, comma-separated',
  },
  'insecure-registry': buildFlags['insecure-registry'],
  'registry-timeout': buildFlags['registry-timeout'],
  ...outputFlags,
} as const satisfies Flags

/** What those flags were given. */
export interface PublishArguments {
  readonly tag?: readonly string[] | undefined
  readonly platform?: readonly string[] | undefined
  readonly insecureRegistry?: readonly string[] | undefined
  readonly registryTimeout?: string | undefined
  readonly progress: ProgressMode
  readonly json?: boolean | undefined
}

/** The tags that were given. @throws {Failure} usage, for what is none. */
export function tagsOf({ tag = [] }: PublishArguments): string[] {
  return tag.flatMap(splitTags).map(text => checkTag(text, '{name}'))
}

/** The platforms that were given. @throws {Failure} usage */
export function platformsOf({ platform }: PublishArguments) {
  return platform && parsePlatforms(platform)
}

/** Gives `work` a client of registries and a list of tasks to show, and closes both. */
export async function withPublishing<T>(
  argv: PublishArguments,
  work: (context: PublishContext) => Promise<T>,
): Promise<T> {
  const progress = createProgress(argv.progress)
  const recorder = createRecorder(progress.emit)
  const client = createRegistryClient({
    signal: interruptSignal,
    insecure: registryHosts(argv.insecureRegistry ?? []),
    timeout: registryTimeout(argv.registryTimeout).registryTimeout,
    onWait: recorder.waiting,
  })
  try {
    return await work({ client, recorder, signal: interruptSignal })
  } finally {
    await client.close()
    await progress.close()
  }
}

/** Says what was published: the digest reference of each image on stdout, or the report with --json. */
export function showPublished(images: readonly PublishedImage[], { json, progress }: PublishArguments): void {
  if (progress !== 'quiet') {
    for (const { tags, platforms } of images)
      process.stderr.write(`${tags.join(', ')}: ${count(platforms.length, 'platform')}\n`)
  }
  process.stdout.write(
    json
      ? `${printJson({ schemaVersion: publishVersion, xbuild: version, images })}\n`
      : images.map(({ tags: [tag = ''], digest }) => `${tag.replace(/:[\w.-]+$/, '')}@${digest}\n`).join(''),
  )
}
