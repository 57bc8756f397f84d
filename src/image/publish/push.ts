import type { Reference } from '../../oci/reference.ts'
import type { Platform } from '../../platforms.ts'
import type { ImageSource } from '../read/image-source.ts'
import { missingBlob } from '../read/layout-files.ts'
import { verificationFailure, verifyImage } from '../verify/verify.ts'
import { copyImage } from './copy-image.ts'
import {
  byRepository,
  describeChecked,
  moveTags,
  type PublishContext,
  type PublishedImage,
  publishedImage,
  verifyPushed,
} from './publish.ts'

/** What is pushed, and where to. */
export interface PushRequest {
  readonly source: ImageSource
  readonly tags: readonly string[]
  /** These platforms and no others; absent takes what there is. */
  readonly platforms?: readonly Platform[] | undefined
}

/** The tasks of a push, in the list that a run shows. */
export const pushTasks = [
  { id: 'verify', title: 'Verify the image' },
  { id: 'push', title: 'Push it' },
] as const

/**
 * Pushes an image as it is: verified where it lies, copied by digest, read back from every repository; tags move last.
 * @throws {Failure} verification, when anything is wrong with it, before or after; registry. Then no tag has moved, but
 * where the registry took some and refused another.
 */
export async function pushVerified(
  { source, tags, platforms }: PushRequest,
  context: PublishContext,
): Promise<PublishedImage> {
  const { client, recorder } = context
  const root = await source.root()
  const before = await recorder.task('verify', async task => {
    const report = await verifyImage(source, platforms && { platforms })
    if (!report.ok) throw verificationFailure(report)
    task.detail(describeChecked(report))
    return report
  })
  const bytes = await source.document(root)
  if (!bytes) throw missingBlob(source.name, root.digest)
  await recorder.task('push', async task => {
    for (const [name, references] of byRepository(tags)) {
      const target = references[0] as Reference
      await copyImage(source, root, target, { client, onProgress: task.progress })
      task.progress(`reading ${name} back`)
      await verifyPushed(target, root.digest, platforms, context)
    }
    task.detail(`${root.digest}, the very bytes`)
  })
  await moveTags(tags, { mediaType: root.mediaType, bytes }, context)
  return publishedImage(tags, before)
}
