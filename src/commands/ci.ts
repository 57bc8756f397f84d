import type { Flags } from '../config/flags.ts'
import { Failure } from '../errors.ts'
import { cacheKeyTask } from './ci/cache-key.ts'
import { cachePathsTask } from './ci/cache-paths.ts'
import { matrixTask } from './ci/matrix.ts'
import { summaryTask } from './ci/summary.ts'
import type { CiTask } from './ci/task.ts'
import { defineCommand } from './command.ts'

/** Every task of `xbuild ci`, by its name. A new one is a file in ci/ and a line here. */
const tasks = {
  matrix: matrixTask,
  'cache-key': cacheKeyTask,
  'cache-paths': cachePathsTask,
  summary: summaryTask,
} as const satisfies Record<string, CiTask>

type TaskName = keyof typeof tasks
const names = Object.keys(tasks) as TaskName[]

/** `xbuild ci TASK [dir]`: what a pipeline needs around a build. */
export const ciCommand = defineCommand({
  usage: 'ci <task> [dir]',
  describe: `For pipelines: ${names.map(name => `${name} ${tasks[name].describe}`).join('; ')}`,
  positionals: {
    task: { choices: names, demandOption: true, describe: 'What to do' },
    dir: { type: 'string', describe: 'Folder of the project (.)' },
  },
  flags: Object.assign({}, ...Object.values(tasks).map(({ flags }) => flags)) as Flags,
  run: async argv => {
    const task: CiTask = tasks[argv.task]
    checkFlagsOf(argv.task, argv)
    await task.run(argv as Parameters<typeof task.run>[0])
  },
})

/** Tasks share one table of flags; one that is another task's is refused by name. */
function checkFlagsOf(name: TaskName, argv: object): void {
  const given = (flag: string) =>
    Object.entries(argv).some(([key, value]) => key === flag && value !== undefined)
  for (const other of names) {
    const foreign = Object.keys(tasks[other].flags).find(flag => given(flag) && !(flag in tasks[name].flags))
    if (foreign === undefined) continue
    throw new Failure({
      kind: 'usage',
      what: `--${foreign} is a flag of xbuild ci ${other}, not of xbuild ci ${name}`,
      fix: 'xbuild ci --help',
    })
  }
}
