import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { cgoMode } from '../../../../src/languages/go/cgo-mode.ts'
import { linkerWords, readGoFlags } from '../../../../src/languages/go/goflags.ts'
import { assignmentsOf, strips, takeExternal } from '../../../../src/languages/go/ldflags.ts'
import { joinQuoted, splitQuoted } from '../../../../src/languages/go/quoted.ts'
import { type GoSetting, readGoSettings } from '../../../../src/languages/go/settings.ts'
import { checkTarget } from '../../../../src/languages/go/target.ts'
import { parsePlatforms } from '../../../../src/platforms.ts'
import { failureOf } from '../../../support/failure-of.ts'
import { temporaryFolder } from '../../../support/projects.ts'

const set = (values: Record<string, string>, from: GoSetting['from'] = 'the environment') =>
  new Map(Object.entries(values).map(([name, value]) => [name, { value, from }]))

test('words are split and joined as Go has it', () => {
  expect(splitQuoted(`-s  -w\n'-X=a.b=c d' "x'y" a"b c"`, 'x')).toEqual([
    ...['-s', '-w', '-X=a.b=c d', "x'y", 'a"b', 'c"'],
  ])
  expect(joinQuoted(['-s', 'a b', `"x`, "it's a", ''], 'x')).toBe(`-s "a b" '"x' "it's a" ""`)
  expect(() => splitQuoted(`-s 'x`, 'GOFLAGS')).toThrow(expect.objectContaining({ kind: 'usage' }))
  expect(() => joinQuoted([`a 'b" c`], 'x')).toThrow(expect.objectContaining({ kind: 'usage' }))
})

test('[go] env goes before the environment, and that before go env -w; an empty variable is none', async () => {
  const file = join(await temporaryFolder(), 'env')
  await writeFile(file, 'GOFLAGS=-v\nGOAMD64=v3\nCC=gcc\nCGO_ENABLED=0\n')
  const settings = await readGoSettings(
    file,
    { CC: 'zig cc', X: '' },
    { GOFLAGS: '-x', CC: 'clang', GOAMD64: '' },
  )
  expect(Object.fromEntries(settings)).toEqual({
    GOFLAGS: { value: '-x', from: 'the environment' },
    GOAMD64: { value: 'v3', from: 'go env -w' },
    CC: { value: 'zig cc', from: '[go] env' },
    CGO_ENABLED: { value: '0', from: 'go env -w' },
  })
  expect(await readGoSettings('off', {}, {})).toEqual(new Map())
})

describe('GOFLAGS', () => {
  const read = (flags: string, args: string[] = []) => readGoFlags(set({ GOFLAGS: flags }), args)

  it.each([
    ['-ldflags=-X=a/b.V=1', ['-X=a/b.V=1']],
    [`"-ldflags=-X a/b.V=1 -w"`, ['-X', 'a/b.V=1', '-w']],
    [`'-ldflags=-X "a/b.V=1 2"'`, ['-X', 'a/b.V=1 2']],
    ['--ldflags=all=-w', ['-w']],
    ['-ldflags=-s -ldflags=-w', ['-w']],
    ['-v', []],
  ])('%s gives the linker %j', (flags, words) => expect(read(flags).ldflags).toEqual(words))

  it('and the flags after -- give tags together, old spelling too', () => {
    expect(read('-tags=a,b', ['-tags=c']).tags).toEqual(['a', 'b', 'c'])
    expect(read(`'-tags=a b'`, ['-v', '--tags', 'b,d', '-race']).tags).toEqual(['a', 'b', 'd'])
  })

  it.each([
    ['-o=x', '-o'],
    ['-n', '-n'],
    ['-compiler=gccgo', '-compiler'],
    ['-buildmode=c-shared', '-buildmode=c-shared'],
    ['-buildmode=plugin', '-buildmode=plugin'],
    ['-ldflags=std=-w', 'GOFLAGS'],
    [`"-ldflags=-w`, 'GOFLAGS'],
  ])('%s is refused by name', async (flags, name) => {
    const failure = await failureOf(() => read(flags))
    expect(failure.kind).toBe('usage')
    expect(failure.what).toContain(name)
  })

  it.each([
    '-buildmode=pie',
    '-compiler=gc',
    '-n=false',
    '-mod=vendor',
    '-trimpath=false',
    '-buildvcs=false',
  ])('%s is left to go', flags => expect(read(flags).values.size).toBe(1))

  it.each([[['-n']], [['-buildmode', 'c-archive']], [['-buildmode=shared']]])(
    '%j after -- is refused',
    args => expect(() => readGoFlags(new Map(), args)).toThrow(expect.objectContaining({ kind: 'usage' })),
  )
})

