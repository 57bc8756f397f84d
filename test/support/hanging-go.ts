import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { temporaryFolder } from './projects.ts'

export interface HangingGo {
  /** A PATH that finds it first. */
  readonly path: string
  /** The processes that hang, each the leader of its group. */
  started(): Promise<number[]>
}

/** A go that never ends one of its commands, and is real otherwise. `deaf` does not end on SIGTERM either. */
export async function hangingGo(command: string, deaf = false): Promise<HangingGo> {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'bin'))
  const trap = deaf ? "trap '' TERM; " : ''
  const script = [
    '#!/bin/sh',
    `if [ "$1" = ${command} ]; then ${trap}touch ${folder}/pid-$$; while :; do sleep 1; done; fi`,
    `PATH='${process.env['PATH']}' exec go "$@"`,
  ].join('\n')
  await writeFile(join(folder, 'bin/go'), script, { mode: 0o755 })
  return {
    path: [join(folder, 'bin'), process.env['PATH']].join(delimiter),
    started: async () =>
      (await readdir(folder)).filter(name => name.startsWith('pid-')).map(name => Number(name.slice(4))),
  }
}
