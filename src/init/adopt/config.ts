import type { Expanded } from '../../dockerfile/expand.ts'
import {
  absolute,
  type HealthFacts,
  type ImageFacts,
  type Program,
  type Said,
} from '../../dockerfile/final-image.ts'
import { defaultPath } from '../../image/verify/entrypoint.ts'
import type { Setting, TomlValue } from '../settings.ts'
import { looksLikePlaceholder } from './known-names.ts'
import type { Ledger } from './ledger.ts'
import { isOfDistribution, withShell, wordsOf } from './program-words.ts'
import { nameOf } from './programs.ts'
import type { UserChoice } from './user.ts'

/** What the rest of the adoption says of the image. */
export interface ConfigContext {
  /** The program's path in the image. */
  readonly program: string | undefined
  /** Whether the image keeps a base with a shell. */
  readonly keepsShell: boolean
  /** Whether a path of the image is a script of the project. */
  isScript(path: string): boolean
  /** The user for a name that RUN made, or what is in the way of it. */
  user(name: string): UserChoice
}

/** EXPOSE, ENV, LABEL and the others that are the same in xbuild.toml; ENTRYPOINT, CMD and HEALTHCHECK where they need no shell. */
export function adoptConfig(facts: ImageFacts, ledger: Ledger, context: ConfigContext): void {
  adoptTable('env', facts.env, ledger)
  adoptTable('labels', facts.labels, ledger)
  if (facts.maintainer) {
    const { value, by } = facts.maintainer
    ledger.set(by, 'image', 'labels', { 'org.opencontainers.image.authors': value })
  }
  for (const port of facts.ports) {
    const { text, unknown } = port.value
    const ports = unknown.length > 0 ? undefined : portsOf(text)
    if (ports) ledger.set(port.by, 'image', 'ports', ports)
    else ledger.left(port.by, notKnown(port.value))
  }
  for (const volume of facts.volumes) adoptText(volume, ledger, text => ['volumes', [text]])
  if (facts.stopSignal) adoptText(facts.stopSignal, ledger, text => ['stop-signal', text])
  if (facts.workdir) {
    const { value, by } = facts.workdir
    if (value.text === '/') ledger.covered(by, 'the working directory is / anyway')
    else adoptText(facts.workdir, ledger, text => ['workdir', text])
  }
  if (facts.user) adoptUser(facts.user, ledger, context)
  adoptProgram(facts, ledger, context)
  if (facts.healthcheck) adoptHealthcheck(facts.healthcheck, ledger, context)
}

/** Labels that every image of xbuild has (build/plan-image.ts). */
const ofXbuild: Readonly<Record<string, string>> = {
  'org.opencontainers.image.version': '{version}',
  'org.opencontainers.image.revision': '{commit}',
}

function adoptTable(key: 'env' | 'labels', pairs: ReadonlyMap<string, Said<Expanded>>, ledger: Ledger): void {
  const byInstruction = new Map<Said<Expanded>['by'], Record<string, string>>()
  for (const [name, { value, by }] of pairs) {
    if (value.unknown.length > 0) ledger.left(by, `${name}: ${notKnown(value)}`)
    else if (looksLikePlaceholder(by.body.text))
      ledger.left(by, `${name}: xbuild would replace the {…} in it`)
    else if (key === 'labels' && ofXbuild[name] === value.text) ledger.covered(by, `${name}: xbuild sets it`)
    else byInstruction.set(by, { ...byInstruction.get(by), [name]: value.text })
  }
  for (const [by, table] of byInstruction) ledger.set(by, 'image', key, table)
}

function adoptText(
  { value, by }: Said<Expanded>,
  ledger: Ledger,
  setting: (text: string) => [string, TomlValue],
): void {
  if (value.unknown.length > 0) ledger.left(by, notKnown(value))
  else ledger.set(by, 'image', ...setting(value.text))
}

/** "VERSION has a value only in docker build". */
export function notKnown({ unknown }: Expanded): string {
  const [name] = unknown
  return name === undefined
    ? 'it is not understood'
    : `${name} has a value only while docker builds; {env.NAME} takes one from the environment`
}

