import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { TestContext } from 'vitest'

/** Skips a test that needs a tool which is not on PATH, with the reason; with XBUILD_REQUIRE_ALL=1 it fails instead. */
export function needsTool(context: Pick<TestContext, 'skip'>, tool: string): void {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)
  if (folders.some(folder => isExecutable(join(folder, tool)))) return
  const reason = `${tool} is not on PATH`
  if (process.env['XBUILD_REQUIRE_ALL'] === '1') throw new Error(`${reason}, and XBUILD_REQUIRE_ALL=1 is set`)
  context.skip(reason)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
