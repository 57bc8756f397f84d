import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Options } from '../config/options.ts'
import { Failure } from '../errors.ts'
import type { ImagePlan } from '../plan.ts'
import { bindCommand } from '../process.ts'
import type { ReportedImage } from '../report.ts'
import type { Command } from '../types.ts'
import type { BuilderFacts } from './builder.ts'
import { type BuildxResult, buildxCommand, buildxFiles, runBuildx } from './buildx.ts'
import { type Destination, describeDestination } from './destination.ts'
import { dockerfileRemarks, renderDockerfile } from './dockerfile.ts'
import { hostFile, imageFolder, imageTaskId, type MakeContext } from './make.ts'
import type { Descriptor } from './manifest.ts'
import { placeArchive, placeLayout } from './place-output.ts'
import { stageContext } from './stage.ts'

/** The command that makes an image with docker buildx, as `plan` prints it. Pure. */
export function imageCommand(
  { spec, destinations }: Pick<ImagePlan, 'spec' | 'destinations'>,
  { name }: BuilderFacts,
  { buildx, dir }: Options,
): Command {
  return buildxCommand(spec, {
    folder: `{work}/images/${spec.name}`,
    destinations,
    // Named, so that the builder which was checked is the one that builds.
    options: { ...buildx, builder: name },
    cwd: dir,
  })
}

/**
 * Makes an image with docker buildx: stages the context, writes the Dockerfile, runs the command of the plan, and gives
 * outputs their names once all is well.
 * @throws {Failure} image or registry, explained.
 */
export async function makeWithBuildx(
  image: ImagePlan,
  builder: BuilderFacts,
  context: MakeContext,
): Promise<ReportedImage> {
  const { spec, options, destinations } = image
  const { recorder, signal, work } = context
  const folder = await imageFolder(image, context)
  const files = buildxFiles(folder)
  const file = hostFile(context)
  const dockerfile = renderDockerfile(spec, { template: options.template, pinnedDigest: spec.base.digest })
  if (options.template !== undefined) {
    for (const text of dockerfileRemarks(dockerfile)) recorder.emit({ type: 'note', level: 'warning', text })
  }
  await stageContext(spec, {
    dir: files.context,
    root: context.options.dir,
    file: (one, platform) => file(one, platform).path,
  })
  await writeFile(files.dockerfile, dockerfile)
  const command = imageCommand(image, builder, context.options)
  recorder.commands.push({ title: `Make the image ${spec.name}`, ...command })
  const result = await runBuildx(bindCommand(command, work), {
    signal,
    logFile: join(context.logs, `buildx-${spec.name}.log`),
    onProgress: detail => recorder.emit({ type: 'progress', id: imageTaskId(image), detail }),
  })
  for (const [index, destination] of destinations.entries()) {
    await placeOutput(files.output(index), destination, result, spec.tags)
  }
  const { metadataFile } = context.options.buildx
  if (metadataFile !== undefined) await placeArchive(files.metadata, metadataFile)
  return {
    name: spec.name,
    backend: 'buildx',
    base: spec.base,
    tags: spec.tags,
    destinations: destinations.flatMap(describeDestination),
    digest: result.digest ?? '',
    platforms: [],
  }
}

async function placeOutput(
  from: string,
  destination: Destination,
  { digest, metadata }: BuildxResult,
  tags: readonly string[],
): Promise<void> {
  if (destination.type === 'archive' || destination.type === 'docker-archive') {
    await placeArchive(from, destination.path)
  }
  if (destination.type !== 'layout') return
  const descriptor = metadata['containerimage.descriptor'] as Descriptor | undefined
  if (descriptor?.digest === digest && descriptor !== undefined) {
    return placeLayout(from, destination.path, descriptor, tags)
  }
  throw new Failure({
    kind: 'image',
    what: 'docker buildx does not say which image it wrote',
    where: destination.path,
    why: 'its metadata has no containerimage.descriptor',
    fix: '-o image.oci.tar, which needs none, or update docker-buildx-plugin',
  })
}