/** `80`, `53/udp`, `8000-8003/tcp`. */
function portsOf(text: string): (number | string)[] | undefined {
  const [, from, to = from, protocol] = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? []
  const first = Number(from)
  const count = Number(to) - first + 1
  if (!(first > 0) || !(count > 0) || count > 200) return undefined
  const name = protocol?.toLowerCase() ?? 'tcp'
  return Array.from({ length: count }, (_, index) =>
    name === 'tcp' ? first + index : `${first + index}/${name}`,
  )
}

function adoptUser({ value, by }: Said<Expanded>, ledger: Ledger, context: ConfigContext): void {
  const found = value.unknown.length > 0 ? { problem: notKnown(value) } : context.user(value.text)
  if ('value' in found) ledger.set(by, 'image', 'user', found.value, found.says)
  else if ('covered' in found) ledger.covered(by, found.covered)
  else ledger.left(by, found.problem)
}

function adoptProgram(
  { entrypoint, cmd, workdir }: ImageFacts,
  ledger: Ledger,
  context: ConfigContext,
): void {
  const words = (said: Said<Program> | undefined) =>
    said && withPath(fromFolder(toWords(said, ledger, context), workdir), context.program)
  const first = words(entrypoint)
  const rest = words(cmd)
  if (entrypoint && first === undefined) return
  if (entrypoint && first) {
    const isProgram = first.length === 1 && first[0] === context.program
    if (isProgram) ledger.covered(entrypoint.by, 'the entrypoint is the program')
    else ledger.set(entrypoint.by, 'image', 'entrypoint', first)
  } else if (cmd && rest) {
    // CMD alone: a command line of docker run replaces the program, too.
    ledger.set(cmd.by, 'image', 'entrypoint', [], '[image] entrypoint = [], args')
  }
  if (cmd && rest) {
    if (rest.length > 0)
      ledger.set(cmd.by, 'image', 'args', rest, entrypoint ? undefined : '[image] entrypoint = [], args')
    else ledger.covered(cmd.by, 'there are no arguments anyway')
  }
}

/** `./app` by its path where the Dockerfile has no WORKDIR: that of another base may be another folder. */
function fromFolder(words: readonly string[] | undefined, workdir: ImageFacts['workdir']) {
  const [first = '', ...rest] = words ?? []
  if (!first.includes('/') || first.startsWith('/') || workdir) return words
  return [absolute(first, '/'), ...rest]
}

/** The program by its path where only the toolchain's image has its folder on PATH: /go/bin, /usr/local/cargo/bin. */
function withPath(words: readonly string[] | undefined, program: string | undefined) {
  const [first, ...rest] = words ?? []
  if (program === undefined || first !== nameOf(program)) return words
  const isOnPath = defaultPath.split(':').includes(program.slice(0, program.lastIndexOf('/')))
  return isOnPath ? words : [program, ...rest]
}

/** The words of the exec form; of the shell form where it is one command, or where the image keeps its shell. */
function toWords(
  { value, by }: Said<Program>,
  ledger: Ledger,
  context: ConfigContext,
): readonly string[] | undefined {
  const exact = withShell(value)
  if (looksLikePlaceholder(by.body.text)) {
    ledger.left(by, 'xbuild would replace the {…} in it')
    return undefined
  }
  if (context.keepsShell) return exact
  const words = wordsOf(value)
  const script = words && context.isScript(words[0] ?? '')
  if (words && !isOfDistribution(words) && !script) return words
  ledger.left(
    by,
    script
      ? `${words[0]} is a script, and a distroless image has no shell: [image] base takes an image that has one`
      : words
        ? `${words[0]} is not in a distroless image`
        : 'it needs a shell, which a distroless image does not have',
  )
  return undefined
}

function adoptHealthcheck({ value, by }: Said<HealthFacts>, ledger: Ledger, context: ConfigContext): void {
  const { test, ...timing } = value
  const words = test && toWords({ value: test, by }, ledger, context)
  if (!test) ledger.set(by, 'image', 'healthcheck', false)
  else if (words) ledger.set(by, 'image', 'healthcheck', { test: words, ...timing } as Setting['value'])
}
