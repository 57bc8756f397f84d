import { Failure } from '../errors.ts'
import { defineCommand } from './command.ts'
import { platformsOf, publishFlags, showPublished, tagsOf, withPublishing } from './publishing.ts'

/** `xbuild push ARCHIVE --tag …`: pushes the very bytes of an image that was tested. */
export const pushCommand = defineCommand({
  usage: 'push <image>',
  describe: 'Push the very bytes of an OCI archive or layout, verified before and after',
  positionals: {
    image: {
      type: 'string',
      demandOption: true,
      describe: 'OCI archive, OCI layout, oci:PATH[:NAME], or an image of another registry',
    },
  },
  flags: publishFlags,
  run: async argv => {
    const tags = tagsOf(argv)
    if (tags.length === 0) {
      throw new Failure({
        kind: 'usage',
        what: 'xbuild push needs a tag',
        why: 'a registry knows an image by its reference',
        fix: `xbuild push ${argv.image} --tag registry.example.com/app:1.0`,
      })
    }
    const platforms = platformsOf(argv)
    const { openImage } = await import('../image/read/source.ts')
    const { pushTasks, pushVerified } = await import('../image/publish/push.ts')
    const image = await withPublishing(argv, async context => {
      context.recorder.emit({ type: 'plan', tasks: pushTasks })
      const source = await openImage(argv.image, context.client)
      try {
        return await pushVerified({ source, tags, platforms }, context)
      } finally {
        await source.close()
      }
    })
    showPublished([image], argv)
  },
})
