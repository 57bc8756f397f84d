/** One node of a builder, as `docker buildx inspect` has it. */
export interface BuilderNode {
  readonly name: string
  readonly endpoint: string
  readonly status: string
  readonly error?: string
  /** Ids of the platforms that it builds, those first that it was created to be given. */
  readonly platforms: readonly string[]
  /** Those that it was created to be given (`--platform` of `docker buildx create`). */
  readonly asked: readonly string[]
  /** The platform of its own processor: BuildKit lists it first, and what it emulates after it. */
  readonly native?: string
  readonly driverOptions: string
  /** The text of its buildkitd.toml, where it was created with one. */
  readonly config: string
}

/** The nodes in the text of `docker buildx inspect`. */
export function parseNodes(text: string): BuilderNode[] {
  return text
    .split(/^(?=Name:)/m)
    .filter(part => /^Endpoint:/m.test(part))
    .map(part => {
      const key = (name: string) =>
        new RegExp(`^${name}:[ \\t]*(.*)$`, 'mi').exec(part)?.[1]?.trim() || undefined
      const listed = (key('Platforms') ?? '').split(/[\s,]+/).filter(Boolean)
      const native = listed.find(id => !id.endsWith('*'))
      const error = key('Error')
      return {
        name: key('Name') ?? '',
        endpoint: key('Endpoint') ?? '',
        status: key('Status') ?? 'unknown',
        ...(error && { error }),
        platforms: listed.map(id => id.replace('*', '')),
        asked: listed.filter(id => id.endsWith('*')).map(id => id.replace('*', '')),
        ...(native && { native }),
        driverOptions: key('Driver Options') ?? '',
        config: [...part.matchAll(/^ > (.*)$/gm)].map(([, line]) => line).join('\n'),
      }
    })
}
