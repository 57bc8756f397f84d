import { openImage } from '../../image/read/source.ts'
import type { VerifyReport } from '../../image/verify/report.ts'
import { verifyImage } from '../../image/verify/verify.ts'
import { findPlatform } from '../../platforms.ts'
import { quoteWord } from '../../util/quote-word.ts'
import type { Check } from '../check.ts'
import { notApplicable, ok, problem } from '../outcome.ts'

export const image: Check = {
  id: 'image',
  title: 'Image',
  question: 'Does the image of --image hold every wanted platform, whole, each with a binary of its own?',
  findings:
    'As `xbuild verify` does it: a problem for a missing platform, a missing child, a wrong digest, a binary of another platform, or one binary under two platforms.',
  // It reads every layer. A registry that says nothing is given up after seconds.
  limit: 300,
  run: async ({ image: text, platforms, registries }) => {
    if (text === undefined) return notApplicable('--image REF looks at a pushed image')
    const source = await openImage(text, registries)
    try {
      const report = await verifyImage(source, {})
      const held = report.platforms.map(({ platform }) => platform)
      const missing = platforms.filter(({ id }) => !held.includes(id)).map(({ id }) => `${id} is missing`)
      const lines = [
        ...missing,
        ...report.problems,
        ...report.platforms.flatMap(({ platform, problems }) => problems.map(one => `${platform}: ${one}`)),
        ...sameBinaries(report),
      ]
      const remarks = report.platforms.flatMap(({ platform, remarks }) =>
        remarks.map(one => `${platform}: ${one}`),
      )
      const [first, ...more] = lines
      const fix = `xbuild verify ${quoteWord(text)}`
      if (first !== undefined) return problem({ why: `${text}: ${first}`, details: more, fix })
      return ok(`${report.reference}: ${held.join(', ')}`, [
        report.indexDigest,
        ...report.remarks,
        ...remarks,
      ])
    } finally {
      await source.close()
    }
  },
}

/** Platforms of different processors that have one and the same program. */
function sameBinaries({ platforms }: VerifyReport): string[] {
  const seen = new Map<string, string>()
  return platforms.flatMap(({ platform, entrypoint }) => {
    const [os = '', arch = '', variant] = platform.split('/')
    if (!entrypoint?.elf || !findPlatform(os, arch, variant)) return []
    const before = seen.get(entrypoint.sha256)
    if (before === undefined) seen.set(entrypoint.sha256, platform)
    return before === undefined || before.split('/')[1] === arch
      ? []
      : [`${platform} has the binary of ${before}: ${entrypoint.path}`]
  })
}
