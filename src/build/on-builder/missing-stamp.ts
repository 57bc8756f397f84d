import type { GoProject } from '../../languages/go/project.ts'
import type { CompilePlan, Project } from '../../languages/language.ts'
import type { Artifact, SourceInfo } from '../../types.ts'

/** The part of a plan that says where it compiled, and of which commit. */
interface Stamped {
  readonly project: Project
  readonly source: SourceInfo
  readonly compile: Pick<CompilePlan, 'steps'>
}

/**
 * What to say where a compile on the builder left the commit out that one on this machine stamps: without git Go leaves it
 * out without a word, and so it does where the repository was not sent.
 */
export function missingStamp(
  { project, source, compile }: Stamped,
  artifacts: readonly Pick<Artifact, 'elf'>[],
): string | undefined {
  const stage = compile.steps.find(step => step.stage)?.stage
  if (!stage || project.language !== 'go' || source.revision === undefined) return undefined
  const asked = (project as GoProject).flags.values.get('buildvcs')
  if (asked !== undefined && /^(?:false|0|f)$/i.test(asked)) return undefined
  if (artifacts.every(({ elf }) => elf.go?.settings['vcs.revision'] !== undefined)) return undefined
  const sent = !stage.ignore.split('\n').includes('.git')
  const why = sent ? `${stage.image} has no git` : 'the repository is not sent to the builder'
  return `the commit is not in the program, as it would be if this machine had compiled it: ${why}`
}
