import { Failure, isFailure } from '../../errors.ts'
import { serverTime } from '../../registry/server-time.ts'
import { describeSeconds } from '../../util/format.ts'
import type { Check } from '../check.ts'
import { notApplicable, type Outcome, ok, problem, warning } from '../outcome.ts'
import type { Surroundings } from '../surroundings.ts'
import { wantedRegistries } from './credentials.ts'

/** Seconds: a registry’s token is refused, or the times of two machines in one log do not compare. */
const broken = 300
const odd = 30

/** This version of xbuild is no older. */
const floor = Date.UTC(2026, 10, 1)

export const clock: Check = {
  id: 'clock',
  title: 'Clock',
  question: 'Is this machine’s clock right, and that of the Docker engine?',
  findings:
    'Compared with the time that a registry states and with the engine’s. A problem from five minutes on, when TLS and tokens fail; a warning from 30 seconds on.',
  run: async around => {
    const { machine } = around
    if (machine.now() < floor)
      return problem({
        why: `it is ${new Date(machine.now()).toISOString()} here, before this xbuild was made`,
        fix: setClock,
      })
    const [registry, engine] = await Promise.all([registryOffset(around), engineOffset(around)])
    const outcomes = [registry, engine].filter(found => found !== undefined)
    const worst =
      outcomes.find(({ status }) => status === 'problem') ??
      outcomes.find(({ status }) => status === 'warning')
    if (worst) return worst
    if (outcomes.length === 0) return notApplicable('neither a registry nor an engine says what time it is')
    return ok(outcomes.map(({ why }) => why).join('; '))
  },
}

const setClock = 'sudo timedatectl set-ntp true'

/** The first registry of the project that answers. */
async function registryOffset(around: Surroundings): Promise<Outcome | undefined> {
  const { machine, signal, env, insecure } = around
  for (const registry of (await wantedRegistries(around)).slice(0, 1)) {
    const started = machine.now()
    const time = await serverTime(registry, { signal, env, insecure, timeout: 3 }).catch(error => {
      if (isFailure(error, 'registry')) return undefined
      throw error
    })
    const ended = machine.now()
    // The header has whole seconds.
    if (time !== undefined) return judge(registry, time + 500, started, ended)
  }
  return undefined
}

async function engineOffset({ engine, options }: Surroundings): Promise<Outcome | undefined> {
  if (!(options instanceof Failure) && options.backend === 'oci') return undefined
  const found = await engine()
  if (found instanceof Failure || !found.time) return undefined
  const { engine: time, here, took } = found.time
  return judge('the Docker engine', time, here - took, here)
}

/** What was said between two times of this machine. */
function judge(who: string, time: number, started: number, ended: number): Outcome {
  const ahead = started > time ? started - time : ended < time ? ended - time : 0
  const seconds = Math.abs(ahead) / 1000
  if (seconds < odd) return ok(`as ${who} has it`)
  const found = {
    why: `this machine’s clock is ${describeSeconds(seconds)} ${ahead > 0 ? 'ahead of' : 'behind'} ${who}`,
    fix: setClock,
  }
  return seconds < broken ? warning(found) : problem(found)
}
