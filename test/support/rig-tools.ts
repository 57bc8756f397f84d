import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { temporaryFolder } from './projects.ts'
import { rigEnvironment, rigValue } from './rig.ts'

/** What the rig's crane prints, trimmed. */
export function crane(...args: string[]): string {
  return execFileSync(rigValue('XBUILD_RIG_CRANE'), args, { encoding: 'utf8', maxBuffer: 1 << 28 }).trim()
}

/** What the rig's docker prints on stdout, trimmed. */
export function docker(...args: string[]): string {
  const env = { ...process.env, ...rigEnvironment() }
  return execFileSync(rigValue('XBUILD_RIG_DOCKER'), args, { encoding: 'utf8', stdio: 'pipe', env }).trim()
}

/** A repository of the rig's registry that only this process uses. */
export function repository(name: string): string {
  return `${rigValue('XBUILD_RIG_REGISTRY')}/e2e-${process.pid}/${name}`
}

/** The digest of each platform's manifest under a tag, as crane reads it. */
export function platformManifests(tag: string): Record<string, string> {
  const { manifests } = JSON.parse(crane('manifest', tag)) as {
    manifests?: { digest: string; platform: CranePlatform }[]
  }
  // buildx writes no index around the image of one platform.
  if (!manifests) return { [platformId(JSON.parse(crane('config', tag)))]: crane('digest', tag).trim() }
  const named = manifests.map(({ digest, platform }) => [platformId(platform), digest])
  return Object.fromEntries(named.filter(([id]) => id !== 'unknown/unknown'))
}

interface CranePlatform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
}

const platformId = ({ os, architecture, variant }: CranePlatform) =>
  [os, architecture, variant].filter(Boolean).join('/')

/** The sha256 of a file at the root of an image, as the registry serves it. */
export async function pulledFile(tag: string, platform: string, name: string): Promise<string> {
  const tar = join(await temporaryFolder(), 'image.tar')
  crane('export', `--platform=${platform}`, tag, tar)
  const sum = execFileSync('sh', ['-c', 'tar -xOf "$1" "$2" | sha256sum', 'sh', tar, name], {
    encoding: 'utf8',
  })
  return sum.split(' ')[0] as string
}

/**
 * What a server answers that says `listening on …PORT` once it does. It must take a port that is free: containers share
 * the host's network, because not every kernel has a bridge to publish a port on.
 */
export async function askServer(tag: string, platform: string, options: string[] = []): Promise<string> {
  const container = docker('run', '--detach', '--network=host', `--platform=${platform}`, ...options, tag)
  try {
    for (let tries = 0; tries < 150; tries++) {
      const port = /listening on .*?(\d+)\s*$/m.exec(both('logs', container))?.[1]
      if (port) return await (await fetch(`http://127.0.0.1:${port}/`)).text()
      await sleep(200)
    }
    throw new Error(`the server did not start: ${both('logs', container)}`)
  } finally {
    docker('rm', '--force', container)
  }
}

/** What a program in an image prints on both streams. */
export function runImage(tag: string, platform: string, ...args: string[]): string {
  return both('run', '--rm', '--network=none', `--platform=${platform}`, tag, ...args)
}

/** Both streams of a docker command. */
function both(...args: string[]): string {
  const env = { ...process.env, ...rigEnvironment() }
  const words = ['-c', '"$0" "$@" 2>&1', rigValue('XBUILD_RIG_DOCKER'), ...args]
  return execFileSync('sh', words, { encoding: 'utf8', env })
}