test('the linker’s flags are read as the linker reads them', () => {
  expect(assignmentsOf(['-s', '-X', 'a.com/b.c/d.V=x=y.z', '-X=main.v=1', '--X=m.w=', '-X', 'bad'])).toEqual([
    { package: 'a.com/b.c/d', variable: 'V', value: 'x=y.z' },
    { package: 'main', variable: 'v', value: '1' },
    { package: 'm', variable: 'w', value: '' },
  ])
  expect(takeExternal(['-s', '-extldflags=-lm', '-w', '-extldflags', '-lz -s', '-v'])).toEqual({
    rest: ['-s', '-w', '-v'],
    external: '-lz -s',
  })
  expect([['-s'], ['-s', '-s=false'], ['-w'], ['--s=true']].map(strips)).toEqual([true, false, false, true])
  expect(linkerWords(' all=-s -w', 'x')).toEqual(['-s', '-w'])
})

describe('a target of the user’s', () => {
  const check = (values: Record<string, string>, ids: string, from?: GoSetting['from']) =>
    checkTarget(set(values, from), parsePlatforms([ids]))

  it.each([
    ['GOAMD64', 'v3', 'linux/amd64', '--platform linux/amd64/v3'],
    ['GOARM64', 'v9.0', 'linux/arm64', '--platform linux/arm64/v9'],
    ['GOARM64', 'v8.0,lse', 'linux/arm64', 'unset GOARM64'],
    ['GOARM', '6', 'linux/arm/v7', '--platform linux/arm/v6'],
    ['GO386', 'softfloat', 'linux/386', 'unset GO386'],
    ['GOMIPS64', 'softfloat', 'linux/mips64le', 'unset GOMIPS64'],
    ['GORISCV64', 'rva22u64', 'linux/riscv64', 'unset GORISCV64'],
    ['GOPPC64', 'power9', 'linux/ppc64le', 'unset GOPPC64'],
  ])('%s=%s is refused for %s', async (name, value, id, fix) => {
    const failure = await failureOf(() => check({ [name]: value }, id))
    expect(failure).toMatchObject({ kind: 'usage', what: `${name}=${value} contradicts ${id}` })
    expect(failure.fix).toContain(fix)
    // What a person keeps for this machine is no reason to stop.
    expect(check({ [name]: value }, id, 'go env -w')).toEqual([
      expect.stringMatching(`^${name}=${value}, set by go env -w, does not count`),
    ])
  })

  it.each([
    [{ GOAMD64: 'v1' }, 'linux/amd64'],
    [{ GOAMD64: 'v3' }, 'linux/arm64'],
    [{ GOAMD64: 'v3' }, 'linux/amd64,linux/amd64/v3'],
    [{ GOARM: '7,hardfloat' }, 'linux/arm/v7'],
    [{ GOOS: 'linux', GOARCH: 'arm64' }, 'linux/arm64'],
  ])('%j fits %s', (values, ids) => expect(check(values, ids)).toEqual([]))

  it('GOOS and GOARCH are told not to count', () =>
    expect(check({ GOOS: 'windows', GOARCH: 'riscv64' }, 'linux/arm64')).toEqual([
      'GOOS=windows of the environment does not count: images are for Linux',
      'GOARCH=riscv64 of the environment does not count: --platform linux/riscv64 builds for it',
    ]))
})

describe('CGO_ENABLED', () => {
  const mode = (cgo: 'auto' | boolean, value: string, from?: GoSetting['from']) =>
    cgoMode({ cgo }, set({ CGO_ENABLED: value }, from))

  it.each(['the environment', '[go] env', 'go env -w'] as const)('of %s is heeded', from => {
    expect(mode('auto', '0', from).mode).toBe(false)
    expect(mode('auto', '1', from)).toMatchObject({ mode: true, by: expect.stringContaining(from) })
  })

  it('goes before [go] cgo in the environment, after it in go env -w, and may not contradict it in one file', () => {
    expect(mode(true, '0')).toMatchObject({ mode: false, remarks: [expect.stringContaining('goes before')] })
    expect(mode(true, '0', 'go env -w')).toMatchObject({
      mode: true,
      remarks: [expect.stringContaining('does not count')],
    })
    expect(() => mode(false, '1', '[go] env')).toThrow(expect.objectContaining({ kind: 'usage' }))
    expect(mode(false, '0', '[go] env').remarks).toEqual([])
  })

  it('is 0 or 1', () => expect(() => mode('auto', 'yes')).toThrow(expect.objectContaining({ kind: 'usage' })))
})
