import { Failure } from '../../errors.ts'
import type { Healthcheck, ImageConfig, ImageSpec } from '../../types.ts'
import { closestMatch } from '../../util/closest-match.ts'
import { readTemplate } from '../../util/template.ts'
import { aroundLayer, isPerPlatform } from '../layers.ts'
import { sharedFolders } from '../owned-folders.ts'
import { filesTar, foldersTar } from './stage.ts'

/** How a Dockerfile is made of a spec. */
export interface DockerfileOptions {
  /** The text of the user's own template; without it templates/distroless.Dockerfile. */
  readonly template?: string | undefined
  /** `sha256:…`: FROM names the base by this digest as well. */
  readonly pinnedDigest?: string | undefined
}

/**
 * The Dockerfile of an image. Every value is written so that BuildKit's parser reads back the same characters: no
 * variable is expanded and nothing begins a new instruction. A line that holds nothing but an empty placeholder is left
 * out. WORKDIR is there only when a working directory is set: BuildKit gives it a layer of its own, which is empty,
 * and so the same in every build, because the staged tree has the folder already.
 * @throws {Failure} usage, for an unknown placeholder, a `# syntax=` or `# escape=` line, or a value no Dockerfile can hold.
 */
export function renderDockerfile(spec: ImageSpec, options: DockerfileOptions = {}): string {
  const template = options.template ?? readTemplate('distroless.Dockerfile')
  checkText(spec.config)
  const values = placeholders(spec, options.pinnedDigest)
  const lines = template.split(/\r?\n/).flatMap(line => {
    if (line.trimStart().startsWith('#') || !line.includes('{{')) return [line]
    const filled = line.replace(/\{\{\s*(.*?)\s*\}\}/g, (whole, name: string) =>
      fill(name, whole, line, values),
    )
    return filled.trim() === '' ? [] : [filled]
  })
  const dockerfile = `${lines.join('\n').trimEnd()}\n`
  checkDirectives(dockerfile)
  return dockerfile
}

/** The labels that LABEL cannot hold, for no Dockerfile syntax has a line break in a value; buildx takes them as --label. */
export function flagLabels(spec: ImageSpec): [name: string, value: string][] {
  return Object.entries(spec.config.labels).filter(([name, value]) => !fitsLine(name) || !fitsLine(value))
}

/** The placeholders that have something to say for this image: a template without one of them leaves that out. */
export function neededPlaceholders(spec: ImageSpec): string[] {
  return Object.entries(placeholders(spec, undefined))
    .filter(([, value]) => value() !== '')
    .map(([name]) => name)
}

/** The placeholders of templates. Each but `base` becomes whole instructions, one a line, or nothing. */
function placeholders(
  spec: ImageSpec,
  pinnedDigest: string | undefined,
): Readonly<Record<string, () => string>> {
  const { entrypoint, cmd, env, labels, ports, user, workdir } = spec.config
  const { volumes = [], stopSignal, healthcheck } = spec.config
  return {
    base: () => baseReference(spec.base.reference, pinnedDigest),
    files: () => (hasFiles(spec) ? `ADD ${filesTar} /` : ''),
    folders: () => (aroundLayer(spec).length > 0 ? `ADD ${foldersTar} /` : ''),
    env: () => envInstructions(env),
    labels: () =>
      pairs(
        'LABEL',
        Object.entries(labels).filter(([name, value]) => fitsLine(name) && fitsLine(value)),
      ),
    ports: () => ports.map(port => `EXPOSE ${checkWord(port, 'port')}`).join('\n'),
    user: () => (user === undefined ? '' : `USER ${checkWord(user, 'user')}`),
    workdir: () => (workdir === undefined ? '' : `WORKDIR ${quote(oneLine(workdir, 'workdir'))}`),
    volumes: () => exec('VOLUME', volumes),
    'stop-signal': () =>
      stopSignal === undefined ? '' : `STOPSIGNAL ${checkWord(stopSignal, 'stop-signal')}`,
    healthcheck: () => (healthcheck ? healthcheckInstruction(healthcheck) : ''),
    entrypoint: () => exec('ENTRYPOINT', entrypoint),
    args: () => exec('CMD', cmd),
  }
}

/** Whether the image has a layer that all platforms share. */
function hasFiles(spec: ImageSpec): boolean {
  const files = spec.files.filter(file => !isPerPlatform(file))
  return files.length > 0 || sharedFolders(spec, files).length > 0
}

function fill(
  name: string,
  whole: string,
  line: string,
  values: Readonly<Record<string, () => string>>,
): string {
  const value = Object.hasOwn(values, name) ? values[name] : undefined
  const where = '[image] template'
  if (!value) {
    const known = Object.keys(values)
    const suggestion = closestMatch(name, known)
    throw new Failure({
      kind: 'usage',
      what: `Unknown placeholder ${whole}${suggestion ? `; did you mean {{${suggestion}}}?` : ''}`,
      where,
      why: `a template may hold ${known.map(each => `{{${each}}}`).join(', ')}`,
      fix: `write {{${suggestion ?? 'entrypoint'}}}`,
    })
  }
  if (name !== 'base' && line.trim() !== whole) {
    throw new Failure({
      kind: 'usage',
      what: `${whole} is not alone on its line`,
      where,
      why: 'it becomes whole instructions, several or none',
      fix: `give ${whole} a line of its own`,
    })
  }
  return value()
}

