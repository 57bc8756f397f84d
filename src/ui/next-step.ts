import { engineName } from '../image/destination.ts'
import type { ReportedImage } from '../image/make-context.ts'
import { hostArch } from '../util/host-arch.ts'
import { shortPath } from '../util/paths.ts'
import { quoteWord } from '../util/quote-word.ts'

/** What a build made, as far as the next command asks. */
interface Built {
  readonly images: readonly Pick<ReportedImage, 'tags' | 'destinations'>[]
  readonly platforms: readonly string[]
}

/** What was asked for. */
interface Asked {
  /** Of the first image, such as "8080/tcp". */
  readonly ports: readonly string[]
  /** The folder of the project. */
  readonly dir: string
}

/**
 * The command that is likely to come next: running the first image where the engine has it for this machine, else having
 * the engine take it where it is only an archive (the classic image store loads no OCI archive, so docker load may fail).
 * After a push there is none to guess.
 */
export function nextStep({ images: [image], platforms }: Built, { ports, dir }: Asked): string | undefined {
  if (!image) return undefined
  const { tags, destinations } = image
  if (destinations.includes(engineName)) {
    const runsHere = platforms.some(id => id.split('/')[1] === hostArch())
    return runsHere && tags[0] ? ['docker run --rm', ...ports.map(publish), tags[0]].join(' ') : undefined
  }
  if (!destinations[0]?.endsWith('.oci.tar')) return undefined
  return ['xbuild', ...(dir === process.cwd() ? [] : [quoteWord(shortPath(dir))]), '--load'].join(' ')
}

/** `-p 8080:8080`, `-p 53:53/udp`. A range is published as one. */
function publish(port: string): string {
  const [number = '', protocol] = port.split('/')
  return `-p ${number}:${number}${protocol && protocol !== 'tcp' ? `/${protocol}` : ''}`
}
