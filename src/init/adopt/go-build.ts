import { assignmentsOf, takeExternal } from '../../languages/go/ldflags.ts'
import { splitQuoted } from '../../languages/go/quoted.ts'
import type { TomlValue } from '../settings.ts'
import { type Build, type Resolve, splitFlags } from './build.ts'
import { placeholderForOpen } from './known-names.ts'

/** Flags of go build that take a value as the next word (`go help build`). */
const valued = new Set(
  'o p tags ldflags gcflags asmflags gccgoflags mod modfile installsuffix buildmode pgo overlay pkgdir toolexec covermode coverpkg C compiler'.split(
    ' ',
  ),
)

/** Flags that change nothing of what xbuild makes. */
const harmless = new Set(['v', 'x', 'a', 'n', 'i', 'trimpath', 'installsuffix', 'p', 'compiler', 'work'])

/** Variables of the go command that xbuild sets by platform. */
const ofThePlatform = new Set(
  'GOOS GOARCH GOARM GOAMD64 GOARM64 GO386 GOMIPS GOMIPS64 GORISCV64 GOPPC64'.split(' '),
)
const ofTheMachine = new Set(
  'GOCACHE GOMODCACHE GOPATH GOROOT GOBIN GOTMPDIR GO111MODULE GOTOOLCHAIN'.split(' '),
)

/** `go build …` or `go install …` in the terms of `[go]`. */
export function readGoBuild(
  words: readonly string[],
  env: Readonly<Record<string, string>>,
  resolve: Resolve,
): Build {
  const { flags, rest } = splitFlags(words.slice(2), valued)
  const settings: Record<string, TomlValue> = {}
  const covered: string[] = []
  const left: string[] = []
  let output: string | undefined
  const goflags: string[] = []
  for (const { name, raw } of flags) {
    const { text, unknown } = raw === undefined ? { text: '', unknown: [] } : resolve(raw)
    if (name === 'o') output = text
    else if (name === 'ldflags') readLdflags(text, unknown, { settings, covered, left })
    else if (unknown.length > 0) left.push(`-${name} takes ${unknown[0]}, which has no value here`)
    else if (name === 'tags') settings['tags'] = text.split(/[\s,]+/).filter(Boolean)
    else if (name === 'mod' && text === 'vendor') covered.push('go uses vendor/ by itself')
    else if (name === 'mod' && text === 'readonly') covered.push('-mod=readonly is what go does')
    else if (['mod', 'buildvcs', 'pgo', 'gcflags', 'asmflags'].includes(name))
      goflags.push(raw === undefined ? `-${name}` : `-${name}=${text}`)
    else if (!harmless.has(name))
      left.push(`-${name}: xbuild -- -${name}${raw === undefined ? '' : `=${text}`} passes it to go`)
  }
  if (goflags.some(flag => /\s/.test(flag))) left.push(`${goflags.join(' ')}: pass it after --`)
  else if (goflags.length > 0) settings['env'] = { GOFLAGS: goflags.join(' ') }
  readGoEnvironment(env, settings, covered)
  const bins = rest.map(word => resolve(word).text).filter(word => !word.includes('$'))
  return { settings, bins: bins.map(goPackage), output, covered, left }
}

/** Variables of the go command in the terms of `[go]`. */
function readGoEnvironment(
  env: Readonly<Record<string, string>>,
  settings: Record<string, TomlValue>,
  covered: string[],
): void {
  for (const [name, value] of Object.entries(env)) {
    if (name === 'CGO_ENABLED') settings['cgo'] = value === '1'
    else if (ofThePlatform.has(name)) covered.push(`${name} follows from the platform`)
    else if (ofTheMachine.has(name)) covered.push(`${name} is this machine's`)
    else if (/^(?:GO[A-Z]+|CGO_\w+)$/.test(name) && value !== '')
      settings['env'] = withVariable(settings['env'] as Record<string, string> | undefined, name, value)
  }
}

/** Flags of the command come after those of GOFLAGS, and go takes the last. */
function withVariable(env: Readonly<Record<string, string>> = {}, name: string, value: string) {
  const flags = name === 'GOFLAGS' ? env['GOFLAGS'] : undefined
  return { ...env, [name]: flags === undefined ? value : `${value} ${flags}` }
}

interface Found {
  readonly settings: Record<string, TomlValue>
  readonly covered: string[]
  readonly left: string[]
}

/** -X becomes vars; -s and -w are xbuild's own, and it links statically without -extldflags. */
export function readLdflags(
  text: string,
  unknown: readonly string[],
  { settings, covered, left }: Found,
): void {
  const words = split(text)
  const vars: Record<string, string> = {}
  for (const { package: path, variable, value } of assignmentsOf(words)) {
    const name = `${path}.${variable}`
    const missing = unknown.find(each => value.includes(each))
    if (/\$/.test(name)) left.push(`-X ${name}: its name depends on the build`)
    else if (missing !== undefined) left.push(`-X ${name}: ${missing} has no value here`)
    else vars[name] = placeholderForOpen(variable, value) ?? value
  }
  if (Object.keys(vars).length > 0) settings['vars'] = vars
  const { rest, external } = takeExternal(withoutAssignments(words))
  const others = rest.filter(word => !/^--?(?:s|w)(?:=true)?$/.test(word))
  if (/-static\b/.test(external)) covered.push('xbuild links statically by itself')
  else if (external !== '') left.push(`-extldflags ${external}: [go] ldflags takes it`)
  const linkMode = others.findIndex(word => /^--?linkmode/.test(word))
  if (linkMode >= 0) {
    covered.push('xbuild chooses the link mode')
    others.splice(linkMode, others[linkMode]?.includes('=') ? 1 : 2)
  }
  const known = others.filter(word => !word.includes('$'))
  if (known.length < others.length) left.push(`-ldflags ${others.join(' ')}: it has no value here`)
  else if (known.length > 0) settings['ldflags'] = ['-s', '-w', ...known].join(' ')
}

function split(text: string): string[] {
  try {
    return splitQuoted(text, '-ldflags')
  } catch {
    return text.split(/\s+/)
  }
}

function withoutAssignments(words: readonly string[]): string[] {
  return words.filter((word, at) => !/^--?X(=|$)/.test(word) && !/^--?X$/.test(words[at - 1] ?? ''))
}

/** A package as --bin takes it: a file stands for its folder. */
function goPackage(word: string): string {
  const path = word.replace(/\/$/, '')
  if (!/\.go$|\/\*$/.test(path)) return path
  const folder = path.replace(/\/?[^/]*$/, '')
  return folder === '' || folder === '.' ? '.' : `./${folder.replace(/^\.\//, '')}`
}
