import type { Check } from './check.ts'
import { actions } from './checks/actions.ts'
import { baseImages } from './checks/base-images.ts'
import { builder } from './checks/builder.ts'
import { clock } from './checks/clock.ts'
import { configuration } from './checks/configuration.ts'
import { credentials } from './checks/credentials.ts'
import { cache, disk } from './checks/disk.ts'
import { dockerfile } from './checks/dockerfile.ts'
import { emulation } from './checks/emulation.ts'
import { engine } from './checks/engine.ts'
import { image } from './checks/image.ts'
import { network } from './checks/network.ts'
import { node } from './checks/node.ts'
import { nodes } from './checks/nodes.ts'
import { push } from './checks/push.ts'
import { remoteCache } from './checks/remote-cache.ts'
import { targets } from './checks/targets.ts'
import { toolchain } from './checks/toolchain.ts'

/** Everything that doctor looks at, in the order in which it is shown. Adding a check is a record in checks/ and a line here. */
export const checks: readonly Check[] = [
  configuration,
  toolchain,
  targets,
  builder,
  nodes,
  engine,
  emulation,
  dockerfile,
  baseImages,
  push,
  credentials,
  remoteCache,
  image,
  network,
  disk,
  cache,
  clock,
  node,
  actions,
]
