import { defineConfig } from 'vitest/config'

const common = { extends: true, test: {} } as const

export default defineConfig({
  test: {
    reporters: ['default', './test/support/skips.ts'],
    globalSetup: ['test/support/bundle.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // What runs in the test's own process; the program that tests start is the bundle, and is not counted.
    coverage: { provider: 'v8', include: ['src/**/*.ts'], reporter: ['text-summary'] },
    projects: [
      { ...common, test: { name: 'fast', include: ['test/{unit,integration}/**/*.test.ts'] } },
      // One file at a time: they share an engine and its emulators, which one of them takes away for a while.
      {
        ...common,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
