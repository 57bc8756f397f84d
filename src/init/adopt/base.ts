import { isDistribution } from '../../base/distributions.ts'
import { knownBase } from '../../base/known.ts'
import type { ImageFacts } from '../../dockerfile/final-image.ts'
import { architectureWords } from '../../dockerfile/stages.ts'
import type { Copied } from './files.ts'
import type { Ledger } from './ledger.ts'
import { isOfDistribution, wordsOf } from './program-words.ts'

/** What a base image is for whoever adopts a Dockerfile. */
export type BaseKind = 'scratch' | 'distroless' | 'debug' | 'distribution' | 'toolchain' | 'other'

const toolchains = /(?:^|\/)(?:golang|go|rust|zig|rust-musl-builder|muslrust|cargo-chef|node)$/

/** What kind of base a reference names. */
export function baseKind(reference: string): BaseKind {
  if (reference === 'scratch') return 'scratch'
  const [, repository = reference, tag = ''] = /^([^@]*?)(?::([\w.-]+))?(?:@.*)?$/.exec(reference) ?? []
  const { family } = knownBase(reference)
  if (/(?:^|\/)distroless\//.test(repository) || ['base', 'base-nossl', 'cc'].includes(family))
    return /debug/.test(tag) ? 'debug' : 'distroless'
  if (toolchains.test(repository)) return 'toolchain'
  return isDistribution(repository) ? 'distribution' : 'other'
}

/**
 * Whether the program or the health check needs the shell of the base, and the base has one.
 * @param isScript whether a path of the image is a script of the project
 */
export function needsShell(
  { base, entrypoint, cmd, healthcheck }: ImageFacts,
  isScript: (path: string) => boolean,
): boolean {
  const kind = baseKind(base.value)
  if (kind !== 'distribution' && kind !== 'debug') return false
  const needs = (program: NonNullable<typeof cmd>['value'] | undefined) => {
    const words = program && wordsOf(program)
    return (
      program !== undefined && (words === undefined || isOfDistribution(words) || isScript(words[0] ?? ''))
    )
  }
  if (needs(entrypoint?.value) || needs(cmd?.value)) return true
  // Of the programs that a check calls, alpine and busybox have wget, nc and the like themselves.
  return /alpine|busybox|debug/.test(base.value) && needs(healthcheck?.value.test)
}

/** The base image: kept where the image needs something of it, else left to xbuild's choice. */
export function adoptBase(
  { base, user }: ImageFacts,
  keepsShell: boolean,
  copied: Copied,
  ledger: Ledger,
): void {
  const { value: reference, by } = base
  const kind = baseKind(reference)
  // `ARG BASE=placeholder`
  const isOpen = by.body.text.includes('$') && kind === 'other' && !/[/:]/.test(reference)
  if (reference.includes('$') || isOpen) {
    ledger.left(by, 'only docker build knows its base: [image] base names one')
    return
  }
  if (kind === 'other' && architectureWords(reference).length > 0) {
    ledger.left(by, `${reference} is for one architecture: [image] base names an image of several platforms`)
    return
  }
  switch (kind) {
    case 'scratch':
      if (copied.systemFiles)
        ledger.covered(by, 'a distroless base has the certificates, users and time zones, too')
      else ledger.set(by, 'image', 'base', 'scratch')
      break
    case 'distroless': {
      const [, registry] = /^(.*\/distroless)\//.exec(reference) ?? []
      if (registry !== undefined && registry !== 'gcr.io/distroless')
        ledger.set(by, 'image', 'registry', registry)
      else ledger.covered(by, 'xbuild chooses static, base or cc by what the binaries need')
      break
    }
    case 'toolchain':
      ledger.covered(by, 'this machine compiles; the image is on a distroless base')
      break
    case 'distribution':
      if (keepsShell) ledger.set(by, 'image', 'base', reference, '[image] base, for its shell')
      else ledger.covered(by, `a distroless base is enough; base = "${reference}" in [image] keeps it`)
      break
    default:
      ledger.set(by, 'image', 'base', reference)
  }
  const isRoot = user === undefined && !/nonroot/.test(reference)
  if (isRoot && kind !== 'other') ledger.left(by, runsAsRoot(kind, keepsShell))
}

function runsAsRoot(kind: BaseKind, keepsShell: boolean): string {
  return kind === 'debug' || keepsShell
    ? 'it runs as root; user = "65532" in [image] would not'
    : 'it runs as root; with xbuild it runs as nonroot (65532): user = "root" in [image] keeps root'
}
