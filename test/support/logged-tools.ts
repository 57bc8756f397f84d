import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { type FakeTools, fakeTools, type Reply } from './fake-tools.ts'
import { temporaryFolder } from './projects.ts'

const real = [
  ...[
    'git',
    'go',
    'cargo',
    'rustc',
    'rustup',
    'cc',
    'gcc',
    'zig',
    'python3',
    'clang',
    'ssh',
    'gpg',
    'make',
    'npm',
  ],
  ...['aarch64-linux-gnu-gcc', 'x86_64-linux-gnu-gcc', 'docker'],
]

/** Tools that say who calls them and how, and are real otherwise, but for those that a test stands in for. */
export interface LoggedTools {
  readonly path: string
  readonly fakes: FakeTools
  /** Calls since the last time, as `CALLER TOOL ARGUMENTS…`; the caller is `xbuild`, or the tool that called it. */
  calls(): Promise<string[]>
}

/** @param replies tools that are not real, by name */
export async function loggedTools(
  replies: Record<string, Reply | readonly Reply[]> = {},
): Promise<LoggedTools> {
  const folder = await temporaryFolder()
  const bin = join(folder, 'bin')
  const log = join(folder, 'log')
  await mkdir(bin)
  await writeFile(log, '')
  const fakes = await fakeTools(replies)
  const folders = [fakes.bin, ...(process.env['PATH'] ?? '').split(delimiter)]
  for (const tool of new Set([...real, ...Object.keys(replies)])) {
    const program = folders.map(path => join(path, tool)).find(existsSync)
    if (!program) continue
    const script = `#!/bin/sh\necho "\${LOGGED_BY:-xbuild} ${tool} $*" >>'${log}'\nexport LOGGED_BY=${tool}\nexec '${program}' "$@"\n`
    await writeFile(join(bin, tool), script, { mode: 0o755 })
  }
  return {
    path: [bin, process.env['PATH']].join(delimiter),
    fakes,
    calls: async () => {
      const text = await readFile(log, 'utf8')
      await writeFile(log, '')
      return text.split('\n').filter(Boolean)
    },
  }
}

/** The calls of xbuild itself: the tool and its words, without the settings that git gets before its command. */
export const ownCalls = (calls: readonly string[]): string[] =>
  calls
    .filter(line => line.startsWith('xbuild '))
    .map(line => line.slice('xbuild '.length))
    .map(line => (line.startsWith('git ') ? line.replaceAll(/ -c [^ ]+/g, '') : line))
