import { buildsOfScript } from './command-line.ts'
import type { BuildCall, Job, Step, Value, Workflow } from './model.ts'
import type { Tree } from './yaml.ts'

type Parts = Pick<Workflow, 'kind' | 'jobs'>

/** The jobs of a GitHub workflow or of the runs of a composite action. */
export function readGitHub(text: string, root: Tree): Parts {
  const composite = root.get('runs')
  const jobs = composite.isMap
    ? [readJob(text, 'runs', composite)]
    : root
        .get('jobs')
        .entries()
        .filter(({ tree }) => tree.isMap)
        .map(({ key, tree }) => readJob(text, key.value, tree))
  return { kind: 'github', jobs }
}

function readJob(text: string, name: string, tree: Tree): Job {
  const runsOn = tree.get('runs-on')
  return {
    name,
    start: tree.start,
    end: tree.end,
    text: text.slice(tree.start, tree.end),
    matrix: tree
      .get('strategy')
      .entries()
      .some(({ key }) => key.value === 'matrix'),
    runsOn: text.slice(runsOn.start, runsOn.end),
    steps: tree
      .get('steps')
      .items()
      .filter(({ isMap }) => isMap)
      .map(step => readStep(text, step)),
  }
}

function readStep(text: string, tree: Tree): Step {
  const uses = tree.get('uses').scalar()
  const script = tree.get('run').script()
  const isBuild = uses && /^docker\/build-push-action@/.test(uses.value)
  return {
    id: tree.get('id').scalar()?.value,
    uses,
    usesComment: uses
      ? (/^[^\n]*?#([^\n]*)/.exec(text.slice(uses.end, uses.end + 200))?.[1] ?? '').trim()
      : '',
    run: script?.text,
    start: tree.start,
    end: tree.end,
    text: text.slice(tree.start, tree.end),
    builds: isBuild ? [readAction(uses, tree.get('with'))] : script ? buildsOfScript(script) : [],
  }
}

/** The inputs of docker/build-push-action; lists are separated by lines, platforms by commas too. */
function readAction({ start, end }: Value, inputs: Tree): BuildCall {
  const list = (name: string, separator: RegExp): Value[] => {
    const tree = inputs.get(name)
    const script = tree.script()
    const whole = script?.text.trim()
    if (!script || whole === undefined) return []
    const pieces = whole.includes('${{') ? whole.split('\n') : whole.split(separator)
    let from = 0
    return pieces
      .map(piece => piece.trim())
      .filter(piece => piece !== '' && !piece.startsWith('#'))
      .map(piece => {
        const index = Math.max(script.text.indexOf(piece, from), 0)
        from = index + piece.length
        return { value: piece, start: script.at(index), end: script.at(from - 1) + 1 }
      })
  }
  const one = (name: string) => inputs.get(name).scalar()
  return {
    kind: 'action',
    start,
    end,
    platforms: list('platforms', /[\n,]/),
    cacheFrom: list('cache-from', /\n/),
    cacheTo: list('cache-to', /\n/),
    tags: list('tags', /[\n,]/),
    outputs: list('outputs', /\n/),
    load: one('load'),
    push: one('push'),
    provenance: one('provenance'),
    noCache: one('no-cache'),
    file: one('file')?.value,
    context: one('context')?.value,
    target: one('target')?.value,
  }
}

const gitlabKeywords = new Set([
  'default',
  'include',
  'stages',
  'variables',
  'workflow',
  'image',
  'services',
  'cache',
  'spec',
])

/** The jobs of a .gitlab-ci.yml with their scripts. */
export function readGitLab(text: string, root: Tree): Parts {
  const jobs = root
    .entries()
    .filter(({ key, tree }) => tree.isMap && !gitlabKeywords.has(key.value))
    .map(({ key, tree }): Job => {
      const steps = ['before_script', 'script', 'after_script']
        .flatMap(name => tree.get(name).items())
        .flatMap((line): Step[] => {
          const script = line.script()
          if (!script) return []
          const { start, end } = line
          const part = text.slice(start, end)
          return [
            {
              id: undefined,
              uses: undefined,
              usesComment: '',
              run: script.text,
              start,
              end,
              text: part,
              builds: buildsOfScript(script),
            },
          ]
        })
      const { start, end } = tree
      const parallel = tree.get('parallel')
      return {
        name: key.value,
        start,
        end,
        text: text.slice(start, end),
        matrix: parallel.isMap,
        runsOn: '',
        steps,
      }
    })
  return { kind: 'gitlab', jobs }
}
