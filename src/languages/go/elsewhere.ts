import { readdir } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import { readTextIfThere } from '../../util/read-file.ts'

/** A program that `go list ./...` does not name, and how it can be built. */
export interface ProgramElsewhere {
  readonly name: string
  /** Its folder, below the one that was searched. */
  readonly folder: string
  readonly why: string
  readonly fix: string
}

/** Folders that Go leaves out, and such as hold no Go (`go help packages`). */
const left = /^(vendor|testdata|node_modules|dist|[._].*)$/
const otherSystems = new Set(
  'aix android darwin dragonfly freebsd illumos ios js netbsd openbsd plan9 solaris wasip1 wasm windows'.split(
    ' ',
  ),
)
/** Tags that every Linux build has. */
const isAlwaysSet = (tag: string) => /^(linux|unix|gc|go\d+\.\d+)$/.test(tag)

/** A monorepo may have more; a message can do without the rest. */
const mostFolders = 4000

/** Programs below a folder that stand behind a build tag or in a module of their own. */
export async function findProgramsElsewhere(root: string): Promise<ProgramElsewhere[]> {
  const found: ProgramElsewhere[] = []
  const queue: { folder: string; module: string }[] = [{ folder: root, module: root }]
  for (let at = 0; at < queue.length && at < mostFolders; at++) {
    const { folder, module } = queue[at] as (typeof queue)[number]
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
    const own = entries.some(({ name }) => name === 'go.mod') ? folder : module
    const program = await programIn(
      folder,
      entries.filter(entry => entry.isFile()).map(({ name }) => name),
    )
    if (program) found.push(...describe(root, folder, own, program.constraint))
    for (const entry of entries) {
      if (entry.isDirectory() && !left.test(entry.name)) {
        queue.push({ folder: join(folder, entry.name), module: own })
      }
    }
  }
  return found
}

function describe(root: string, folder: string, module: string, constraint?: string): ProgramElsewhere[] {
  const path = `./${relative(root, folder)}`
  const common = { name: basename(folder), folder: path }
  if (module !== root) {
    const inside = folder === module ? '' : ` --bin ./${relative(module, folder)}`
    return [
      {
        ...common,
        why: `is in a module of its own, ./${relative(root, module)}`,
        fix: `xbuild ${relative(root, module)}${inside}`,
      },
    ]
  }
  if (constraint === undefined) return []
  const all = [...constraint.matchAll(/(?<![!\w.])[\w.]+/g)].map(([tag]) => tag)
  const needed = all.filter(tag => !isAlwaysSet(tag))
  const tags = needed.length > 1 ? needed.filter(tag => tag !== 'cgo') : needed
  // A program for another system is none that an image could hold.
  if (tags.length === 0 || tags.some(tag => otherSystems.has(tag))) return []
  if (tags.join() === 'cgo') {
    return [
      {
        ...common,
        why: 'uses cgo, which CGO_ENABLED=0 or [go] cgo = false turns off',
        fix: 'unset CGO_ENABLED, or [go] cgo = true in xbuild.toml',
      },
    ]
  }
  return [
    {
      ...common,
      why: `is built only with //go:build ${constraint}`,
      fix:
        tags.length === 1 && tags[0] !== 'ignore'
          ? `xbuild --bin ${path} -- -tags=${tags[0]}   or [go] tags = ["${tags[0]}"] in xbuild.toml`
          : `xbuild --bin ${path} -- -tags=${tags.join(',') || 'TAGS'}`,
    },
  ]
}

/** The build constraint of the first program file of a folder that has one; undefined where no file is a program's. */
async function programIn(
  folder: string,
  names: readonly string[],
): Promise<{ constraint: string | undefined } | undefined> {
  const sources = names.filter(name => name.endsWith('.go') && !name.endsWith('_test.go'))
  for (const name of sources.filter(name => !/^[._]/.test(name))) {
    const text = (await readTextIfThere(join(folder, name))) ?? ''
    if (!/^package\s+main\b/m.test(text)) continue
    const head = text.slice(0, text.search(/^package\s/m))
    const importsC = /^import\s+"C"|^\s+"C"\s*$/m.test(text)
    return { constraint: /^\/\/go:build\s+(.+)$/m.exec(head)?.[1]?.trim() ?? (importsC ? 'cgo' : undefined) }
  }
  return undefined
}
