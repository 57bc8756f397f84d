import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The program as it is installed; test/support/bundle.ts has built it before the first test. */
export const cliPath = fileURLToPath(new URL('../../bin/xbuild.js', import.meta.url))

/** What a call of the program did. */
export interface CliResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** How the program is called. Its environment is this process's, with `env` on top; undefined takes a variable out. */
export interface CliOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The number of the user that it runs as; only root can choose another. */
  readonly uid?: number
  /** Called with the child once it runs, to send it signals. */
  readonly onStart?: (pid: number) => void
  /** Called with each piece of stderr. */
  readonly onStderr?: (text: string) => void
}

/** Runs xbuild with these arguments and waits for it. */
export function xbuild(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    XBUILD_BACKEND: undefined,
    // Tests read the log as it is elsewhere.
    GITHUB_ACTIONS: undefined,
    GITLAB_CI: undefined,
    SOURCE_DATE_EPOCH: undefined,
    ...options.env,
  }
  for (const [name, value] of Object.entries(env)) if (value === undefined) delete env[name]
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cliPath, ...args], {
      cwd: options.cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.uid !== undefined && { uid: options.uid, gid: options.uid }),
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', text => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', text => {
      stderr += text
      options.onStderr?.(text)
    })
    child.on('error', reject)
    child.on('close', code => resolve({ code, stdout, stderr }))
    if (child.pid !== undefined) options.onStart?.(child.pid)
  })
}
