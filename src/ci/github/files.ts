import { randomUUID } from 'node:crypto'
import { appendFile } from 'node:fs/promises'
import { Failure } from '../../errors.ts'

/** Bytes that a step's summary may have; GitHub refuses a larger one. */
const summaryLimit = 1024 * 1024

/**
 * Adds values to one of the runner's files, such as GITHUB_OUTPUT. Each value is between lines of a random delimiter, so
 * that no value can end early and set another.
 * @throws {Failure} usage, where the variable is not set or its file cannot be written.
 */
export async function writeValues(
  variable: 'GITHUB_OUTPUT' | 'GITHUB_ENV' | 'GITHUB_STATE',
  values: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  await append(variable, formatValues(values), env)
}

/** The lines of such a file. */
export function formatValues(values: Readonly<Record<string, string>>, delimiter = newDelimiter()): string {
  return Object.entries(values)
    .map(([name, value]) => {
      if (name.includes(delimiter) || value.includes(delimiter))
        throw new Error('a value holds its delimiter')
      return `${name}<<${delimiter}\n${value}\n${delimiter}\n`
    })
    .join('')
}

const newDelimiter = () => `xbuild_${randomUUID()}`

/** Adds a folder to PATH for the steps that follow. */
export async function addPath(folder: string, env: NodeJS.ProcessEnv = process.env): Promise<void> {
  await append('GITHUB_PATH', `${folder}\n`, env)
}

/** Adds Markdown to the summary of the step; what is too long is cut, for GitHub would drop all of it. */
export async function writeSummary(markdown: string, env: NodeJS.ProcessEnv = process.env): Promise<void> {
  const text =
    Buffer.byteLength(markdown) <= summaryLimit ? markdown : `${markdown.slice(0, summaryLimit / 4)}\n\n…\n`
  await append('GITHUB_STEP_SUMMARY', text, env)
}

async function append(variable: string, text: string, env: NodeJS.ProcessEnv): Promise<void> {
  const path = env[variable]
  try {
    if (!path) throw new Error(`${variable} is not set`)
    await appendFile(path, text)
  } catch (error) {
    throw new Failure({
      kind: 'usage',
      what: `${variable} cannot be written`,
      ...(path && { where: path }),
      why: (error as Error).message,
      fix: 'run it in a step of GitHub Actions, or without --github',
      cause: error,
    })
  }
}
