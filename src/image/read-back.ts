import type { ImagePlan } from '../plan.ts'
import type { ReportedImage } from '../report.ts'
import type { MakeContext } from './make.ts'
export async function readBack(_image: ImagePlan, _made: ReportedImage, _context: MakeContext): Promise<{ verified?: string }> {
  return {}
}
