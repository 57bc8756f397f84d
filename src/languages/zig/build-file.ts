/**
 * Guesses, from the text of a build.zig, which executables it installs. Only running it tells for certain: it is a
 * program. Tools that run during the build are left out where the text shows which ones are installed.
 */
export function guessExecutables(buildFile: string): string[] {
  const text = withoutComments(buildFile)
  const calls = text.split(/\baddExecutable\s*\(/)
  const named = calls.slice(1).flatMap((rest, index) => {
    const name = readName(rest, text)
    const variable = /\b(?:const|var)\s+(\w+)\s*=\s*[\w.]+\.$/.exec(calls[index] ?? '')?.[1]
    return name === undefined ? [] : [{ name, variable }]
  })
  const installed = named.filter(
    ({ variable }) => variable && new RegExp(`\\b(addI|i)nstallArtifact\\s*\\(\\s*${variable}\\b`).test(text),
  )
  const names = (installed.length > 0 ? installed : named).map(({ name }) => name)
  return [...new Set([...names, ...installedFiles(text)])]
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

/** The name given in an artifact's options: a string, or a constant that is one. */
function readName(options: string, text: string): string | undefined {
  const [, quoted, constant] =
    /^\s*\.\{\s*(?:[^}]*?,\s*)?\.name\s*=\s*(?:"([^"\\]+)"|(\w+)\s*[,}])/.exec(options) ?? []
  return constant === undefined ? quoted : readConstant(constant, text)
}

/** A constant that is a string, or `if (windows) "app.exe" else "app"`. */
function readConstant(name: string, text: string): string | undefined {
  const string = '"([^"\\\\]+)"'
  const choice = `if\\s*\\([^;"]*"[^"]*\\.exe"\\s*else\\s*`
  return new RegExp(`\\bconst\\s+${name}\\b[^=;]*=\\s*(?:${choice})?${string}`).exec(text)?.[1]
}

function withoutComments(text: string): string {
  return text.replace(/("(?:[^"\\\n]|\\.)*")|\/\/[^\n]*/g, (_, quoted?: string) => quoted ?? '')
}
