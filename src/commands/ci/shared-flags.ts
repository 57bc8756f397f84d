/** Flags that several tasks have: the help shows each once. */
export const reportFlag = {
  report: {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: 'Report of a build: jobs are balanced by its seconds, caches pruned to what it used',
  },
} as const

export const githubFlag = {
  github: { type: 'boolean', describe: 'Set outputs of the step, or add to its summary, in GitHub Actions' },
} as const
