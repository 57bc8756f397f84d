import { Failure } from '../../errors.ts'
import { closestMatch } from '../../util/closest-match.ts'
import { type ListForm, parseList } from './lists.ts'

/** What an input of the Action is: a flag of `xbuild build`, something of the Action's own, or one that has no place here. */
type Input =
  | { readonly kind: 'list'; readonly flag: string; readonly form?: ListForm }
  | { readonly kind: 'text'; readonly flag: string }
  | { readonly kind: 'switch'; readonly flag: string }
  | { readonly kind: 'own' }
  /** Nothing would change with it: the build goes on, and says so. */
  | { readonly kind: 'no effect'; readonly why: string }
  /** The image would be another: the build stops. */
  | { readonly kind: 'refused'; readonly why: string; readonly fix: string }

const keepCommas = { keepCommas: true } as const
const list = (flag: string, form?: ListForm): Input => ({ kind: 'list', flag, ...(form && { form }) })
const text = (flag: string): Input => ({ kind: 'text', flag })
const toggle = (flag: string): Input => ({ kind: 'switch', flag })
const own: Input = { kind: 'own' }
const noRun: Input = {
  kind: 'no effect',
  why: 'the generated Dockerfile has no RUN: everything is compiled on the runner',
}
const noSecrets: Input = {
  kind: 'refused',
  why: 'nothing runs inside of the build, so nothing could read a secret there',
  fix: 'give it to the compiler as a variable: env: of this step',
}

/** Every input: those of docker/build-push-action under their own names, then xbuild's. */
export const inputs = {
  annotations: list('annotation', keepCommas),
  builder: text('builder'),
  'cache-from': list('cache-from', keepCommas),
  'cache-to': list('cache-to', keepCommas),
  context: own,
  labels: list('label', keepCommas),
  load: toggle('load'),
  'no-cache': own,
  outputs: list('output', { keepCommas: true, keepQuotes: true }),
  platforms: list('platform'),
  provenance: text('provenance'),
  push: toggle('push'),
  sbom: text('sbom'),
  tags: list('tag'),

  'add-hosts': noRun,
  allow: noRun,
  'cgroup-parent': noRun,
  'github-token': { kind: 'no effect', why: 'the context is a folder of the runner, which needs no token' },
  network: noRun,
  'no-cache-filters': noRun,
  pull: { kind: 'no effect', why: 'the base is looked up in its registry at every build' },
  'shm-size': noRun,
  ulimit: noRun,

  attests: {
    kind: 'refused',
    why: 'attestations have inputs of their own here',
    fix: 'provenance: mode=max and sbom: true',
  },
  'build-args': {
    kind: 'refused',
    why: 'there is no Dockerfile with ARG; the compiler gets its settings from xbuild.toml and from variables',
    fix: '[go] vars or ldflags, [rust] env or features, [zig] args in xbuild.toml, or env: of this step',
  },
  'build-contexts': {
    kind: 'refused',
    why: 'the generated Dockerfile has one context, the compiled binaries',
    fix: '[image] files in xbuild.toml adds files to the image, and base: takes an OCI layout or archive',
  },
  call: {
    kind: 'refused',
    why: 'it asks for checks of a Dockerfile',
    fix: 'run: xbuild lint --format github',
  },
  file: {
    kind: 'refused',
    why: 'xbuild generates the Dockerfile',
    fix: 'xbuild init adopts yours; [image] template in xbuild.toml is a Dockerfile of your own around the binaries',
  },
  'secret-envs': noSecrets,
  'secret-files': noSecrets,
  secrets: noSecrets,
  ssh: {
    kind: 'refused',
    why: 'nothing runs inside of the build, so nothing could use an SSH agent there',
    fix: 'load the key on the runner: go and cargo use it there',
  },
  target: {
    kind: 'refused',
    why: 'the generated Dockerfile has one image for each executable, and no stages to choose from',
    fix: 'bin: NAME',
  },

  args: own,
  backend: text('backend'),
  base: text('base'),
  'base-registry': text('base-registry'),
  bench: own,
  bin: list('bin'),
  cache: text('cache'),
  compression: text('compression'),
  'digest-file': text('digest-file'),
  dist: text('dist'),
  'insecure-registry': list('insecure-registry'),
  'install-only': own,
  jobs: text('jobs'),
  lang: text('lang'),
  locked: toggle('locked'),
  pin: toggle('pin'),
  'push-by-digest': toggle('push-by-digest'),
  report: own,
  summary: own,
  'toolchain-cache': own,
  user: text('user'),
  verify: text('verify'),
  'version-from': text('version-from'),
} as const satisfies Readonly<Record<string, Input>>

export type InputName = keyof typeof inputs

/** The inputs as the runner gives them: `INPUT_NO-CACHE`, blanks as underscores. */
export function readInput(name: InputName, env: NodeJS.ProcessEnv): string {
  return (env[`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`] ?? '').trim()
}

/**
 * A boolean input, as the toolkit reads it (YAML 1.2, core schema).
 * @throws {Failure} usage
 */
