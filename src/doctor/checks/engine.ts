import { Failure } from '../../errors.ts'
import type { Check } from '../check.ts'
import { fromFailure, notApplicable, ok, warning } from '../outcome.ts'

export const engine: Check = {
  id: 'engine',
  title: 'Docker engine',
  question: 'Does the engine answer that DOCKER_HOST or docker’s context names?',
  findings:
    'A warning where it does not, where DOCKER_HOST hides a chosen context, or where it is reached over TCP without TLS; a problem where it hangs.',
  run: async around => {
    const { options, env } = around
    if (!(options instanceof Failure) && options.backend === 'oci')
      return notApplicable('with the backend oci, no engine is used')
    const facts = await around.engine()
    const host = env['DOCKER_HOST']
    const place = host ? `DOCKER_HOST=${host}` : undefined
    if (facts instanceof Failure) {
      const hangs = facts.why?.startsWith('no answer') === true
      const found = fromFailure(facts, hangs ? 'problem' : 'warning')
      return { ...found, details: [...(found.details ?? []), ...(place ? [place] : [])] }
    }
    const described = `engine ${facts.version}, ${place ?? `context ${facts.context}`}, ${
      facts.containerdStore ? 'containerd’s image store' : 'the classic image store'
    }`
    const context = env['DOCKER_CONTEXT']
    if (host && context)
      return warning({
        why: `DOCKER_CONTEXT=${context} has no effect, because DOCKER_HOST is set`,
        details: [described],
        fix: 'unset DOCKER_HOST',
      })
    if (
      host?.startsWith('tcp://') &&
      !env['DOCKER_TLS_VERIFY'] &&
      !/\/\/(?:127\.|localhost|\[::1\])/.test(host)
    )
      return warning({
        why: `${host} is reached without TLS: whoever is between may run anything on it`,
        details: [described],
        fix: `export DOCKER_HOST=ssh://USER@${host.replace(/^tcp:\/\/|:\d*$/g, '') || 'HOST'}`,
      })
    return ok(described)
  },
}
