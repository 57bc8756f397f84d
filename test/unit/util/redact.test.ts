import { expect, test } from 'vitest'
import { redact, redactAll } from '../../../src/util/redact.ts'

test.each([
  ['https://me:hunter2@host/x', 'https://***@host/x'],
  ['fatal: https://:pat@example.com', 'fatal: https://***@example.com'],
  ['Authorization: Bearer abc.def', 'Authorization: Bearer ***'],
  ['authorization: basic bWU6cHc=', 'authorization: basic ***'],
  ['GITHUB_TOKEN=abc DB_PASSWORD=def', 'GITHUB_TOKEN=*** DB_PASSWORD=***'],
  [`ghp_${'a'.repeat(36)}`, 'ghp_***'],
  ['localhost:5000/app:1@sha256:00', 'localhost:5000/app:1@sha256:00'],
  ['main.go:3:15: undefined: token', 'main.go:3:15: undefined: token'],
])('%j becomes %j', (text, shown) => expect(redact(text)).toBe(shown))

test('a value keeps its form', () =>
  expect(
    redactAll({
      env: { GOPROXY: 'https://me:pw@host', DB_TOKEN: 'a "b" c', GOOS: 'linux' },
      list: ['x\nAPI_KEY=abc"}', 1, null, true],
    }),
  ).toEqual({
    env: { GOPROXY: 'https://***@host', DB_TOKEN: '***', GOOS: 'linux' },
    list: ['x\nAPI_KEY=***', 1, null, true],
  }))
