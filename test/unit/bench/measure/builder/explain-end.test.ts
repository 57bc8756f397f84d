import { expect, test } from 'vitest'
import { explainEnd } from '../../../../../src/bench/measure/builder/explain-end.ts'

test.each([
  [
    '#9 qemu: uncaught target signal 11 (Segmentation fault) - core dumped',
    'qemu: uncaught target signal 11 (Segmentation fault)',
  ],
  ['process "/bin/sh -c cargo build" did not complete successfully: exit code: 139', 'exit code: 139'],
  ['go: error: signal: segmentation fault (core dumped)', 'signal: segmentation fault (core dumped)'],
  ['(signal: 11, SIGSEGV: invalid memory reference)', 'signal: 11, SIGSEGV: invalid memory reference)'],
  ['go build x: exit status 132', 'exit status 132'],
])('%j is a crash of the emulator', (output, detail) => {
  expect(explainEnd('emulated', output, 'it failed')).toEqual({ kind: 'crashed', detail })
})

test.each([
  ['emulated', 'undefined: foo', /^it failed$/],
  ['emulated', 'did not complete successfully: exit code: 1', /^it failed$/],
  ['emulated', 'did not complete successfully: exit code: 1390', /^it failed$/],
  ['emulated', 'did not complete successfully: exit code: 137', /lack of memory/],
  ['emulated', 'exec /bin/sh: exec format error', /no emulator/],
  ['dockerfile-cross', 'did not complete successfully: exit code: 139', /^it failed$/],
] as const)('%s: %j is no crash of the emulator', (strategy, output, detail) => {
  expect(explainEnd(strategy, output, 'it failed')).toEqual({
    kind: 'failed',
    detail: expect.stringMatching(detail),
  })
})
