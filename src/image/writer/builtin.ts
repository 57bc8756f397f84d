import type { LayerEntry } from '../tar-stream.ts'
import { rootCertificates } from './root-certificates.ts'

const root = { uid: 0, gid: 0 }
const nonroot = { uid: 65532, gid: 65532 }

/**
 * The entries of the base `builtin`: what a static binary expects around it, with the names and ids that distroless
 * uses. Certificates are Mozilla's.
 * There are no time zones (embed them: Go's `time/tzdata`), no shell, no libc and no os-release.
 */
export function builtinEntries(): LayerEntry[] {
  const directory = (name: string, mode = 0o755, owner = root): LayerEntry => ({
    name,
    type: 'directory',
    mode,
    ...owner,
    mtime: 0,
  })
  const file = (name: string, text: string): LayerEntry => ({
    name,
    type: 'file',
    mode: 0o644,
    ...root,
    mtime: 0,
    content: Buffer.from(text),
  })
  return [
    directory('etc/'),
    file('etc/group', 'root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n'),
    file('etc/nsswitch.conf', 'hosts: files dns\n'),
    file(
      'etc/passwd',
      'root:x:0:0:root:/root:/sbin/nologin\n' +
        'nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n' +
        'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n',
    ),
    directory('etc/ssl/'),
    directory('etc/ssl/certs/'),
    file('etc/ssl/certs/ca-certificates.crt', rootCertificates()),
    directory('home/'),
    directory('home/nonroot/', 0o700, nonroot),
    directory('root/', 0o700),
    directory('tmp/', 0o1777),
  ]
}

/** The config that images on `builtin` start from, as distroless sets it on its nonroot images. */
export const builtinConfig = {
  Env: [
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt',
  ],
  User: '65532',
  WorkingDir: '/home/nonroot',
} as const
