/** What `cfg(…)` may ask of a target: its names, and its key-value pairs (Rust reference, conditional compilation). */
export interface TargetCfg {
  readonly names: ReadonlySet<string>
  readonly values: Readonly<Record<string, string>>
}

/** The architectures whose triple spells them otherwise than `target_arch` does. */
const architectures: Readonly<Record<string, string>> = {
  i686: 'x86',
  armv5te: 'arm',
  armv7: 'arm',
  riscv64gc: 'riscv64',
  powerpc64le: 'powerpc64',
  mips64el: 'mips64',
}

/** The cfg values of a Linux target triple, as `rustc --print cfg` lists them, as far as configurations ask for them. */
export function targetCfg(triple: string): TargetCfg {
  const [first = '', vendor = 'unknown'] = triple.split('-')
  const environment = triple.split('-').at(-1) ?? ''
  const arch = architectures[first] ?? first
  return {
    names: new Set(['unix']),
    values: {
      target_os: 'linux',
      target_family: 'unix',
      target_vendor: vendor,
      target_arch: arch,
      target_env: environment.startsWith('musl') ? 'musl' : 'gnu',
      target_endian: arch === 's390x' ? 'big' : 'little',
      target_pointer_width: ['x86', 'arm'].includes(arch) ? '32' : '64',
    },
  }
}

/** More than anybody writes, and less than the stack of a process holds. */
const deepest = 256

/**
 * Whether `cfg(all(unix, target_arch = "arm"))`, as a key of a cargo configuration, holds for a target. None does that is
 * nested without end.
 */
export function matchesCfg(expression: string, cfg: TargetCfg): boolean {
  const tokens = expression.match(/"[^"]*"|[A-Za-z_][A-Za-z0-9_-]*|[(),=]/g) ?? []
  let at = 0
  let depth = 0
  let isTooDeep = false
  const take = (token: string) => tokens[at] === token && ++at > 0
  const list = (): boolean[] => {
    const results: boolean[] = []
    if (!take('(')) return results
    isTooDeep ||= ++depth > deepest
    if (isTooDeep) at = tokens.length
    while (at < tokens.length && !take(')')) {
      results.push(predicate())
      take(',')
    }
    depth--
    return results
  }
  const predicate = (): boolean => {
    const name = tokens[at++] ?? ''
    if (name === 'all' || name === 'cfg') return list().every(Boolean)
    if (name === 'any') return list().some(Boolean)
    if (name === 'not') return !list().some(Boolean)
    if (take('=')) return cfg.values[name] === tokens[at++]?.slice(1, -1)
    return cfg.names.has(name)
  }
  const holds = predicate()
  return holds && !isTooDeep
}
