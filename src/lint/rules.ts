import type { Dockerfile } from '../dockerfile/model.ts'
import type { Rule, RuleInfo } from './finding.ts'
import { emulatedCompile, toolchainWithoutTarget } from './rules/compile.ts'
import { constantArchitecture } from './rules/constant-architecture.ts'
import { dockerignoreHidesSource, sourcesBeforeDependencies } from './rules/context.ts'
import { movingBaseTag, scratchWithoutCertificates } from './rules/final-image.ts'
import { foreignAsset } from './rules/foreign-asset.ts'
import { basePlatform, ignoreComment, unreadableFile } from './rules/of-the-run.ts'
import { platformArgDefault, platformArgUndeclared } from './rules/platform-args.ts'
import { constantPlatform, finalStagePlatform, redundantTargetPlatform } from './rules/stage-platform.ts'
import { qemuNotNeeded, retiredAction } from './rules/workflow-actions.ts'
import { lambdaAttestations, loadSeveralPlatforms, noRemoteCache } from './rules/workflow-build.ts'
import { cacheModeMin, ghaCacheInRun, ghaCacheScope } from './rules/workflow-cache.ts'
import { matrixOneTag } from './rules/workflow-matrix.ts'
import type { Workflow } from './workflow/model.ts'

/** The rules for Dockerfiles. Adding one is a record in rules/ and a line here. */
export const dockerfileRules: readonly Rule<Dockerfile>[] = [
  platformArgDefault,
  platformArgUndeclared,
  finalStagePlatform,
  toolchainWithoutTarget,
  constantArchitecture,
  emulatedCompile,
  constantPlatform,
  foreignAsset,
  dockerignoreHidesSource,
  sourcesBeforeDependencies,
  scratchWithoutCertificates,
  redundantTargetPlatform,
  movingBaseTag,
]

/** The rules for GitHub workflows, GitLab pipelines and bake files. */
export const workflowRules: readonly Rule<Workflow>[] = [
  matrixOneTag,
  loadSeveralPlatforms,
  lambdaAttestations,
  ghaCacheScope,
  ghaCacheInRun,
  noRemoteCache,
  cacheModeMin,
  retiredAction,
  qemuNotNeeded,
]

/** Every rule by what is known of it, in the order of the documentation. */
export const allRules: readonly RuleInfo[] = [
  ...dockerfileRules,
  basePlatform,
  ...workflowRules,
  ignoreComment,
  unreadableFile,
]

/** The rule of an ID. */
export function findRule(id: string): RuleInfo | undefined {
  return allRules.find(rule => rule.id === id)
}
