// Makes the image of xbuild itself with the in-process backend. It is bundled before it runs: src/ is TypeScript.
import { openImage } from '../../src/image/read/source.ts'
import { verificationFailure, verifyImage } from '../../src/image/verify/verify.ts'
import { buildOciImage } from '../../src/image/writer/write-image.ts'
import { parsePlatforms } from '../../src/platforms.ts'

/** What the image is made of. */
interface ImageOrder {
  /** Of the archive that is written. */
  readonly path: string
  readonly version: string
  readonly commit: string
  readonly base: string
  /** Paths by platform. */
  readonly executables: Readonly<Record<string, string>>
  /** Paths by name. */
  readonly licenses: Readonly<Record<string, string>>
}

/**
 * The executable is /xbuild, to be copied into an image with a toolchain, or run on its own for what needs none.
 * @returns the digest of its index
 */
export async function makeImage(order: ImageOrder): Promise<string> {
  const { path, version, commit, base, executables, licenses } = order
  const platforms = parsePlatforms(Object.keys(executables))
  const labels = {
    'org.opencontainers.image.title': 'xbuild',
    'org.opencontainers.image.version': version,
    'org.opencontainers.image.licenses': 'MIT',
    ...(commit && { 'org.opencontainers.image.revision': commit }),
  }
  const documents = Object.entries(licenses).map(([name, file]) => ({
    target: `/usr/share/doc/xbuild/${name}`,
    source: { artifact: file },
    mode: 0o644,
  }))
  const image = await buildOciImage(
    {
      name: 'xbuild',
      platforms,
      base: { reference: base, family: 'cc', predicted: false, reason: 'Node.js needs libstdc++' },
      config: { entrypoint: ['/xbuild'], cmd: [], env: {}, ports: [], labels },
      files: [{ target: '/xbuild', source: { artifact: 'xbuild' }, mode: 0o755 }, ...documents],
      annotations: [],
      epoch: 0,
      tags: [`xbuild:${version}`],
    },
    {
      file: ({ source }, { id }) => {
        const name = 'artifact' in source ? source.artifact : ''
        return { path: (name === 'xbuild' && executables[id]) || name }
      },
      root: '/',
      outputs: [{ type: 'archive', path }],
      compression: 'gzip',
      onRemark: text => console.error(text),
    },
  )
  const source = await openImage(path)
  try {
    const report = await verifyImage(source, { platforms })
    if (!report.ok) throw verificationFailure(report)
  } finally {
    await source.close()
  }
  return image.indexDigest
}
