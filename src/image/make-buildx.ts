import type { Options } from '../config/options.ts'
import type { ImagePlan } from '../plan.ts'
import type { ReportedImage } from '../report.ts'
import type { Command } from '../types.ts'
import type { BuilderFacts } from './builder.ts'
import type { MakeContext } from './make.ts'

export function imageCommand(
  _i: Pick<ImagePlan, 'spec' | 'destinations'>,
  _b: BuilderFacts,
  _o: Options,
): Command {
  throw new Error('x')
}
export async function makeWithBuildx(
  _i: ImagePlan,
  _b: BuilderFacts,
  _c: MakeContext,
): Promise<ReportedImage> {
  throw new Error('x')
}
