import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/** One call that a logging tool passed on. */
export interface LoggedCall {
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

/**
 * Puts a real tool behind a script that logs each call and then becomes the tool, so that a test sees what was run and
 * the run is real.
 * @returns the PATH that finds the script first, and a reader of the log
 */
export async function loggingTool(
  folder: string,
  tool: string,
): Promise<{ path: string; calls: () => Promise<LoggedCall[]> }> {
  const bin = join(folder, 'logging-bin')
  const log = join(folder, `${tool}.log`)
  await mkdir(bin, { recursive: true })
  const path = process.env['PATH'] ?? ''
  const script = [
    `#!${process.execPath}`,
    `const { appendFileSync } = require('node:fs')`,
    `const { spawnSync } = require('node:child_process')`,
    `const call = { args: process.argv.slice(2), cwd: process.cwd(), env: process.env }`,
    `appendFileSync(${JSON.stringify(log)}, JSON.stringify(call) + '\\n')`,
    `const env = { ...process.env, PATH: ${JSON.stringify(path)} }`,
    `const { status } = spawnSync(${JSON.stringify(tool)}, call.args, { stdio: 'inherit', env })`,
    `process.exit(status ?? 1)`,
  ].join('\n')
  await writeFile(join(bin, tool), script)
  await chmod(join(bin, tool), 0o755)
  const calls = async () => {
    const text = await readFile(log, 'utf8').catch(() => '')
    return text
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line) as LoggedCall)
  }
  return { path: [bin, path].join(delimiter), calls }
}
