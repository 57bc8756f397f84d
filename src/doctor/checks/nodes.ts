import { Failure } from '../../errors.ts'
import type { BuilderNode } from '../../image/buildx/nodes.ts'
import type { Platform } from '../../platforms.ts'
import { count } from '../../util/format.ts'
import type { Check } from '../check.ts'
import { notApplicable, ok, warning } from '../outcome.ts'

export const nodes: Check = {
  id: 'nodes',
  title: 'Nodes',
  question: 'Does every node of the builder run, and which one builds which platform, natively or emulated?',
  findings: `A warning for a node that does not answer. xbuild’s own images have no RUN, so any node makes them for any platform; a
Dockerfile with RUN is emulated where no node is native.`,
  run: async around => {
    const { options, platforms } = around
    if (!(options instanceof Failure) && options.backend === 'oci')
      return notApplicable('with the backend oci, no builder is used')
    const found = await around.nodes()
    if (found.length === 0) return notApplicable('there is no builder to ask')
    const dead = found.filter(
      ({ status, error }) => error !== undefined || /^(?:error|unknown)$/.test(status),
    )
    const isKnown = found.some(node => node.platforms.length > 0)
    const details = isKnown
      ? platforms.map(platform => describe(platform, found))
      : ['what it builds is known once it runs; the first build starts it']
    if (dead.length > 0) {
      const [first] = dead
      return warning({
        why: `${dead.map(({ name }) => name).join(', ')} does not answer${first?.error ? `: ${first.error}` : ''}`,
        details,
        fix: 'docker buildx inspect --bootstrap',
      })
    }
    return ok(count(found.length, 'node'), details)
  },
}

/** Which node is given a platform: buildx takes the first that was created for it, else the first that lists it. */
function describe(platform: Platform, found: readonly BuilderNode[]): string {
  const ids = [platform.id, ...(platform.baseline ? [platform.baseline] : [])]
  const lists = (list: readonly string[]) => ids.some(id => list.includes(id))
  const asked = found.find(node => lists(node.asked))
  const native = found.find(({ native }) => native !== undefined && archOf(native) === platform.arch)
  const node = asked ?? native ?? found.find(node => lists(node.platforms))
  if (!node) return `${platform.id}: no node runs it; images without RUN are made all the same`
  const isNative = node.native !== undefined && archOf(node.native) === platform.arch
  const how = node === asked && !isNative ? 'which was created for it' : isNative ? 'natively' : 'emulated'
  return `${platform.id}: ${node.name} (${node.endpoint}), ${how}`
}

const archOf = (id: string) => id.split('/')[1]
