import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '../../src/process.ts'

let cwd: string
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'process-test-'))
})
afterAll(() => rm(cwd, { recursive: true, force: true }))

const node = (script: string, ...args: string[]) => ({
  tool: process.execPath,
  args: ['-e', script, ...args],
  cwd,
})
const alive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
/** A parent whose child outlives it unless the whole group is ended; prints the child's pid. */
const family = `const c = require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']); console.log(c.pid); setInterval(() => {}, 1000)`

async function waitUntil(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!condition() && Date.now() < deadline) await new Promise(resolve => setTimeout(resolve, 20))
}

describe('run', () => {
  it('keeps what a command prints that ends at once, in memory and in the log', async () => {
    const command = { tool: 'sh', args: ['-c', 'echo why >&2; exit 2'], cwd }
    const runs = Array.from({ length: 20 }, async (_, at) => {
      const logFile = join(cwd, ...Array.from({ length: 40 }, () => `${at}`), 'log')
      const { stderr } = await run(command, { logFile })
      expect(stderr).toBe('why\n')
    })
    await Promise.all(runs)
  })

  it('gives arguments to the tool as they are', async () => {
    const words = ['a b', '$(id)', '`id`', "it's", '"', '*', '-n', '', 'line\nbreak']
    const result = await run(node('console.log(JSON.stringify(process.argv.slice(1)))', '--', ...words))
    expect(JSON.parse(result.stdout)).toEqual(words)
  })

  it('takes a non-zero exit for a result', async () => {
    expect(await run(node('console.error("no"); process.exit(3)'))).toMatchObject({
      exitCode: 3,
      ok: false,
      stderr: 'no\n',
    })
  })

  it('adds the environment of the command to its own', async () => {
    const command = { ...node('console.log(process.env.XB, !!process.env.PATH)'), env: { XB: '1' } }
    expect((await run(command)).stdout).toBe('1 true\n')
  })

  it('hands on lines, ended by newlines and carriage returns, in every split', async () => {
    const lines: string[] = []
    const script = `process.stderr.write('one\\rtw'); setTimeout(() => process.stderr.write('o\\nthree'), 50)`
    await run(node(script), { onStderr: line => lines.push(line) })
    expect(lines).toEqual(['one', 'two', 'three'])
  })

  it('keeps the end of a long output', async () => {
    const result = await run(node('process.stdout.write("x".repeat(100000) + "end")'), { keep: 1000 })
    expect(result.stdout).toHaveLength(1000)
    expect(result.stdout.endsWith('end')).toBe(true)
  })

  it('writes a log without secrets', async () => {
    const logFile = join(cwd, 'logs', 'a.log')
    await run(node('console.log("https://user:hunter2@host/x"); console.error("API_TOKEN=abc")'), { logFile })
    const log = await readFile(logFile, 'utf8')
    expect(log).toContain('https://***@host/x')
    expect(log).not.toMatch(/hunter2|abc/)
  })

  it('says which tool is missing', async () => {
    await expect(run({ tool: 'no-such-tool-here', args: [], cwd })).rejects.toMatchObject({
      kind: 'tool',
      what: 'no-such-tool-here was not found',
    })
  })

  it('ends a tool and its children when aborted', async () => {
    const controller = new AbortController()
    let child = 0
    const running = run(node(family), {
      signal: controller.signal,
      onStdout: line => {
        child = Number(line)
        controller.abort()
      },
    })
    await expect(running).rejects.toMatchObject({ kind: 'interrupted' })
    await waitUntil(() => !alive(child))
    expect(child).toBeGreaterThan(0)
    expect(alive(child)).toBe(false)
  })

  it('ends a tool and its children after a timeout', async () => {
    let child = 0
    const result = await run(node(family), { timeout: 2, onStdout: line => (child = Number(line)) })
    expect(result).toMatchObject({ timedOut: true, ok: false })
    await waitUntil(() => !alive(child))
    expect(child).toBeGreaterThan(0)
    expect(alive(child)).toBe(false)
  })

  it('starts nothing once aborted', async () => {
    await expect(run(node(''), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      kind: 'interrupted',
    })
  })
})
