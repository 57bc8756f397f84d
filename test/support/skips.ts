import type { Reporter, TestModule } from 'vitest/node'

/** Prints every skipped test with its reason at the end of a run, then the totals on a line of their own. */
export default class SkipReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const counts = { passed: 0, failed: unhandled.length, skipped: 0 }
    const skips = new Map<string, number>()
    for (const module of modules) {
      if (module.state() === 'failed' && [...module.children.allTests('failed')].length === 0)
        counts.failed += 1
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed' || state === 'failed') counts[state] += 1
        if (state !== 'skipped') continue
        counts.skipped += 1
        const { note } = test.result() as { note?: string }
        const reason = note ?? /\[skipped: (.*?)\]( >|$)/.exec(test.fullName)?.[1] ?? test.fullName
        const key = `${module.relativeModuleId}: ${reason}`
        skips.set(key, (skips.get(key) ?? 0) + 1)
      }
    }
    if (skips.size > 0) console.log('\nSkipped, and why:')
    for (const [key, count] of [...skips].sort())
      console.log(`  ${key}${count > 1 ? ` (${count} tests)` : ''}`)
    console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
  }
}
