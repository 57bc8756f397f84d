/** Whether this is a job of a CI, all of which set CI; `CI=false` says that it is none. */
export function isCi(env: NodeJS.ProcessEnv = process.env): boolean {
  return !['', '0', 'false'].includes(env['CI'] ?? '')
}
