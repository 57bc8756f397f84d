import type { Descriptor } from '../../oci/manifest.ts'
import { formatReference, type Reference } from '../../oci/reference.ts'
import type { ImageSource } from '../read/image-source.ts'
import { registrySource } from '../read/registry-source.ts'
import type { VerifyReport } from '../verify/report.ts'
import { copyImage } from './copy-image.ts'
import { type MergedIndex, type MergePart, type MergeWishes, mergeIndex } from './merge-index.ts'
import type { MergeGroup } from './merge-inputs.ts'
import {
  byRepository,
  describeChecked,
  moveTags,
  type PublishContext,
  type PublishedImage,
  publishedImage,
  verifyPushed,
} from './publish.ts'
import { readPart } from './read-part.ts'

/** A merge that was looked at and planned: nothing is written yet. */
export interface PlannedMerge {
  readonly group: MergeGroup
  readonly parts: readonly (MergePart & { readonly source: ImageSource; readonly from: Reference })[]
  readonly index: MergedIndex
}

/**
 * Reads the images of a group and joins them; writes nothing.
 * @throws {Failure} registry; verification, when they do not make up one image.
 */
export async function planMerge(
  group: MergeGroup,
  wishes: MergeWishes,
  { client, recorder }: PublishContext,
): Promise<PlannedMerge> {
  return recorder.task(readTaskId(group), async task => {
    const parts = await Promise.all(
      group.sources.map(async reference => {
        const named = registrySource(client, reference)
        const root = await named.root()
        const { registry, repository } = reference
        // A tag may move meanwhile.
        const from = { registry, repository, digest: root.digest }
        const source = registrySource(client, from)
        return { ...(await readPart(source, root)), source, from, name: formatReference(reference) }
      }),
    )
    const index = mergeIndex(parts, wishes)
    task.detail(index.platforms.map(({ platform }) => platform).join(', '))
    for (const text of index.remarks) recorder.note('warning', text)
    return { group, parts, index }
  })
}

/**
 * Pushes merged indexes by digest with whatever their repositories lack, reads every one back, and moves all tags last.
 * @throws {Failure} registry or verification; then no tag has moved, but where the registry took some and refused another.
 */
export async function runMerges(
  planned: readonly PlannedMerge[],
  { platforms }: MergeWishes,
  context: PublishContext,
): Promise<PublishedImage[]> {
  const reports: VerifyReport[] = []
  for (const merge of planned) {
    await context.recorder.task(pushTaskId(merge.group), async task => {
      for (const [name, [target]] of byRepository(merge.group.tags)) {
        await pushMerged(merge, target as Reference, { ...context, onProgress: task.progress })
        task.progress(`reading ${name} back`)
        const report = await verifyPushed(target as Reference, merge.index.digest, platforms, context)
        task.detail(describeChecked(report))
        reports[planned.indexOf(merge)] = report
      }
    })
  }
  for (const { group, index } of planned) await moveTags(group.tags, index, context)
  return planned.map(({ group }, number) => publishedImage(group.tags, reports[number] as VerifyReport))
}

/** The id of reading a group in the list that a run shows. */
export const readTaskId = ({ tags }: MergeGroup) => `merge:${tags[0]}`
/** The id of pushing it. */
export const pushTaskId = ({ tags }: MergeGroup) => `push:${tags[0]}`

/** Copies what the index names from where it is, then puts the index itself, by digest. */
async function pushMerged(
  { parts, index }: PlannedMerge,
  { registry, repository }: Reference,
  context: PublishContext & { readonly onProgress: (detail: string) => void },
): Promise<void> {
  const { client, onProgress } = context
  for (const { source, entries } of parts) {
    for (const entry of entries as readonly Descriptor[]) {
      await copyImage(source, entry, { registry, repository }, { client, onProgress })
    }
  }
  await client.putManifest({ registry, repository }, index)
}
