import { relative, resolve, sep } from 'node:path'
import { buildFlags } from '../config/flags.ts'
import { resolveOptions } from '../config/options.ts'
import { Failure } from '../errors.ts'
import { interruptSignal } from '../interrupt.ts'
import { canAsk, confirm } from '../ui/confirm.ts'
import { createProgress } from '../ui/progress.ts'
import { cleanText, printJson } from '../util/printable.ts'
import { defineCommand, dirPositional } from './command.ts'

const ciKinds = ['github', 'gitlab', 'none'] as const

/** `xbuild init [dir]`: writes xbuild.toml, Makefile targets and a CI job; adopts the Dockerfile. */
export const initCommand = defineCommand({
  usage: 'init [dir]',
  describe: 'Write xbuild.toml, Makefile targets and a CI job; take over what a Dockerfile says',
  positionals: dirPositional,
  flags: {
    yes: { alias: 'y', type: 'boolean', describe: 'Write without asking' },
    ci: { choices: ciKinds, describe: 'Write a CI job for github, gitlab or none (by the repository)' },
    file: {
      alias: 'f',
      type: 'string',
      requiresArg: true,
      describe: 'The Dockerfile to take over (Dockerfile)',
    },
    'dry-run': { type: 'boolean', describe: 'Print the changes as a patch, and write nothing' },
    prove: {
      type: 'boolean',
      describe: 'Build with the Dockerfile and with xbuild, and compare both images',
    },
    lang: buildFlags.lang,
    json: { type: 'boolean', describe: 'Print what is found and done as JSON' },
  },
  run: async argv => {
    const { dir, lang, ci, file, yes = false, dryRun = false, prove = false, json = false } = argv
    const options = await resolveOptions({ dir, lang })
    const { readProject } = await import('../init/read-project.ts')
    const { planInit } = await import('../init/plan-init.ts')
    const found = await readProject(options, interruptSignal)
    const kind = ci ?? (await ciOf(found))
    const dockerfile = file === undefined ? undefined : findDockerfile(file, found)
    const plan = await planInit(found, options, { ci: kind, dockerfile })
    if (found.problem !== undefined) say(`The programs could not be listed: ${found.problem}`)
    if (!json) await show(plan)
    if (!json && plan.dockerfile === undefined) await nameOthers(found.dir)
    const written = dryRun ? [] : await write(plan, found.root, yes)
    if (!json && !dryRun) say(ending(plan.changes.length, written))
    const proof = prove ? await proveIt(found.dir, lang, plan.dockerfile, json) : undefined
    if (json) process.stdout.write(`${printJson(report(plan, written, proof))}\n`)
  },
})

type Lang = Parameters<typeof resolveOptions>[0]['lang']
type Plan = Awaited<ReturnType<typeof import('../init/plan-init.ts')['planInit']>>
type Found = Awaited<ReturnType<typeof import('../init/read-project.ts')['readProject']>>

const say = (text: string) => process.stderr.write(`${cleanText(text)}\n`)

/** The service whose files the repository has, or that its remote is on. */
async function ciOf({ facts, host, root }: Found): Promise<(typeof ciKinds)[number]> {
  const { existsSync } = await import('node:fs')
  const { join } = await import('node:path')
  if (existsSync(join(root, '.github/workflows'))) return 'github'
  if (facts.kindOf('.gitlab-ci.yml') || existsSync(join(root, '.gitlab-ci.yml'))) return 'gitlab'
  return host ?? 'none'
}

/** What became of each line goes to stderr; the patch is the result. */
async function show(plan: Plan): Promise<void> {
  const { describeChanges, describeEntries, describeKept, describeMissing } = await import(
    '../init/describe.ts'
  )
  process.stderr.write(cleanText(describeEntries(plan.entries)))
  process.stderr.write(cleanText(describeMissing(plan)))
  process.stdout.write(cleanText(describeChanges(plan)))
  process.stderr.write(cleanText(describeKept(plan)))
}

