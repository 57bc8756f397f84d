import { execFileSync } from 'node:child_process'
import { type MortalNode, startMortalNode } from './mortal-node.ts'
import { temporaryFolder } from './projects.ts'
import { rig, rigEnvironment } from './rig.ts'

/** Addresses of the rig's BuildKit daemons; empty where it has none. */
export const [firstNode = '', secondNode = ''] = (rig['XBUILD_RIG_REMOTE_BUILDKIT'] ?? '').split(' ')

/** Builders of buildx on the rig's daemons: `one` is the first, `two` has amd64 there and arm64 on the second. */
export interface TwoNodes {
  /** For a call of xbuild, so that buildx knows them. */
  readonly env: Record<string, string>
  /** The second node of `two`. */
  readonly node: MortalNode
}

/** Makes them, in a configuration of their own. */
export async function startTwoNodes(): Promise<TwoNodes> {
  const env = { ...rigEnvironment(), BUILDX_CONFIG: await temporaryFolder(), BUILDX_BUILDER: '' }
  const node = await startMortalNode(secondNode.replace('unix://', ''))
  const create = (...args: string[]) =>
    execFileSync('docker', ['buildx', 'create', '--driver', 'remote', ...args], {
      stdio: 'pipe',
      env: { ...process.env, ...env },
    })
  create('--name', 'one', firstNode)
  create('--name', 'two', '--platform', 'linux/amd64', firstNode)
  create('--name', 'two', '--append', '--platform', 'linux/arm64', node.endpoint)
  return { env, node }
}
