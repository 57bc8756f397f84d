import { buildFlags } from '../config/flags.ts'
import { registryHosts } from '../config/image-options.ts'
import { registryTimeout } from '../config/options.ts'
import { interruptSignal } from '../interrupt.ts'
import { parsePlatforms } from '../platforms.ts'
import { describeVerification } from '../ui/verify-text.ts'
import { cleanText, printJson } from '../util/printable.ts'
import { defineCommand } from './command.ts'

/**
 * `xbuild verify IMAGE`: checks any image, however it was made. The image is a reference, an OCI layout folder, an archive, or
 * `oci:PATH[:NAME]`.
 */
export const verifyCommand = defineCommand({
  usage: 'verify <image>',
  describe: 'Check any image: its platforms, digests, layers, and the binary of each platform',
  examples: [
    ['verify registry.example.com/app:1.0', 'an image of a registry'],
    [
      'verify dist/app.oci.tar --platform linux/amd64,linux/arm64',
      'an archive, which must have these platforms and no others',
    ],
  ],
  positionals: {
    image: {
      type: 'string',
      demandOption: true,
      describe: 'Reference, OCI layout, archive or oci:PATH[:NAME]',
    },
  },
  flags: {
    platform: {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'Fail unless the image has exactly these platforms, comma-separated',
    },
    'insecure-registry': buildFlags['insecure-registry'],
    'registry-timeout': buildFlags['registry-timeout'],
    json: { type: 'boolean', describe: 'Print the report as JSON on stdout' },
  },
  run: async argv => {
    const platforms = argv.platform && parsePlatforms(argv.platform)
    const { openImage } = await import('../image/read/source.ts')
    const { verificationFailure, verifyImage } = await import('../image/verify/verify.ts')
    const insecure = registryHosts(argv.insecureRegistry ?? [])
    const source = await openImage(argv.image, {
      signal: interruptSignal,
      insecure,
      timeout: registryTimeout(argv.registryTimeout).registryTimeout,
      onWait: text => process.stderr.write(`${text}\n`),
    })
    try {
      const report = await verifyImage(source, platforms && { platforms })
      // With --json, the failure prints the report.
      if (!argv.json) process.stdout.write(`${cleanText(describeVerification(report))}\n`)
      if (!report.ok) throw verificationFailure(report)
      if (argv.json) process.stdout.write(`${printJson(report)}\n`)
    } finally {
      await source.close()
    }
  },
})
