import type { ImageEntry, WholeImage } from './read-image.ts'

/** A field of both configs. */
export interface ConfigField {
  readonly name: string
  readonly dockerfile: string
  readonly xbuild: string
  readonly same: boolean
}

/** How two images of one project differ. Paths are absolute. */
export interface Comparison {
  readonly config: readonly ConfigField[]
  readonly files: {
    readonly same: number
    /** The content or the kind is another. */
    readonly different: readonly string[]
    /** Only the permission bits are. */
    readonly modes: readonly string[]
    readonly onlyDockerfile: readonly string[]
    readonly onlyXbuild: readonly string[]
  }
  readonly program: {
    readonly dockerfile?: ProgramFacts
    readonly xbuild?: ProgramFacts
    readonly same: boolean
    /** What the compilers say of themselves in the two binaries, where it differs. */
    readonly reasons: readonly string[]
  }
  /** Bytes that a pull moves. */
  readonly size: { readonly dockerfile: number; readonly xbuild: number }
}

interface ProgramFacts {
  readonly path: string
  readonly size: number
  readonly sha256: string
}

const fields = [
  'Entrypoint',
  'Cmd',
  'User',
  'WorkingDir',
  'Env',
  'ExposedPorts',
  'Labels',
  'Volumes',
  'StopSignal',
  'Healthcheck',
] as const

/** Compares the image of a Dockerfile with that of xbuild. Pure. */
export function compareImages(dockerfile: WholeImage, xbuild: WholeImage): Comparison {
  return {
    config: fields.flatMap((name): ConfigField[] => {
      const [a, b] = [dockerfile, xbuild].map(({ config }) => fieldText(config[name]))
      if (a === undefined && b === undefined) return []
      return [{ name, dockerfile: a ?? '', xbuild: b ?? '', same: a === b }]
    }),
    files: compareFiles(dockerfile, xbuild),
    program: comparePrograms(dockerfile, xbuild),
    size: { dockerfile: dockerfile.size, xbuild: xbuild.size },
  }
}

/** A value in a fixed order: that of ports, variables and labels means nothing. */
function fieldText(value: unknown): string | undefined {
  if (value === null || value === undefined || value === '') return undefined
  if (Array.isArray(value)) {
    const isPairs = value.every(item => typeof item === 'string' && /^\w+=/.test(item))
    return value.length === 0 ? undefined : isPairs ? [...value].sort().join(' ') : JSON.stringify(value)
  }
  if (typeof value !== 'object') return String(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  if (entries.length === 0) return undefined
  // Ports and volumes are names alone.
  const isSet = entries.every(
    ([, item]) => typeof item === 'object' && item !== null && Object.keys(item).length === 0,
  )
  return isSet ? entries.map(([key]) => key).join(' ') : JSON.stringify(Object.fromEntries(entries))
}

function compareFiles(
  { files: a, program: pa }: WholeImage,
  { files: b, program: pb }: WholeImage,
): Comparison['files'] {
  const result = {
    same: 0,
    different: [] as string[],
    modes: [] as string[],
    onlyDockerfile: [] as string[],
    onlyXbuild: [] as string[],
  }
  for (const [path, entry] of a) {
    const other = b.get(path)
    if (!other) {
      if (entry.type !== 'directory') result.onlyDockerfile.push(`/${path}`)
    } else if (contentOf(entry) !== contentOf(other)) result.different.push(`/${path}`)
    else if (entry.mode !== other.mode && entry.type !== 'symlink') result.modes.push(`/${path}`)
    else result.same++
  }
  for (const [path, entry] of b)
    if (!a.has(path) && entry.type !== 'directory') result.onlyXbuild.push(`/${path}`)
  // The program is spoken of on its own.
  const isProgram = (path: string) => path === pa?.path || path === pb?.path
  for (const key of ['different', 'onlyDockerfile', 'onlyXbuild'] as const)
    result[key] = result[key].filter(path => !isProgram(path)).sort()
  return result
}

const contentOf = ({ type, sha256, link }: ImageEntry) =>
  `${type} ${sha256 ?? ''} ${type === 'symlink' ? link : ''}`

function comparePrograms(dockerfile: WholeImage, xbuild: WholeImage): Comparison['program'] {
  const [a, b] = [dockerfile, xbuild].map(({ program }) => program)
  const facts = (one: typeof a) =>
    one && { path: one.path, size: one.entry.size, sha256: one.entry.sha256 ?? '' }
  const same = a !== undefined && a.entry.sha256 === b?.entry.sha256
  const [factsA, factsB] = [facts(a), facts(b)]
  return {
    ...(factsA && { dockerfile: factsA }),
    ...(factsB && { xbuild: factsB }),
    same,
    reasons: same ? [] : reasonsOf(a?.elf, b?.elf),
  }
}

type Elf = NonNullable<NonNullable<WholeImage['program']>['elf']>

function reasonsOf(a: Elf | undefined, b: Elf | undefined): string[] {
  if (!a || !b) return a === b ? [] : ['one of them is no ELF file']
  const settings = (elf: Elf): Record<string, string> => ({ go: elf.go?.version ?? '', ...elf.go?.settings })
  const [left, right] = [settings(a), settings(b)]
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])]
  const reasons = names
    .filter(name => (left[name] ?? '') !== (right[name] ?? ''))
    .map(name => `${name}: ${left[name] || 'none'} there, ${right[name] || 'none'} here`)
  const linkage = ({ interpreter }: Elf) => (interpreter === undefined ? 'static' : `dynamic, ${interpreter}`)
  if (linkage(a) !== linkage(b)) reasons.push(`linkage: ${linkage(a)} there, ${linkage(b)} here`)
  return reasons
}