/** Says which Dockerfiles there are, where none is in a usual place. */
async function nameOthers(dir: string): Promise<void> {
  const { describeOthers, otherDockerfiles } = await import('../init/other-dockerfiles.ts')
  const text = describeOthers(await otherDockerfiles(dir, interruptSignal))
  if (text) say(text)
}

/** Writes what a person agrees to, file by file. */
async function write(plan: Plan, root: string, yes: boolean): Promise<readonly string[]> {
  if (plan.changes.length === 0) return []
  const agreed: Plan['changes'][number][] = []
  if (!yes && !canAsk()) throw nobodyToAsk(plan)
  for (const change of plan.changes) {
    const verb = change.before === undefined ? 'Write' : 'Add to'
    const isYes = yes || (await confirm(`${verb} ${change.path} (${change.what})?`, interruptSignal))
    if (isYes) agreed.push(change)
  }
  const { writeChanges } = await import('../init/write-files.ts')
  await writeChanges(root, agreed)
  return agreed.map(({ path }) => path)
}

function nobodyToAsk({ changes }: Plan): Failure {
  return new Failure({
    kind: 'usage',
    what: `Nothing was written: ${changes.map(({ path }) => path).join(', ')}`,
    why: 'stdin and stderr are no terminal, so nobody can be asked',
    fix: 'xbuild init --yes writes them; --dry-run prints them as a patch',
  })
}

/**
 * The file that --file names, as seen from the project: relative to the project, or as docker build has it, to this folder.
 * @throws {Failure} usage, where there is none.
 */
function findDockerfile(file: string, { dir, facts }: Found): string {
  const found = [resolve(dir, file), resolve(file)]
    .map(path => relative(dir, path).split(sep).join('/'))
    .find(path => facts.read(path) !== undefined)
  if (found !== undefined) return found
  throw new Failure({
    kind: 'usage',
    what: `There is no file ${file}, or it cannot be read`,
    where: dir,
    why: '--file names a Dockerfile, relative to the project or to the current folder',
    fix: 'xbuild init --file Dockerfile',
  })
}

function ending(changes: number, written: readonly string[]): string {
  if (changes === 0) return 'Nothing to change.'
  if (written.length === 0) return 'Nothing was written.'
  return `Wrote ${written.join(', ')}. xbuild plan shows what a build does now.`
}

function report(
  { changes, kept, entries, missing, dockerfile }: Plan,
  written: readonly string[],
  proof: unknown,
): object {
  return {
    ...(dockerfile !== undefined && { dockerfile }),
    lines: entries,
    ...(missing.length > 0 && { missing }),
    files: changes.map(({ path, before, after }) => ({
      path,
      new: before === undefined,
      written: written.includes(path),
      text: after,
    })),
    kept,
    ...(proof !== undefined && { proof }),
  }
}

/** Both builds; how they differ is printed on stdout. */
async function proveIt(
  dir: string,
  lang: Lang,
  dockerfile: string | undefined,
  json: boolean,
): Promise<unknown> {
  // What was written counts.
  const options = await resolveOptions({ dir, lang })
  if (dockerfile === undefined) {
    throw new Failure({
      kind: 'usage',
      what: 'There is no Dockerfile to compare with',
      where: options.dir,
      why: '--prove builds the project with its Dockerfile and with xbuild',
      fix: 'xbuild init --prove --file PATH/Dockerfile',
    })
  }
  const { prove } = await import('../init/prove/prove.ts')
  const { describeProof } = await import('../init/prove/text.ts')
  const progress = createProgress('auto')
  try {
    const proof = await prove(options, dockerfile, { emit: progress.emit, signal: interruptSignal })
    await progress.close()
    if (!json) process.stdout.write(cleanText(describeProof(proof)))
    return proof
  } finally {
    await progress.close()
  }
}
