import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

/** What a fake tool does when it is called. The first reply that matches is given. */
export interface Reply {
  /** Matched against the arguments joined by spaces; absent matches every call. */
  when?: RegExp
  /** Give this reply so many times, then look further down the list. */
  times?: number
  stdout?: string
  stderr?: string
  exitCode?: number
  /** Files to write: by path (relative to the call's folder), or by the option that names it, such as `--metadata-file`. */
  files?: Record<string, string>
  /** Never ends by itself, after everything else was done. */
  hang?: boolean
  /** Does not end on SIGTERM. */
  ignoreTermination?: boolean
  /** Runs inside the tool, after the rest. Its source text is carried over, so it sees its two arguments and nothing else. */
  script?: (call: ScriptCall, node: ScriptModules) => void | Promise<void>
}

/** A call of a fake tool. */
export interface FakeCall {
  readonly tool: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** Which reply it got, counted from 0; -1 when none matched (the tool then exits with 97). */
  readonly reply: number
}

interface ScriptCall extends FakeCall {
  /** The value of an option of this call; throws when it is absent. */
  option(name: string): string
}

interface ScriptModules {
  readonly fs: typeof import('node:fs')
  readonly path: typeof import('node:path')
}

/** Executable stand-ins for real tools, in a folder of their own. */
export interface FakeTools {
  /** The folder to look tools up in. */
  readonly bin: string
  /** A PATH that finds the fakes first. Use `bin` alone as PATH where nothing else may be found. */
  readonly path: string
  /** Makes or replaces a tool. */
  add(name: string, replies: Reply | readonly Reply[]): Promise<void>
  /** The calls so far, in the order they began, of one tool or of all. */
  calls(name?: string): Promise<FakeCall[]>
}

const program = fileURLToPath(new URL('fake-tool.mjs', import.meta.url))
const folders: string[] = []

afterAll(async () => {
  await Promise.all(folders.splice(0).map(folder => rm(folder, { recursive: true, force: true })))
})

/** A set of fake tools; its folder is removed after the last test of the file. */
export async function fakeTools(tools: Record<string, Reply | readonly Reply[]> = {}): Promise<FakeTools> {
  const folder = await mkdtemp(join(tmpdir(), 'fake-tools-'))
  folders.push(folder)
  const bin = join(folder, 'bin')
  await mkdir(bin)
  const fakes: FakeTools = {
    bin,
    path: [bin, process.env.PATH ?? ''].join(delimiter),
    async add(name, replies) {
      const list = [replies].flat().map(reply => ({
        ...reply,
        when: reply.when?.source,
        script: reply.script?.toString(),
      }))
      await writeFile(join(folder, `${name}.json`), JSON.stringify({ replies: list }))
      const words = [process.execPath, program, folder, name].map(quote).join(' ')
      await writeFile(join(bin, name), `#!/bin/sh\nexec ${words} "$@"\n`)
      await chmod(join(bin, name), 0o755)
    },
    async calls(name) {
      const text = await readFile(join(folder, 'calls.jsonl'), 'utf8').catch(() => '')
      const all = text
        .split('\n')
        // The last is one that is still being written.
        .slice(0, -1)
        .map(line => JSON.parse(line) as FakeCall)
      return name === undefined ? all : all.filter(call => call.tool === name)
    },
  }
  for (const [name, replies] of Object.entries(tools)) await fakes.add(name, replies)
  return fakes
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}
