/** A call of addExecutable. */
interface Made {
  /** Undefined where the text does not tell it. */
  readonly name: string | undefined
  /** The variable that holds it; absent where another call takes it at once. */
  readonly variable: string | undefined
  /** Whether that call is installArtifact. */
  readonly installed: boolean
}

/**
 * Guesses, from the text of a build.zig, which executables it installs. Only running it tells for certain: it is a
 * program. Tools that run during the build, and what steps of their own install, are left out where the text shows what
 * the default step installs.
 * @param own the name of the project: what an executable is called that is installed by default, and whose name is no text
 */
export function guessExecutables(buildFile: string, own: string): string[] {
  const text = withoutComments(buildFile)
  const made = madeExecutables(text)
  const byDefault = made.filter(item => item.installed || installsByDefault(item, text))
  const ofDefault = [...byDefault.map(({ name = own }) => name), ...installedFiles(text)]
  const bySteps = made.filter(({ variable }) => isArgumentOf('addInstallArtifact', variable, text))
  const lists = [ofDefault, ...[bySteps, made].map(list => list.flatMap(({ name }) => name ?? []))]
  return [...new Set(lists.find(list => list.length > 0))]
}

function madeExecutables(text: string): Made[] {
  const calls = text.split(/\baddExecutable\s*\(/)
  return calls.slice(1).map((rest, index) => {
    const before = calls[index] ?? ''
    const variable = /\b(?:const|var)\s+(\w+)\s*=\s*[\w.]+\.$/.exec(before)?.[1]
    const installed = /\binstallArtifact\s*\(\s*\w+\.$/.test(before)
    return { name: readName(rest, text), variable, installed }
  })
}

/** By installArtifact, or by a step of addInstallArtifact that the default step depends on. */
function installsByDefault({ variable }: Made, text: string): boolean {
  if (variable === undefined) return false
  if (isArgumentOf('installArtifact', variable, text)) return true
  const call = `addInstallArtifact\\s*\\(\\s*${variable}\\b`
  const step = new RegExp(`\\b(?:const|var)\\s+(\\w+)\\s*=\\s*[\\w.]*${call}`).exec(text)?.[1]
  const depends = 'getInstallStep\\(\\)\\s*\\.dependOn\\(\\s*&'
  return new RegExp(`${depends}(?:[\\w.]*${call}${step === undefined ? '' : `|${step}\\.step\\b`})`).test(
    text,
  )
}

function isArgumentOf(call: string, variable: string | undefined, text: string): boolean {
  return variable !== undefined && new RegExp(`\\b${call}\\s*\\(\\s*${variable}\\b`).test(text)
}

/** Names that addInstallBinFile gives: strings, or constants that are one. */
function installedFiles(text: string): string[] {
  return text
    .split(/\baddInstallBinFile\s*\(/)
    .slice(1)
    .flatMap(rest => {
      const [, quoted, constant] = /^[^;]*?,\s*(?:"([^"\\/]+)"|(\w+))\s*,?\s*\)/.exec(rest) ?? []
      const name = constant === undefined ? quoted : readConstant(constant, text)
      return name === undefined || name.includes('.') ? [] : [name]
    })
}

/** Whether it asks for a target on its command line: without that it compiles for this machine only. */
export function takesTarget(buildFile: string): boolean {
  return /\bstandardTargetOptions(QueryOnly)?\s*\(|option\s*\([^)]*"target"/.test(withoutComments(buildFile))
}

/** The name given in an artifact's options, wherever it is among them: a string, or a constant that is one. */
function readName(options: string, text: string): string | undefined {
  const [, quoted, constant] =
    /^\.\{(?:[^;]*?,)?\s*\.name\s*=\s*(?:"([^"\\]+)"|(\w+)\s*[,}])/.exec(ownFields(options)) ?? []
  return constant === undefined ? quoted : readConstant(constant, text)
}

/** An options literal without what is in braces inside of it, such as those of createModule. */
function ownFields(text: string): string {
  let depth = 0
  let own = ''
  for (const [part] of text.matchAll(/"(?:[^"\\\n]|\\.)*"|[{}]|[^"{}]+/g)) {
    if (part === '}') depth--
    if (depth <= 1) own += part
    if (part === '{') depth++
    if (depth === 0 && own.includes('{')) break
  }
  return own.trimStart()
}

/** A string, or the one for Linux where Windows has another: `if (windows) "app.exe" else "app"`. */
function readConstant(name: string, text: string): string | undefined {
  const [, value = ''] = new RegExp(`\\bconst\\s+${name}\\b[^=;]*=\\s*([^;]*);`).exec(text) ?? []
  if (!/^(?:"|if\b|switch\b)/.test(value)) return undefined
  const strings = [...value.matchAll(/"([^"\\]+)"/g)].map(([, quoted = '']) => quoted)
  const names = new Set(strings.filter(string => !string.endsWith('.exe')))
  return names.size === 1 ? [...names][0] : undefined
}

function withoutComments(text: string): string {
  return text.replace(/("(?:[^"\\\n]|\\.)*")|\/\/[^\n]*/g, (_, quoted?: string) => quoted ?? '')
}
