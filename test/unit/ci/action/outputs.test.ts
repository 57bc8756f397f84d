import { expect, test } from 'vitest'
import { actionOutputs } from '../../../../src/ci/action/outputs.ts'
import { describeDestination } from '../../../../src/image/destination.ts'

const digest = `sha256:${'0'.repeat(64)}`
const tags = ['ghcr.io/a/b:1', 'ghcr.io/a/b:2', 'localhost:5000/b']
const all = `ghcr.io/a/b@${digest}\nlocalhost:5000/b@${digest}`

const refsOf = (destinations: readonly string[], of: object = {}) =>
  actionOutputs({ images: [{ name: 'b', tags, destinations, digest, platforms: [], ...of }] } as never, '')[
    'refs'
  ]

test.each([
  ['a push', tags, all],
  ['a push and an archive', [...tags, '/dist/b.oci.tar'], all],
  ['a push by digest', describeDestination({ type: 'push', references: tags, byDigest: true }), all],
  ['a push of buildx', ['type=registry'], all],
  ['an image that buildx pushes', ['type=image,push=true'], all],
  ['a push to one of them', ['localhost:5000/b'], `localhost:5000/b@${digest}`],
  ['an archive', ['/dist/app.oci.tar'], ''],
  ['the engine', ['the Docker engine'], ''],
  ['an image that buildx keeps', ['type=image,push=false'], ''],
])('refs of %s', (_, destinations, refs) => expect(refsOf(destinations)).toBe(refs))

test('what has no digest has no refs', () => expect(refsOf(tags, { digest: undefined })).toBe(''))
