import type { CommandModule } from 'yargs'
import { buildFlags } from '../config/flags.ts'
import { registryHosts } from '../config/image-options.ts'
import { interruptSignal } from '../interrupt.ts'
import { parsePlatforms } from '../platforms.ts'
import { describeVerification } from '../ui/verify-text.ts'

/**
 * `xbuild verify IMAGE`: checks any image, whoever made it. The image is a reference, an OCI layout folder, an archive, or
 * `oci:PATH[:NAME]`.
 */
export const verifyCommand: CommandModule = {
  command: 'verify <image>',
  describe:
    'Check an image in a registry, an OCI layout or an archive: platforms, digests, layers, and the program of each platform',
  builder: {
    platform: {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'The platforms that it must have, no more and no fewer, comma-separated',
    },
    'insecure-registry': buildFlags['insecure-registry'],
    json: { type: 'boolean', describe: 'Print the findings as JSON on stdout' },
  },
  handler: async argv => {
    const given = argv['platform'] as string[] | undefined
    const platforms = given && parsePlatforms(given)
    const { openImage } = await import('../image/read/source.ts')
    const { verificationFailure, verifyImage } = await import('../image/verify/verify.ts')
    const insecure = registryHosts((argv['insecureRegistry'] as string[] | undefined) ?? [])
    const source = await openImage(argv['image'] as string, { signal: interruptSignal, insecure })
    try {
      const report = await verifyImage(source, platforms && { platforms })
      // With --json, what is wrong is printed with the failure.
      if (!argv['json']) process.stdout.write(`${describeVerification(report)}\n`)
      if (!report.ok) throw verificationFailure(report)
      if (argv['json']) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`)
    } finally {
      await source.close()
    }
  },
}