export function readSwitch(name: InputName, env: NodeJS.ProcessEnv): boolean | undefined {
  const value = readInput(name, env)
  if (value === '') return undefined
  if (/^(true|True|TRUE)$/.test(value)) return true
  if (/^(false|False|FALSE)$/.test(value)) return false
  throw notAValue(name, value, ['true', 'false'])
}

/** @throws {Failure} usage, for another value than those. */
export function readChoice<T extends string>(
  name: InputName,
  choices: readonly [T, ...T[]],
  env: NodeJS.ProcessEnv,
): T {
  const value = readInput(name, env)
  if (value === '') return choices[0]
  const found = choices.find(choice => choice === value)
  if (found !== undefined) return found
  throw notAValue(name, value, choices)
}

function notAValue(name: string, value: string, choices: readonly string[]): Failure {
  const near = closestMatch(value, choices)
  return new Failure({
    kind: 'usage',
    what: `The input ${name} cannot be ${JSON.stringify(value)}${near ? `; did you mean ${near}?` : ''}`,
    why: `it is one of ${choices.join(', ')}`,
    fix: `${name}: ${near ?? choices[0]}`,
  })
}

/** What the Action asks of `xbuild build`. */
export interface BuildArguments {
  readonly flags: readonly string[]
  /** What comes after `--`. */
  readonly toolchainArgs: readonly string[]
  /** What was given and changes nothing. */
  readonly remarks: readonly string[]
}

/**
 * The inputs as arguments of `xbuild build`, each in one word with its flag, so that no value can become a flag. Tags,
 * labels and annotations that were not given come from docker/metadata-action.
 * @throws {Failure} usage, for every input at once that xbuild cannot honour.
 */
export function buildArguments(env: NodeJS.ProcessEnv): BuildArguments {
  const refused = names().filter(name => inputs[name].kind === 'refused' && readInput(name, env) !== '')
  if (refused.length > 0) throw cannotHonour(refused)
  return {
    flags: names().flatMap(name => argumentsOf(name, env)),
    toolchainArgs: parseList(readInput('args', env), keepCommas),
    remarks: names().flatMap(name => {
      const input: Input = inputs[name]
      return input.kind === 'no effect' && readInput(name, env) !== ''
        ? [`The input ${name} has no effect: ${input.why}`]
        : []
    }),
  }
}

const names = () => Object.keys(inputs) as InputName[]

function argumentsOf(name: InputName, env: NodeJS.ProcessEnv): string[] {
  const input: Input = inputs[name]
  switch (input.kind) {
    case 'list': {
      const given = parseList(readInput(name, env), input.form)
      const items = given.length > 0 ? given : fromMetadata(name, env)
      return items.map(item => `--${input.flag}=${oneItem(name, item)}`)
    }
    case 'text': {
      const value = readInput(name, env)
      return value === '' ? [] : [`--${input.flag}=${value}`]
    }
    case 'switch': {
      const value = readSwitch(name, env)
      return value === undefined ? [] : [`--${input.flag}=${value}`]
    }
    default:
      return []
  }
}

/**
 * `xbuild build` takes lists in one value, too: an item whose lines all look like pairs would become several.
 * @throws {Failure} usage
 */
function oneItem(name: string, item: string): string {
  const lines = item.split(/\r?\n/).filter(line => line.trim())
  const splits =
    name === 'tags'
      ? /[\n,]/.test(item)
      : lines.length > 1 && lines.every(line => /^\s*[\w.:,/[\]-]+=/.test(line))
  if (!splits) return item
  throw new Failure({
    kind: 'usage',
    what: `An item of ${name} has lines that would be items of their own`,
    where: JSON.stringify(item.length > 200 ? `${item.slice(0, 200)}…` : item),
    fix: `write one item a line in ${name}, and none with a line break in its value`,
  })
}

/** What docker/metadata-action left for later steps (DOCKER_METADATA_OUTPUT_JSON). */
function fromMetadata(name: InputName, env: NodeJS.ProcessEnv): string[] {
  const json = env['DOCKER_METADATA_OUTPUT_JSON']
  if (!json || !['tags', 'labels', 'annotations'].includes(name)) return []
  let found: unknown
  try {
    found = (JSON.parse(json) as Readonly<Record<string, unknown>> | null)?.[name]
  } catch (error) {
    throw new Failure({
      kind: 'usage',
      what: 'DOCKER_METADATA_OUTPUT_JSON is not JSON',
      why: (error as Error).message,
      fix: `set ${name}: to use no metadata of docker/metadata-action`,
    })
  }
  if (Array.isArray(found)) return found.map(String)
  return Object.entries((found ?? {}) as object).map(([key, value]) => `${key}=${value}`)
}

function cannotHonour(refused: readonly InputName[]): Failure {
  const all = refused.map(name => {
    const { why, fix } = inputs[name] as Extract<Input, { kind: 'refused' }>
    return { name, why, fix }
  })
  return new Failure({
    kind: 'usage',
    what: `xbuild cannot honour the ${all.length === 1 ? 'input' : 'inputs'} ${refused.join(', ')}`,
    why: all.map(({ name, why }) => `${name}: ${why}`).join('\n'),
    fix: all.map(({ name, fix }) => `instead of ${name}: ${fix}`).join('\n'),
  })
}
