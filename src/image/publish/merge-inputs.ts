import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Failure, isFailure } from '../../errors.ts'
import { formatReference, isDigest, parseReference, type Reference } from '../../oci/reference.ts'
import { printable } from '../../util/printable.ts'
import { readText } from '../../util/read-file.ts'

/** Images that become one. */
export interface MergeGroup {
  /** By digest, or by the tag where that is all that was given. */
  readonly sources: readonly Reference[]
  /** What the merged image is called, as given. */
  readonly tags: readonly string[]
}

/**
 * The images that arguments name: files of `--digest-file`, folders of such files, references and digests. Without tags
 * of their own they become the images whose tags the files name.
 * @throws {Failure} usage
 */
export async function readMergeInputs(
  words: readonly string[],
  tags: readonly string[],
): Promise<MergeGroup[]> {
  const texts = (await Promise.all(words.map(readWord))).flat()
  const [home] = tags.map(parseReference)
  const inputs = texts.map(text => readInput(text, home))
  if (tags.length > 0) {
    return [{ sources: distinctSources(inputs), tags }]
  }
  const groups = groupByTags(inputs)
  const untagged = groups.find(group => group.tags.length === 0)
  if (untagged) {
    throw new Failure({
      kind: 'usage',
      what: 'xbuild merge needs a tag',
      why: `${formatReference(untagged.sources[0] as Reference)} does not say which tag it was made for`,
      fix: 'xbuild merge --tag registry.example.com/app:1.0 …',
    })
  }
  checkTagsOnce(groups)
  return groups
}

/** A file's lines, or those of every file in a folder; any other word as it is. */
async function readWord(word: string): Promise<string[]> {
  if (isDigest(word)) return [word]
  const found = await stat(word).catch(() => undefined)
  if (found?.isDirectory()) {
    const files = await readdir(word, { recursive: true, withFileTypes: true })
    const paths = files.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
    if (paths.length === 0) throw noInput(word, 'it is a folder without a file')
    return (await Promise.all(paths.toSorted().map(readLines))).flat()
  }
  if (found?.isFile()) return readLines(word)
  if (saysWhich.test(word)) return [word]
  throw noInput(word, 'there is no such file, and a reference has a digest or a tag')
}

/** `latest` is meant by nobody here, and a name alone is any word of a file that is something else. */
const saysWhich = /@|:[\w.-]+$/

/** @throws {Failure} usage, with the line of the file. */
function checkWord(word: string, where: string): void {
  if (isDigest(word)) return
  if (!saysWhich.test(word))
    throw noInput(word, 'it is no digest, and no reference with a digest or a tag', where)
  try {
    parseReference(word)
  } catch (error) {
    throw isFailure(error) ? new Failure({ ...error, what: error.what, where }) : error
  }
}

/** References or digests, separated by white space. An empty file may be named after the digest (docker's own workflows). */
async function readLines(path: string): Promise<string[]> {
  const lines = (await readText(path, 1024 * 1024)).split('\n')
  const words = lines.flatMap((line, index) => {
    const found = line.split(/\s+/).filter(Boolean)
    for (const word of found) checkWord(word, `${path}:${index + 1}`)
    return found
  })
  if (words.length > 0) return words
  if (/^[a-f0-9]{64}$/.test(basename(path))) return [`sha256:${basename(path)}`]
  throw noInput(path, 'it is empty')
}

function readInput(text: string, home: Reference | undefined): Reference {
  if (!isDigest(text)) return parseReference(text)
  if (home) return { registry: home.registry, repository: home.repository, digest: text }
  throw new Failure({
    kind: 'usage',
    what: 'xbuild merge needs a tag',
    where: text,
    why: 'a digest alone does not say which repository it is in',
    fix: `xbuild merge --tag registry.example.com/app:1.0 ${text}`,
  })
}

/** Without the tag where there is a digest, each once. */
function distinctSources(inputs: readonly Reference[]): Reference[] {
  const sources = inputs.map(({ registry, repository, tag, digest }) =>
    digest === undefined ? { registry, repository, ...(tag && { tag }) } : { registry, repository, digest },
  )
  return [...new Map(sources.map(source => [formatReference(source), source])).values()]
}

/** The images by the tags that they were made for. */
function groupByTags(inputs: readonly Reference[]): MergeGroup[] {
  const groups = new Map<string, { inputs: Reference[]; tags: string[] }>()
  for (const input of inputs) {
    const tags = inputs
      .filter(other => other.digest !== undefined && other.digest === input.digest)
      .flatMap(({ tag, digest: _, ...repository }) => (tag ? [formatReference({ ...repository, tag })] : []))
    const distinct = [...new Set(tags)]
    const key = distinct.toSorted().join(' ') || `${input.registry}/${input.repository}`
    const group = groups.get(key) ?? { inputs: [], tags: distinct }
    group.inputs.push(input)
    groups.set(key, group)
  }
  return [...groups.values()].map(({ inputs, tags }) => ({ sources: distinctSources(inputs), tags }))
}

function checkTagsOnce(groups: readonly MergeGroup[]): void {
  const owners = new Map<string, MergeGroup>()
  for (const group of groups) {
    for (const tag of group.tags) {
      if (owners.has(tag)) {
        throw new Failure({
          kind: 'usage',
          what: `${tag} would be given to several images`,
          why: `some jobs were given other tags than others: ${groups.map(({ tags }) => tags.join(' ')).join('; ')}`,
          fix: `xbuild merge --tag ${tag} …, or the same --tag in every job`,
        })
      }
      owners.set(tag, group)
    }
  }
}

function noInput(word: string, why: string, where?: string): Failure {
  return new Failure({
    kind: 'usage',
    what: `${JSON.stringify(printable(word))} cannot be merged`,
    ...(where && { where }),
    why,
    fix: 'give files of --digest-file, references or digests',
  })
}
