import { describe, expect, it } from 'vitest'
import { readArtifacts, readProgress } from '../../../../src/languages/rust/messages.ts'
import { parsePlatform } from '../../../../src/platforms.ts'
import type { Step } from '../../../../src/types.ts'

const amd64 = parsePlatform('amd64')
const arm64 = parsePlatform('arm64')

describe("cargo's messages", () => {
  const step: Step = {
    title: 'Compile',
    command: { tool: 'cargo', args: [], cwd: '/' },
    produces: [
      { platform: amd64, name: 'app' },
      { platform: arm64, name: 'app' },
    ],
  }
  const artifact = (executable: string | null, more: object = {}) =>
    JSON.stringify({
      reason: 'compiler-artifact',
      target: { name: 'app', kind: ['bin'] },
      executable,
      fresh: false,
      ...more,
    })
  const read = (...lines: string[]) =>
    readArtifacts(lines.join('\n'), step, { seconds: 3 }).map(
      ({ platform, path, cached }) => `${platform.id} ${path} ${cached}`,
    )

  it('name the programs, each platform by the folder of its triple', () => {
    expect(
      read(
        '{"reason":"build-script-executed"}',
        artifact('/t/x86_64-unknown-linux-musl/release/app', { fresh: true }),
        artifact('/t/aarch64-unknown-linux-gnu/dist/app'),
        '{"reason":"build-finished","success":true}',
      ),
    ).toEqual([
      'linux/amd64 /t/x86_64-unknown-linux-musl/release/app true',
      'linux/arm64 /t/aarch64-unknown-linux-gnu/dist/app false',
    ])
  })

  it('count for nothing where they are not of a program that was asked for', () => {
    expect(
      read(
        artifact(null),
        artifact('/t/release/app'),
        artifact('/t/x86_64-unknown-linux-musl/release/app', { target: { name: 'app', kind: ['lib'] } }),
        artifact('/t/x86_64-unknown-linux-musl/release/other', { target: { name: 'other', kind: ['bin'] } }),
        '"compiler-artifact" cut sho',
      ),
    ).toEqual([])
  })
})

describe("cargo's progress", () => {
  it.each([
    ['    Building [==>            ] 4/61: serde, libc(build)', '4 of 61: serde'],
    ['    Building [=======================> ] 60/61: app(bin)            ', '60 of 61: app'],
    ['    Building [                           ] 0/3', '0 of 3'],
    ['  Downloaded serde v1.0.0', 'Downloaded serde v1.0.0'],
    ['   Compiling serde v1.0.0', undefined],
    ['error: something 4/6: else', undefined],
  ])('%s', (line, expected) => {
    expect(readProgress(line)).toBe(expected)
  })
})
