import { imageTaskId } from '../image/image-plan.ts'
import { readBackTaskId } from '../image/verify/read-back.ts'
import { languages } from '../languages/index.ts'
import type { Recorder } from '../recorder.ts'
import type { TaskInfo } from '../types.ts'
import { verifyTaskId } from './artifacts.ts'
import { basesTaskId } from './bases.ts'
import { stepId } from './compile.ts'
import type { Prepared } from './prepare.ts'

/** Tells whoever draws what a build is going to do. */
export function announce({ plan, backend, remarks, hints }: Prepared, recorder: Recorder): void {
  const { project, compile } = plan
  const steps = [...compile.prepare, ...compile.steps]
  const tasks: TaskInfo[] = [
    ...steps.map(step => ({ id: stepId(step), title: step.title })),
    { id: basesTaskId, title: 'Check the base' },
    { id: verifyTaskId, title: 'Verify the binaries' },
    ...plan.images.flatMap(image => [
      { id: imageTaskId(image), title: `Make the image ${image.spec.name}` },
      { id: readBackTaskId(image), title: `Read ${image.spec.name} back` },
    ]),
  ]
  const { name, version } = project.toolchain
  recorder.note('info', `${languages[project.language].title} project, ${name} ${version}`)
  if (backend.name === 'oci' && backend.reason) {
    recorder.note('warning', `${backend.reason}: xbuild makes the image itself, without docker buildx`)
  }
  for (const text of [...remarks, ...plan.remarks]) recorder.note('info', text)
  for (const text of compile.remarks ?? []) recorder.note('info', text)
  for (const text of compile.warnings ?? []) recorder.note('warning', text)
  for (const text of [...hints, ...compile.hints]) recorder.note('hint', text)
  recorder.emit({ type: 'plan', tasks })
  for (const { title, command, stage } of steps) {
    recorder.commands.push({ title, ...(stage?.command ?? command) })
  }
}
