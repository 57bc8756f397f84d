import { buildFlags } from '../config/flags.ts'
import { splitPairs } from '../config/image-options.ts'
import { Failure } from '../errors.ts'
import { describeCommand } from '../ui/plan-text.ts'
import { defineCommand } from './command.ts'
import { platformsOf, publishFlags, showPublished, tagsOf, withPublishing } from './publishing.ts'

/** `xbuild merge FILE…`: joins what `xbuild build --push-by-digest` pushed in several jobs into one image. */
export const mergeCommand = defineCommand({
  usage: 'merge <image..>',
  describe: 'Join the platforms that several jobs pushed by digest into one image, verify it, move its tags',
  positionals: {
    image: {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'Files or folders of --digest-file, references or digests',
    },
  },
  flags: {
    ...publishFlags,
    tag: { ...publishFlags.tag, describe: 'Name and tag of the image (those that the files name)' },
    annotation: { ...buildFlags.annotation, describe: 'Annotation of the index, key=value' },
    backend: {
      choices: ['oci', 'buildx'] as const,
      describe: 'What merges: xbuild itself (oci), or docker buildx imagetools create (oci)',
    },
    builder: buildFlags.builder,
    'dry-run': {
      type: 'boolean',
      describe: 'Print the index, or the command of buildx, and do nothing else',
    },
  },
  run: async argv => {
    checkBuilderFlag(argv)
    const { readMergeInputs } = await import('../image/publish/merge-inputs.ts')
    const { planMerge, pushTaskId, readTaskId, runMerges } = await import('../image/publish/merge.ts')
    const { imagetoolsCommand, runImagetools } = await import('../image/publish/imagetools.ts')
    const wishes = {
      platforms: platformsOf(argv),
      annotations: (argv.annotation ?? []).flatMap(splitPairs),
    }
    const groups = await readMergeInputs(argv.image as readonly string[], tagsOf(argv))
    const buildx = { builder: argv.builder, cwd: process.cwd() }
    const usesBuildx = argv.backend === 'buildx'
    const images = await withPublishing(argv, async context => {
      const tasks = groups.flatMap(group => [
        { id: readTaskId(group), title: `Read the parts of ${group.tags[0]}` },
        ...(argv.dryRun ? [] : [{ id: pushTaskId(group), title: `Push and verify ${group.tags[0]}` }]),
      ])
      context.recorder.emit({ type: 'plan', tasks })
      const planned = []
      // One after the other, so that the first one that is wrong is the one that is named.
      for (const group of groups) planned.push(await planMerge(group, wishes, context))
      if (argv.dryRun) {
        for (const merge of planned) {
          const command = usesBuildx && imagetoolsCommand(merge, wishes.annotations, buildx)
          process.stdout.write(`${command ? describeCommand(command) : merge.index.bytes.toString()}\n`)
        }
        return undefined
      }
      return usesBuildx
        ? runImagetools(planned, wishes, buildx, context)
        : runMerges(planned, wishes, context)
    })
    if (images) showPublished(images, argv)
  },
})

/** @throws {Failure} usage, for a builder that nothing would use. */
function checkBuilderFlag({
  builder,
  backend,
}: {
  builder?: string | undefined
  backend?: string | undefined
}) {
  if (builder === undefined || backend === 'buildx') return
  throw new Failure({
    kind: 'usage',
    what: '--builder has no effect on a merge by xbuild itself',
    why: 'only docker buildx imagetools uses a builder',
    fix: '--backend buildx, or leave --builder out',
  })
}
