import { dirname } from 'node:path'
import { Failure } from '../errors.ts'
import { run } from '../process.ts'
import { readText } from '../util/read-file.ts'

/** What `docker buildx bake --print` made of a file: JSON, its refusal, or why it could not be asked. */
export type Printed = { readonly json: string } | { readonly refused: string } | { readonly missing: string }

const timeout = 20

/** Lets buildx read a bake file, with all of its groups and targets; nothing is built. */
export async function printBake(path: string, signal?: AbortSignal): Promise<Printed> {
  const args = ['buildx', 'bake', '--print', '--progress=quiet', '--file', path, ...(await targetsOf(path))]
  try {
    const { ok, stdout, stderr, timedOut } = await run(
      { tool: 'docker', args, cwd: dirname(path) },
      { signal, timeout },
    )
    if (timedOut) return { missing: `docker buildx bake gave no answer within ${timeout} s` }
    if (ok && isJson(stdout)) return { json: stdout }
    const message = stderr
      .trim()
      .split('\n')
      .findLast(line => line.startsWith('ERROR: '))
    return message
      ? { refused: message.slice('ERROR: '.length) }
      : { missing: 'docker buildx bake --print is not there' }
  } catch (error) {
    if (error instanceof Failure && error.kind === 'tool') return { missing: error.what }
    throw error
  }
}

/** Every target by its name, so that those outside of the default group are seen too. */
async function targetsOf(path: string): Promise<string[]> {
  const text = await readText(path)
  const names = [...text.matchAll(/^\s*target\s+"([\w-]+)"\s*\{/gm)].map(([, name]) => name as string)
  return names.filter(name => !name.startsWith('_'))
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
