import type { BuildCall, Value, Workflow } from './model.ts'

/** One target of `docker buildx bake --print`. */
interface Target {
  readonly context?: string
  readonly dockerfile?: string
  readonly target?: string
  readonly platforms?: readonly string[]
  readonly tags?: readonly string[]
  readonly output?: readonly unknown[]
  readonly 'cache-to'?: readonly unknown[]
  readonly 'cache-from'?: readonly unknown[]
}

/** The targets that `docker buildx bake --print` gave, placed where the bake file names each. */
export function readBake(text: string, printed: string): Pick<Workflow, 'kind' | 'jobs'> {
  const { target = {} } = JSON.parse(printed) as { target?: Record<string, Target> }
  const builds = Object.entries(target).map(([name, one]) => readTarget(text, name, one))
  const step = {
    id: undefined,
    uses: undefined,
    usesComment: '',
    run: undefined,
    start: 0,
    end: text.length,
    text,
    builds,
  }
  const job = { name: 'bake', matrix: false, runsOn: '', start: 0, end: text.length, text, steps: [step] }
  return { kind: 'bake', jobs: [job] }
}

function readTarget(text: string, name: string, target: Target): BuildCall {
  const index = text.search(
    new RegExp(`\\btarget\\s+"${name.replace(/[^\w-]/g, '.')}"|"${name.replace(/[^\w-]/g, '.')}"\\s*:`),
  )
  const start = Math.max(index, 0)
  const line = text.indexOf('\n', start)
  const place = { start, end: index < 0 ? start : line < 0 ? text.length : line }
  const values = (list: readonly unknown[] = []): Value[] =>
    list.map(item => ({ ...place, value: attributes(item) }))
  const outputs = values(target.output)
  return {
    kind: 'bake',
    ...place,
    platforms: values(target.platforms),
    cacheFrom: values(target['cache-from']),
    cacheTo: values(target['cache-to']),
    tags: values(target.tags),
    outputs,
    load: outputs.find(({ value }) => /type=docker(?!.*dest=)/.test(value)),
    push: undefined,
    provenance: undefined,
    noCache: undefined,
    file: target.dockerfile,
    context: target.context,
    target: target.target,
  }
}

/** `type=gha,scope=x`: newer versions of bake print it as an object. */
function attributes(item: unknown): string {
  if (typeof item !== 'object' || item === null) return String(item)
  return Object.entries(item)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
}
