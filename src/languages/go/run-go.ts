import { Failure } from '../../errors.ts'
import { type RunResult, run } from '../../process.ts'
import { quoteWord } from '../../util/quote-word.ts'
import type { GoContext } from './go-context.ts'
import { decidesOnGarbage } from './memory.ts'

/**
 * Runs a read-only go command in the environment that the project is compiled in.
 * @throws {Failure} tool, when Go is missing or too old; project, when the command fails.
 */
export async function runGo(
  cwd: string,
  args: readonly string[],
  { options, signal, onDownload, run: runTool = run, answers }: GoContext,
  target: Readonly<Record<string, string>> = {},
): Promise<Pick<RunResult, 'stdout' | 'stderr'>> {
  const known = answers?.find(args, target)
  if (known !== undefined) return { stdout: known, stderr: '' }
  // These need little memory, and it is not known yet whether this Go has GOMEMLIMIT: they collect more rarely, not never.
  const garbage = decidesOnGarbage({ ...process.env, ...options.go.env }) ? undefined : { GOGC: '400' }
  // What only reads compiles nothing, and the cache program may be where the project is compiled alone.
  const noProgram = { GOCACHEPROG: '' }
  const command = { tool: 'go', args, cwd, env: { ...garbage, ...options.go.env, ...noProgram, ...target } }
  const onStderr = (line: string) => {
    const [, what] = /^go: downloading (.+)$/.exec(line) ?? []
    if (what !== undefined) onDownload?.(what)
  }
  const result = await runTool(command, { signal, keep: 64 * 1024 * 1024, onStderr }).catch(goMissing)
  if (!result.ok) throw goFailed(result.stderr, cwd, options.go.env)
  // With more said than the answer, something was downloaded or is wrong.
  if (result.stderr === '') answers?.keep(args, target, result.stdout)
  return result
}

function goMissing(error: unknown): never {
  if (!(error instanceof Failure) || error.kind !== 'tool') throw error
  throw new Failure({
    kind: 'tool',
    what: 'go was not found on PATH',
    why: 'this is a Go project, and xbuild compiles it with the Go toolchain of this machine',
    fix: 'install Go from https://go.dev/dl/ or your system’s packages (apt-get install golang-go); or compile on a builder of docker buildx: --compile-on auto',
    cause: error,
  })
}

/** Turns what a read-only go command said into a failure: a toolchain that is too old is not a fault of the project. */
function goFailed(stderr: string, dir: string, goEnv: Readonly<Record<string, string>>): Failure {
  // What was downloaded before is not why it failed.
  const text = stderr.replace(/^go: (downloading|finding) .*\n?/gm, '').trim()
  const [, broken] = /verifying (\S+@\S+): open \S+\.zip: no such file/.exec(text) ?? []
  const variable = ofVariable(text, goEnv)
  const tooOld =
    /requires go >= (\S+) \(running go (\S+?)[;)]/.exec(text) ??
    /toolchain not available|golang\.org\/toolchain@/.exec(text)
  return tooOld
    ? new Failure({
        kind: 'tool',
        what: tooOld[1]
          ? `Go ${tooOld[2]} is too old: the project asks for ${tooOld[1]}`
          : 'The project’s Go toolchain is not available',
        where: dir,
        why: text,
        fix: tooOld[1]
          ? `install Go ${tooOld[1]}, or let Go fetch it: export GOTOOLCHAIN=auto`
          : 'install the Go that go.mod or GOTOOLCHAIN names, or let Go fetch it: export GOTOOLCHAIN=auto, with a way to GOPROXY',
      })
    : new Failure({
        kind: 'project',
        what: 'go could not read the project',
        where: dir,
        why: text || 'go says no more than that',
        // An interrupted download leaves a module whose sum is there and whose files are not.
        key: variable !== undefined && goEnv[variable] !== undefined ? keyOf(variable) : undefined,
        fix:
          (variable && unsetting(variable, goEnv)) ??
          `cd ${quoteWord(dir)} && ${broken ? `go mod download ${broken}` : 'go list ./...'}`,
      })
}

/** A variable of the user's that go complains of, by its name or its value. */
function ofVariable(text: string, goEnv: Readonly<Record<string, string>>): string | undefined {
  const set = { ...process.env, ...goEnv }
  return Object.keys(set).find(
    key =>
      /^(?:GO|CGO_)[A-Z0-9_]+$/.test(key) &&
      set[key] &&
      (new RegExp(`\\b${key}\\b`).test(text) || (key === 'GOWORK' && text.includes(set[key]))),
  )
}

/** `[cache] go` is handed over as the variable, too. */
const keyOf = (variable: string) => (variable === 'GOCACHEPROG' ? ['cache', 'go'] : ['go', 'env', variable])

function unsetting(variable: string, goEnv: Readonly<Record<string, string>>): string {
  if (goEnv[variable] === undefined) return `unset ${variable}`
  const other = variable === 'GOCACHEPROG' ? ', or go from [cache],' : ''
  return `remove ${variable} from [go] env${other} in xbuild.toml`
}
