import { execFileSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

const folders: string[] = []
afterAll(async () => {
  await Promise.all(folders.splice(0).map(folder => rm(folder, { recursive: true, force: true })))
})

/** An empty folder that is removed after the last test of the file. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'xbuild-test-'))
  folders.push(folder)
  return folder
}

/** A folder with these files, by relative path. */
export async function project(files: Readonly<Record<string, string>>): Promise<string> {
  const dir = await temporaryFolder()
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true })
    await writeFile(join(dir, path), text)
  }
  return dir
}

/** A copy of one of examples/, without what builds have left in it. */
export async function example(name: string): Promise<string> {
  const dir = join(await temporaryFolder(), name)
  const source = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url))
  const left = /\/(dist|target|zig-out|\.zig-cache|\.xbuild)$/
  cpSync(source, dir, { recursive: true, filter: path => !left.test(path.slice(source.length)) })
  return dir
}

/** Makes a git repository of a folder, with one commit of fixed date, so that two copies have one revision. */
export function commit(dir: string, tag?: string): void {
  const git = (...args: string[]) =>
    execFileSync(
      'git',
      ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', '-c', 'init.defaultBranch=main', ...args],
      {
        cwd: dir,
        stdio: 'pipe',
        env: { ...process.env, GIT_AUTHOR_DATE: '1700000000 +0000', GIT_COMMITTER_DATE: '1700000000 +0000' },
      },
    )
  git('init', '-q')
  git('add', '-A')
  git('commit', '-qm', 'first')
  if (tag) git('tag', tag)
}

/** The smallest Go program, as the files of a module. */
export const helloGo = {
  'go.mod': 'module example.com/hello\n\ngo 1.21\n',
  'main.go': 'package main\n\nvar version = "dev"\n\nfunc main() { println("hello", version) }\n',
}
