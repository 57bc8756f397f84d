import type { Options } from '../../config/options.ts'
import { Failure, isFailure } from '../../errors.ts'
import type { BuilderFacts } from '../../image/buildx/builder.ts'
import { type BuilderNeeds, checkBuilder } from '../../image/buildx/check-builder.ts'
import { formatRepository } from '../../oci/reference.ts'
import { parsePlatforms } from '../../platforms.ts'
import type { Command } from '../../types.ts'
import type { Check } from '../check.ts'
import { namedCaches } from '../named-caches.ts'
import { fromFailure, notApplicable, type Outcome, ok, problem, warning } from '../outcome.ts'

export const builder: Check = {
  id: 'builder',
  title: 'Builder',
  question: 'Is there a buildx, new enough, with a builder that can do what this project asks of it?',
  findings: `What the builder can do is tested by its capabilities, not by its driver’s name. A problem where \`backend = "buildx"\`, a
named builder, a cache or an attestation needs it, or where it hangs; else a warning, for xbuild then makes the image itself. \`--fix\` runs
\`docker buildx create\`.`,
  run: async around => {
    const { options, dir } = around
    const settings = options instanceof Failure ? undefined : options
    if (settings?.backend === 'oci')
      return notApplicable('with the backend oci, xbuild makes the image itself')
    const facts = await around.builder()
    if (facts instanceof Failure) return withoutBuilder(facts, settings, dir)
    const references = (await around.repositories()).map(formatRepository)
    const lacks = lackOf(facts, needsOf(settings, around.platforms, references))
    const [can, cannot] = capabilities(facts, references)
    const versions = [
      facts.buildx && `buildx ${facts.buildx}`,
      facts.buildkit && `BuildKit ${facts.buildkit}`,
    ]
    const named = `${facts.name} (${[`${facts.driver} driver`, ...versions.filter(Boolean)].join(', ')})`
    const details = [
      `can: ${can.join(', ') || 'nothing'}`,
      ...(cannot.length > 0 ? [`cannot: ${cannot.join(', ')}`] : []),
      ...(facts.running ? [] : ['its node does not run; the first build starts it']),
    ]
    if (!lacks) return ok(named, details)
    // `docker buildx create` refuses the name of a builder that is there: `xbuild` may be the one that lacks the network.
    const network = lacks.fix?.includes('network=host') === true
    const command = createCommand(network ? 'xbuild-host' : 'xbuild', dir, network, true)
    const found = {
      why: `${lacks.what}: ${lacks.why}`,
      details: [named, ...details],
      ...(/buildx create/.test(lacks.fix ?? '') ? fixBy(command) : lacks.fix ? { fix: lacks.fix } : {}),
    }
    return isNeeded(settings) ? problem(found) : warning(found)
  },
}

/** Whether a build cannot do without buildx. */
function isNeeded(options: Options | undefined): boolean {
  if (!options) return false
  const { backend, buildx } = options
  const { builder, provenance = 'false', sbom = 'false' } = buildx
  return (
    backend === 'buildx' ||
    builder !== undefined ||
    namedCaches(buildx).length > 0 ||
    provenance !== 'false' ||
    sbom !== 'false'
  )
}

function withoutBuilder(failure: Failure, options: Options | undefined, dir: string): Outcome {
  const name = options?.buildx.builder
  if (name !== undefined && failure.what.startsWith('There is no builder'))
    return problem({ ...fromFailure(failure), ...fixBy(createCommand(name, dir, false, false)) })
  const hangs = failure.why?.startsWith('no answer') === true
  if (hangs || isNeeded(options)) return fromFailure(failure)
  const found = fromFailure(failure, 'warning')
  return {
    ...found,
    details: [...(found.details ?? []), 'xbuild makes the image itself then; --load needs Docker'],
  }
}

function needsOf(
  options: Options | undefined,
  platforms: BuilderNeeds['platforms'],
  references: readonly string[],
): BuilderNeeds {
  const { cacheTo = [], provenance = 'false', sbom = 'false' } = options?.buildx ?? {}
  const destinations = references.length > 0 ? [{ type: 'push' as const, references }] : []
  return { platforms, destinations, cacheTo, attestations: provenance !== 'false' || sbom !== 'false' }
}

function lackOf(facts: BuilderFacts, needs: BuilderNeeds): Failure | undefined {
  try {
    checkBuilder(facts, needs)
    return undefined
  } catch (error) {
    if (isFailure(error)) return error
    throw error
  }
}

const two = parsePlatforms(['linux/amd64', 'linux/arm64'])
const one = two.slice(0, 1)

/** What a builder can do and cannot do, each as a word for people. */
function capabilities(facts: BuilderFacts, references: readonly string[]): [string[], string[]] {
  const none = { destinations: [], cacheTo: [] }
  const asked: readonly (readonly [string, BuilderNeeds])[] = [
    ['several platforms', { ...none, platforms: two }],
    ['push', { ...none, platforms: one, destinations: [{ type: 'push', references }] }],
    ['load several platforms', { ...none, platforms: two, destinations: [{ type: 'load' }] }],
    ['OCI archives', { ...none, platforms: one, destinations: [{ type: 'archive', path: '/a.tar' }] }],
    ['caches', { ...none, platforms: one, cacheTo: ['type=registry,ref=a'] }],
    ['attestations', { ...none, platforms: one, attestations: true }],
  ]
  const able = asked.map(([name, needs]) => [name, lackOf(facts, needs) === undefined] as const)
  const names = (wanted: boolean) => able.filter(([, can]) => can === wanted).map(([name]) => name)
  return [names(true), names(false)]
}

function createCommand(name: string, cwd: string, network: boolean, use: boolean): Command {
  const args = ['buildx', 'create', '--name', name, '--driver', 'docker-container']
  if (network) args.push('--driver-opt', 'network=host')
  args.push('--bootstrap')
  if (use) args.push('--use')
  return { tool: 'docker', args, cwd }
}

const fixBy = (command: Command) => ({
  fix: [command.tool, ...command.args].join(' '),
  repairs: [{ command }],
})