/** Exec form, which is JSON and in which no variable is expanded (Dockerfile reference, "Exec form"). */
function exec(instruction: string, words: readonly string[]): string {
  return words.length === 0 ? '' : `${instruction} ${JSON.stringify(words)}`
}

function healthcheckInstruction(check: Healthcheck): string {
  if (check.test.length === 0) return 'HEALTHCHECK NONE'
  const durations = [
    ['interval', check.interval],
    ['timeout', check.timeout],
    ['start-period', check.startPeriod],
    ['start-interval', check.startInterval],
  ] as const
  const flags = [
    ...durations.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}ns`])),
    ...(check.retries === undefined ? [] : [`--retries=${check.retries}`]),
  ]
  return ['HEALTHCHECK', ...flags, exec('CMD', check.test)].join(' ')
}

/**
 * One ENV instruction for each variable, or nothing.
 * @throws {Failure} usage, for a name or value that a Dockerfile cannot hold.
 */
export function envInstructions(env: Readonly<Record<string, string>>): string {
  return pairs('ENV', Object.entries(env).map(checkEnv))
}

function pairs(instruction: string, entries: readonly (readonly [string, string])[]): string {
  return entries.map(([name, value]) => `${instruction} ${plainOr(name)}=${quote(value)}`).join('\n')
}

/**
 * A word in double quotes. Between them a backslash takes the meaning from `"`, `$` and itself, and stands for itself
 * elsewhere (BuildKit frontend/dockerfile/shell/lex.go, processDoubleQuote).
 */
function quote(text: string): string {
  return `"${text.replace(/["$\\]/g, '\\$&')}"`
}

function plainOr(name: string): string {
  if (name.includes('=') || name === '')
    throw cannotHold('label', name, 'it is no name of a label there', ['labels', name])
  return /^[\w./-]+$/.test(name) ? name : quote(name)
}

function checkEnv([name, value]: [string, string]): [string, string] {
  if (!/^[A-Za-z_][\w.-]*$/.test(name))
    throw cannotHold('env', name, 'a name is made of letters, digits, "_", "." and "-"')
  return [name, oneLine(value, `env ${name}`, ['env', name])]
}

function oneLine(text: string, key: string, path: readonly string[] = [key]): string {
  if (fitsLine(text)) return text
  throw cannotHold(key, text, 'no Dockerfile instruction can hold a line break here', path)
}

function checkWord(text: string, key: string): string {
  if (/^\w[\w.:/-]*$/.test(text)) return text
  throw cannotHold(key, text, 'it is one plain word')
}

/** Neither a Dockerfile nor a command line can hold NUL. */
function checkText({ entrypoint, cmd, env, labels, workdir = '', ...more }: ImageConfig): void {
  const texts = {
    entrypoint,
    cmd,
    env: Object.entries(env).flat(),
    labels: Object.entries(labels).flat(),
    workdir: [workdir],
    volumes: more.volumes ?? [],
    healthcheck: more.healthcheck?.test ?? [],
  }
  for (const [key, values] of Object.entries(texts)) {
    const bad = values.find(value => value.includes('\0'))
    if (bad !== undefined) throw cannotHold(key, bad, 'it holds NUL')
  }
}

function fitsLine(text: string): boolean {
  return !text.includes('\n')
}

/** @param path the key below `[image]` */
function cannotHold(
  key: string,
  value: string,
  why: string,
  path: readonly (string | number)[] = [key],
): Failure {
  return new Failure({
    kind: 'usage',
    what: `The Dockerfile cannot say ${key} ${JSON.stringify(value)}`,
    where: '[image]',
    key: ['image', ...path],
    why,
    fix: 'change the value, or build with --backend oci, which needs no Dockerfile',
  })
}

function baseReference(reference: string, digest: string | undefined): string {
  if (!/^\w[\w.:/@-]*$/.test(reference)) {
    throw cannotHold('base', reference, 'FROM takes the reference of an image or "scratch"')
  }
  return digest === undefined || reference === 'scratch' || reference.includes('@')
    ? reference
    : `${reference}@${digest}`
}

/**
 * Refuses the directives that change how the rest is read: `syntax` fetches another frontend from a registry, `escape`
 * changes the quoting. They count in the comments at the top only, and BuildKit takes `//` and a JSON object for the
 * former too (BuildKit frontend/dockerfile/parser/directives.go).
 */
function checkDirectives(dockerfile: string): void {
  const top = /^\ufeff?(?:\s*(?:#|\/\/).*\n|\s*\n)*/.exec(dockerfile)?.[0] ?? ''
  const line = /^\s*(?:#|\/\/)\s*(?:syntax|escape)\s*=.*/im.exec(top)?.[0] ?? /^\s*\{.*/.exec(dockerfile)?.[0]
  if (line === undefined) return
  throw new Failure({
    kind: 'usage',
    what: `The template begins with ${JSON.stringify(line.trim().slice(0, 80))}`,
    where: '[image] template',
    why: 'another Dockerfile syntax would be fetched from a registry, and may read the values otherwise',
    fix: 'take that line out: the syntax built into BuildKit has all that is needed',
  })
}
