import { Failure } from '../../errors.ts'
import { formatReference, type Reference } from '../../oci/reference.ts'
import { run } from '../../process.ts'
import type { Command } from '../../types.ts'
import type { VerifyReport } from '../verify/report.ts'
import { verificationFailure, verifyImage } from '../verify/verify.ts'
import { type PlannedMerge, pushTaskId } from './merge.ts'
import type { MergeWishes } from './merge-index.ts'
import {
  byRepository,
  describeChecked,
  type PublishContext,
  type PublishedImage,
  publishedImage,
  verifyPushed,
} from './publish.ts'

/** How docker buildx is called. */
export interface ImagetoolsOptions {
  readonly builder?: string | undefined
  readonly cwd: string
}

/** The command that merges a group with `docker buildx imagetools`. Pure. */
export function imagetoolsCommand(
  { group, parts }: Pick<PlannedMerge, 'group' | 'parts'>,
  annotations: readonly string[],
  { builder, cwd }: ImagetoolsOptions,
): Command {
  return {
    tool: 'docker',
    args: [
      'buildx',
      'imagetools',
      'create',
      ...(builder === undefined ? [] : ['--builder', builder]),
      ...group.tags.flatMap(tag => ['--tag', tag]),
      ...annotations.flatMap(text => ['--annotation', text]),
      ...parts.map(({ from }) => formatReference(from)),
    ],
    cwd,
  }
}

/**
 * Merges with `docker buildx imagetools create`, which moves the tags itself: so every part is verified before, and the
 * merged image after.
 * @throws {Failure} verification, registry; image, when docker fails; tool, when there is none.
 */
export async function runImagetools(
  planned: readonly PlannedMerge[],
  { platforms, annotations }: MergeWishes,
  options: ImagetoolsOptions,
  context: PublishContext,
): Promise<PublishedImage[]> {
  const { client, recorder, signal } = context
  for (const { parts } of planned) {
    for (const { source } of parts) {
      const report = await verifyImage(source)
      if (!report.ok) throw verificationFailure(report)
    }
  }
  const images: PublishedImage[] = []
  for (const merge of planned) {
    await recorder.task(pushTaskId(merge.group), async task => {
      const command = imagetoolsCommand(merge, annotations, options)
      const { ok, stderr } = await run(command, { signal, onStderr: task.progress })
      if (!ok) throw imagetoolsFailed(merge, stderr)
      const reports: VerifyReport[] = []
      for (const [name, [target]] of byRepository(merge.group.tags)) {
        task.progress(`reading ${name} back`)
        const digest = (await client.headManifest(target as Reference))?.digest
        if (digest === undefined) throw imagetoolsFailed(merge, `${name} has no such tag afterwards`)
        reports.push(await verifyPushed(target as Reference, digest, platforms, context))
      }
      const [report] = reports as [VerifyReport]
      task.detail(describeChecked(report))
      images.push(publishedImage(merge.group.tags, report))
    })
  }
  return images
}

function imagetoolsFailed({ group }: PlannedMerge, said: string): Failure {
  const lines = said.trim().split('\n')
  return new Failure({
    kind: 'image',
    what: 'docker buildx imagetools create failed',
    where: group.tags.join(', '),
    why: lines.findLast(line => line.startsWith('ERROR')) ?? lines.at(-1),
    fix: 'leave --backend buildx out: xbuild then merges by itself',
  })
}
