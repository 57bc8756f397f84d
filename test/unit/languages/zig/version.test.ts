import { describe, expect, it } from 'vitest'
import { checkZigVersion, installZig, versionRemarks } from '../../../../src/languages/zig/version.ts'
import { failureOf } from '../../../support/failure-of.ts'

const asked = (minimum?: string) => ({ minimum, file: '/app/build.zig.zon' })

describe('the zig that a project asks for', () => {
  it.each([
    ['0.14.1', '0.14.1'],
    ['0.15.1', '0.14.1'],
    ['0.15.1', '0.15.0-dev.208+abc'],
    ['0.15.0-dev.300+abc', '0.15.0-dev.208+def'],
    ['0.13.0', undefined],
  ])('is there: %s for %s', (version, minimum) => {
    expect(() => checkZigVersion(version, asked(minimum))).not.toThrow()
  })

  it.each([
    ['0.13.0', '0.14.1', 'pip install ziglang==0.14.1'],
    ['0.14.0', '0.14.1', 'pip install ziglang==0.14.1'],
    ['0.14.1', '0.15.0-dev.208+abc', "pip install 'ziglang~=0.15.0'"],
    ['0.15.0-dev.100+abc', '0.15.0-dev.208+def', "pip install 'ziglang~=0.15.0'"],
    ['0.16.0-dev.1+abc', '0.16.0', 'pip install ziglang==0.16.0'],
  ])('is missing: %s for %s', async (version, minimum, fix) => {
    expect(await failureOf(() => checkZigVersion(version, asked(minimum)))).toMatchObject({
      kind: 'tool',
      what: `zig ${version} is too old for this project`,
      where: '/app/build.zig.zon',
      fix,
    })
  })

  it('is another minor version, which is said with the one that fits', () => {
    expect(versionRemarks('0.16.0', asked('0.14.1')).join()).toMatch(/this is 0\.16\.0.*ziglang==0\.14\.1$/)
    expect(versionRemarks('0.14.2', asked('0.14.1'))).toEqual([])
    expect(versionRemarks('0.16.0', asked())).toEqual([])
    expect(installZig(undefined)).toBe('pip install ziglang')
  })
})
