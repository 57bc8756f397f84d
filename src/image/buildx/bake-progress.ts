import { isStatus, joinLines, type ProgressReader, readProgress, type SolveStatus } from './progress.ts'

/** Reads the stderr of `docker buildx bake --progress=rawjson`, where the progress of all targets is in one stream. */
export interface BakeProgress {
  /** Takes a line; gives a short text for each target of which what is going on has changed. */
  line(text: string): readonly { readonly target: string; readonly detail: string }[]
  /** The progress of a target as that of a build of its own; what is no progress is in that of every target. */
  of(target: string | undefined): ProgressReader
  /** What buildx itself said. */
  plain(): string
}

/**
 * A reader of the progress of a bake. buildx puts the target in front of what a vertex is called, `[one linux/arm64 2/3] COPY …`
 * and `[one] exporting …` (buildx util/progress/multiwriter.go); a vertex of several targets has one digest.
 */
export function readBakeProgress(targets: readonly string[]): BakeProgress {
  const lines = joinLines()
  const readers = targets.map(target => ({
    target,
    reader: readProgress(),
    prefix: new RegExp(`^\\[${target}(?:\\] | (?=\\S))`),
    digests: new Set<string>(),
  }))
  return {
    line(text) {
      const read = lines.take(text)
      if (!read) return []
      return readers.flatMap(({ target, reader, prefix, digests }) => {
        const detail = reader.take(isStatus(read) ? ownStatus(read, prefix, digests) : read)
        return detail === undefined ? [] : [{ target, detail }]
      })
    },
    of(target) {
      const found = readers.find(one => one.target === target)
      if (!found) throw new Error(`no target ${target}`)
      return found.reader
    },
    plain: () => [readers[0]?.reader.plain() ?? '', ...lines.rest()].join('\n'),
  }
}

/** The part of a status that is about a target, its vertices called as in a build of that target alone. */
function ownStatus(status: SolveStatus, prefix: RegExp, digests: Set<string>): SolveStatus {
  const { vertexes = [], statuses = [], logs = [], warnings = [] } = status
  const own = vertexes.flatMap(vertex => {
    const [found] = prefix.exec(vertex.name ?? '') ?? []
    if (found === undefined) return []
    digests.add(vertex.digest)
    const rest = vertex.name?.slice(found.length) ?? ''
    return [{ ...vertex, name: found.endsWith('] ') ? rest : `[${rest}` }]
  })
  const ofTarget = ({ vertex = '' }: { readonly vertex?: string }) => digests.has(vertex)
  return {
    vertexes: own,
    statuses: statuses.filter(ofTarget),
    logs: logs.filter(ofTarget),
    warnings: warnings.filter(ofTarget),
  }
}
