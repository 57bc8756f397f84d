import { type Dirent, existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import { type ElfFacts, readElfFile } from '../../binary/elf.ts'
import { Failure } from '../../errors.ts'
import type { RunResult } from '../../process.ts'
import type { CompiledBinary, ExpectedArtifact, Step } from '../../types.ts'
import { wasCached } from './messages.ts'
import { listSteps, withStep, type ZigStep } from './steps.ts'

/** A program that zig installed: its name, and its path below the prefix. */
interface Installed {
  readonly name: string
  readonly path: string
}

type Finished = Pick<RunResult, 'ok' | 'stderr' | 'seconds'>

/**
 * The programs in the prefix, which was empty before. Where one was guessed and one is there, that is the one, whatever
 * its name.
 * @throws {Failure} project, with the names that are there and the steps of build.zig, when none of them is the one
 * expected.
 */
export async function collectZig(step: Step, result: Finished): Promise<CompiledBinary[]> {
  const programs = await listPrograms(step)
  const facts = { seconds: result.seconds, cached: wasCached(result.stderr) }
  const found = step.produces.flatMap(expected => {
    const program = findProgram(expected, step, programs)
    return program ? [{ ...expected, ...facts, path: join(step.outputDir ?? '', program.path) }] : []
  })
  const missing = step.produces.find(({ name }) => !found.some(binary => binary.name === name))
  if (result.ok && missing) {
    // On a builder there is no zig to ask.
    const steps = step.stage ? [] : await listSteps(step)
    throw otherPrograms(missing.name, programs, step, steps)
  }
  return found
}

/** A step of build.zig that has the name of a program that the build did not install: `zig build hello`. */
export async function installingStep(step: Step, result: Finished): Promise<Step | undefined> {
  if (!result.ok) return undefined
  const programs = await listPrograms(step)
  const missing = step.produces.filter(expected => !findProgram(expected, step, programs))
  const [only] = missing
  if (!only || missing.length > 1) return undefined
  const steps = await listSteps(step)
  return steps.some(({ name }) => name === only.name) ? withStep(step, only.name) : undefined
}

function findProgram(
  expected: ExpectedArtifact,
  { produces }: Step,
  programs: readonly Installed[],
): Installed | undefined {
  const named = programs.find(({ name }) => name === expected.name)
  if (named || !expected.predicted || produces.length > 1) return named
  return new Set(programs.map(({ name }) => name)).size === 1 ? programs[0] : undefined
}

/** Nearest to bin/ first: some projects install a second copy elsewhere. */
async function listPrograms({ outputDir = '' }: Step): Promise<Installed[]> {
  if (!existsSync(outputDir)) return []
  const entries = await readdir(outputDir, { recursive: true, withFileTypes: true })
  const files = entries.filter(entry => entry.isFile()).map(entry => relative(outputDir, pathOf(entry)))
  const depth = (path: string) => (dirname(path) === 'bin' ? 0 : path.split(sep).length)
  return files
    .filter(path => isProgram(join(outputDir, path), path.startsWith(`bin${sep}`)))
    .sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1))
    .map(path => ({ name: basename(path), path }))
}

const pathOf = ({ parentPath, name }: Dirent) => join(parentPath, name)

/** In bin/ every linked file counts, so that one that is linked wrongly is verified; elsewhere there are libraries, too. */
function isProgram(path: string, inBin: boolean): boolean {
  let elf: ElfFacts
  try {
    elf = readElfFile(path)
  } catch {
    return false
  }
  if (elf.type === 'exec') return true
  if (elf.type !== 'dyn') return false
  return elf.interpreter !== undefined || elf.linkage === 'static-pie' || (inBin && !/\.so(\.|$)/.test(path))
}

function otherPrograms(
  wanted: string,
  programs: readonly Installed[],
  { command }: Step,
  steps: readonly ZigStep[],
): Failure {
  const ran = command.args[command.args.indexOf('build') + 1]
  const names = [...new Set(programs.map(({ name }) => name))]
  const installed =
    names.length === 0 ? 'it installed no program for Linux' : `it installed ${names.join(', ')}`
  const listed = steps.map(({ name, description }) => `  ${name}${description ? `   ${description}` : ''}`)
  const [first] = steps
  return new Failure({
    kind: 'project',
    what: `zig build ${ran} installed no program called ${wanted}`,
    where: command.cwd,
    why: [installed, ...(first ? ['build.zig has these other steps:', ...listed] : [])].join('\n'),
    fix:
      [
        ...names.map(name => `--bin ${name}`),
        ...(first
          ? [`[zig] step = "${first.name}" in xbuild.toml, or the step that installs the program`]
          : []),
      ].join('\n') || 'call b.installArtifact(exe) in build.zig, or name the folder of a program: xbuild DIR',
  })
}
