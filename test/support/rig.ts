import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, it } from 'vitest'
import { holdEmulators } from './emulators.ts'

/** What `test/rig/up` can bring up; its env file lists what it has. */
export type Capability =
  | 'engine'
  | 'classic'
  | 'registry'
  | 'auth-registry'
  | 'qemu'
  | 'no-qemu'
  | 'bases'
  | 'buildx'
  | 'buildx-old'
  | 'buildkit'
  | 'crane'
  | 'skopeo'
  | 'docker'
  | 'zig'
  | 'cross-gcc'
  | 'rust'
  | 'golang-image'
  | 'rust-image'
  | 'zig-image'

const file =
  process.env['XBUILD_RIG_ENV'] ?? join(fileURLToPath(new URL('../..', import.meta.url)), '.rig', 'env')

/** The variables that `test/rig/up` wrote; empty where it was not run. */
export const rig: Readonly<Record<string, string>> = existsSync(file)
  ? parseEnv(readFileSync(file, 'utf8'))
  : {}

/** A variable of the rig's env file. */
export function rigValue(name: string): string {
  const value = rig[name]
  if (value === undefined) throw new Error(`the rig has no ${name}`)
  return value
}

/** The environment in which tools find the rig's engine, log-in file and programs. */
export function rigEnvironment(): Record<string, string> {
  return {
    DOCKER_HOST: rigValue('DOCKER_HOST'),
    DOCKER_CONFIG: rigValue('DOCKER_CONFIG'),
    PATH: [rigValue('XBUILD_RIG_PATH'), process.env['PATH'] ?? ''].join(delimiter),
  }
}

/** Why a capability is not there, in the words of the rig; undefined when it is. */
export function lacking(capability: Capability): string | undefined {
  if ((rig['XBUILD_RIG_HAS'] ?? '').split(' ').includes(capability)) return undefined
  const reasons = (rig['XBUILD_RIG_MISSING'] ?? '').split('; ')
  const reason = reasons.find(text => text.startsWith(`${capability}:`))
  return (
    reason ??
    `${capability}: ${existsSync(file) ? 'the rig did not bring it up' : 'no rig; run test/rig/up all'}`
  )
}

/** Milliseconds to wait for the groups that hold the kernel's emulators the other way. */
const lockTimeout = 1_800_000

/**
 * A group of tests that needs parts of the rig. Without them it is skipped, with the reason in its title so that the
 * list of skips shows it; with XBUILD_REQUIRE_ALL=1 it fails. While it runs, `qemu` keeps the emulators registered and `no-qemu`
 * keeps them away.
 */
export function describeWith(needs: readonly Capability[], title: string, tests: () => void): void {
  const reasons = needs.map(lacking).filter(reason => reason !== undefined)
  if (reasons.length === 0) {
    describe(title, () => {
      const switcher = rig['XBUILD_RIG_QEMU_SWITCH']
      const state = needs.includes('no-qemu') ? 'off' : needs.includes('qemu') ? 'on' : undefined
      if (switcher && state) beforeAll(() => holdEmulators(switcher, state), lockTimeout)
      tests()
    })
    return
  }
  if (process.env['XBUILD_REQUIRE_ALL'] === '1') {
    throw new Error(
      `${title} needs what is not there, and XBUILD_REQUIRE_ALL=1 is set: ${reasons.join('; ')}`,
    )
  }
  // The tests themselves are not even collected: they may ask the rig for what it has not.
  describe.skipIf(true)(`${title} [skipped: ${reasons.join('; ')}]`, () => it('is not run', () => {}))
}

function parseEnv(text: string): Record<string, string> {
  const pairs = text.matchAll(/^([A-Z_][A-Z0-9_]*)='((?:[^']|'\\'')*)'$/gm)
  return Object.fromEntries([...pairs].map(([, name, value]) => [name, value?.replaceAll("'\\''", "'")]))
}
