import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mapLimit } from '../../util/map-limit.ts'
import { sipHash128 } from './sip-hash.ts'

/**
 * Which of the folders `o/DIGEST` of a cache of Zig a build can still find. A manifest `h/INPUTS` lists the files that went
 * into a result, with the hash of each, and is written anew when one changes; all of it hashed is the name of the result.
 * So the results before an edit have no manifest any more, and no Zig looks for them (lib/std/Build/Cache.zig).
 * @param packages the packages that the project names: what was compiled of others is not found either
 * @returns undefined where the manifests are of another form than those of Zig 0.14 to 0.17: then nobody knows
 */
export async function findableResults(
  cache: string,
  packages: ReadonlySet<string> | undefined,
): Promise<Set<string> | undefined> {
  const [manifests, results] = await Promise.all([namesIn(join(cache, 'h')), namesIn(join(cache, 'o'))])
  const found = new Set<string>()
  const read = await mapLimit(manifests, 32, async name => {
    const form = forms.find(({ file }) => file.test(name))
    if (!form) return name === 'timestamp'
    const content = await readFile(join(cache, 'h', name)).catch(() => undefined)
    // A compile that failed leaves an empty one.
    if (!content?.length) return true
    const inputs = form.read(content)
    if (!inputs) return false
    if (packages && inputs.some(({ path }) => isOfAnother(path, packages))) return true
    const hashes = inputs.map(({ hash }) => hash)
    found.add(
      sipHash128(Buffer.concat([Buffer.from(name.slice(0, 32), 'hex'), ...hashes]), form.key).toString('hex'),
    )
    for (const { path } of inputs) {
      // `zig build` writes some results, such as dependencies.zig, without a manifest of their own.
      const [, result] = /^o[/\\]([0-9a-f]{32})[/\\]/.exec(path) ?? []
      if (result !== undefined) found.add(result)
    }
    return true
  })
  // Where no result has the name that it should have, the hash is another one.
  const fits = read.every(Boolean) && (results.length === 0 || results.some(name => found.has(name)))
  return fits ? found : undefined
}

/** A file that went into a result. */
interface Input {
  readonly hash: Buffer
  readonly path: string
}

interface Form {
  readonly file: RegExp
  /** Of the hash; Zig takes another one with each new form. */
  readonly key: Buffer
  /** @returns undefined where the content is of another form. */
  readonly read: (content: Buffer) => Input[] | undefined
}

const forms: readonly Form[] = [
  // Zig 0.14 to 0.16: lines `SIZE INODE MTIME HASH PREFIX PATH` below a line `0`.
  {
    file: /^[0-9a-f]{32}\.txt$/,
    key: Buffer.from('3352a284cf17565701bbcde477d6f060', 'hex'),
    read: content => {
      const [header, ...lines] = content.toString().trimEnd().split('\n')
      const read = lines.map(line => /^\d+ \d+ -?\d+ ([0-9a-f]{32}) \d+ (.+)$/.exec(line))
      if (header !== '0' || read.some(line => line === null)) return undefined
      return read.map(line => ({ hash: Buffer.from(line?.[1] ?? '', 'hex'), path: line?.[2] ?? '' }))
    },
  },
  // Zig 0.17: size, inode and mtime of 8 bytes each, the hash, a byte of flags, the path and a zero; a zero ends the file.
  {
    file: /^[0-9a-f]{32}$/,
    key: Buffer.from('02e9fafee0958155f55a15cb4af40009', 'hex'),
    read: content => {
      const inputs: Input[] = []
      let offset = 0
      while (offset + 1 < content.length) {
        const end = content.indexOf(0, offset + 41)
        if (end < 0) return undefined
        const hash = content.subarray(offset + 24, offset + 40)
        inputs.push({ hash, path: content.toString('utf8', offset + 41, end) })
        offset = end + 1
      }
      return content[offset] === 0 ? inputs : undefined
    },
  },
]

/** Whether a file is of a package that the project does not name: `p/HASH/…` of the global cache, `zig-pkg/HASH/…`. */
function isOfAnother(path: string, packages: ReadonlySet<string>): boolean {
  const [, name] = /^(?:p|zig-pkg)[/\\]([^/\\]+)[/\\]/.exec(path) ?? []
  return name !== undefined && !packages.has(name)
}

const namesIn = (folder: string) => readdir(folder).catch((): string[] => [])
