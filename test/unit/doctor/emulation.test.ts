import { describe, expect, it } from 'vitest'
import { exitProgram } from '../../../src/binary/exit-program.ts'
import { binfmtFault, handlerOf, readHandlers } from '../../../src/doctor/binfmt.ts'
import { emulation } from '../../../src/doctor/checks/emulation.ts'
import { parsePlatform, platforms } from '../../../src/platforms.ts'
import { project } from '../../support/projects.ts'
import { around, type Changes } from './around.ts'

/** As tonistiigi/binfmt and Debian's qemu-user-static register them. */
const magics: Readonly<Record<string, readonly [magic: string, mask: string]>> = {
  'qemu-loongarch64': [
    '7f454c4602010100000000000000000002000201',
    'fffffffffffffffcfffffffffffffffffeffffff',
  ],
  'qemu-s390x': ['7f454c4602020100000000000000000000020016', 'ffffffffffffff00fffffffffffffffffffeffff'],
  'qemu-mips64el': ['7f454c4602010100000000000000000002000800', 'ffffffffffffff00fffffffffffffffffeffffff'],
}

const entry = (name: string, { interpreter = '/usr/bin/qemu', flags = 'OCF', state = 'enabled' } = {}) => {
  const [magic, mask] = magics[name] ?? []
  return `${state}\ninterpreter ${interpreter}\nflags: ${flags}\noffset 0\nmagic ${magic}\nmask ${mask}\n`
}

const kernel = (entries: Readonly<Record<string, string>>, status = 'enabled') =>
  project({ status: `${status}\n`, register: '', ...entries })

describe('handlers of the kernel', () => {
  it('are found by what the program begins with', async () => {
    const folder = await kernel(Object.fromEntries(Object.keys(magics).map(name => [name, entry(name)])))
    const handlers = (await readHandlers(folder)) ?? []
    const found = (id: string) => handlerOf(exitProgram(parsePlatform(id)), handlers)?.name
    expect(found('linux/loong64')).toBe('qemu-loongarch64')
    expect(found('linux/s390x')).toBe('qemu-s390x')
    expect(found('linux/mips64le')).toBe('qemu-mips64el')
    expect(found('linux/arm64')).toBeUndefined()
    for (const { id } of platforms.filter(({ elf }) => ![258, 22, 8].includes(elf.machine)))
      expect(found(id)).toBeUndefined()
  })

  it('are none where they are switched off, or the folder is not there', async () => {
    expect(await readHandlers(await kernel({ 'qemu-s390x': entry('qemu-s390x') }, 'disabled'))).toEqual([])
    expect(await readHandlers('/nowhere')).toBeUndefined()
    const off = (await readHandlers(await kernel({ a: entry('qemu-s390x', { state: 'disabled' }) }))) ?? []
    expect(handlerOf(exitProgram(parsePlatform('linux/s390x')), off)).toBeUndefined()
  })
})

describe('emulation', () => {
  // No processor that tests run on runs this one, and no kernel of the rig has a handler for it.
  const look = async (changes: Changes & { entries?: Readonly<Record<string, string>> }) =>
    emulation.run(
      await around({
        platforms: ['linux/loong64'],
        nodes: [],
        ...changes,
        machine: { binfmt: await kernel(changes.entries ?? {}) },
      }),
    )
  const name = 'qemu-loongarch64'
  const again = `docker run --privileged --rm tonistiigi/binfmt --uninstall ${name} && docker run --privileged --rm tonistiigi/binfmt --install loong64`

  it('needs none for xbuild itself', async () => {
    expect(await look({})).toEqual({
      status: 'ok',
      why: 'xbuild itself needs no emulator',
      details: ['linux/loong64: no emulator, and nothing needs it'],
    })
  })

  it('needs one for a RUN on the target platform', async () => {
    const Dockerfile = 'FROM alpine:3.22\n\nRUN apk add curl\n'
    expect(await look({ files: { Dockerfile } })).toMatchObject({
      status: 'warning',
      why: 'linux/loong64: no emulator for the RUN in Dockerfile:3',
      fix: expect.stringContaining('--install loong64'),
      repairs: [
        {
          command: {
            tool: 'docker',
            args: ['run', '--privileged', '--rm', 'tonistiigi/binfmt', '--install', 'loong64'],
          },
        },
      ],
    })
    for (const line of ['COPY a /a', 'ONBUILD RUN apk add curl']) {
      const files = { Dockerfile: `FROM alpine:3.22\n${line}\n` }
      expect(await look({ files }), line).toMatchObject({ status: 'ok' })
    }
  })

  it('takes a native node instead', async () => {
    const Dockerfile = 'FROM alpine:3.22\nRUN apk add curl\n'
    const found = await look({ files: { Dockerfile }, nodes: [{ name: 'farm1', native: 'linux/loong64' }] })
    expect(found).toMatchObject({ status: 'ok', details: ['linux/loong64: the node farm1 runs it'] })
  })

  it.each<[string, Parameters<typeof entry>[1], RegExp]>([
    [
      'whose interpreter is gone',
      { interpreter: '/nowhere/qemu', flags: 'OC' },
      /\/nowhere\/qemu.*the interpreter is gone/,
    ],
    ['that does not run', {}, /does not run/],
    ['that does not run, without F', { interpreter: '/bin/true', flags: '' }, /flags none.*does not run/],
  ])('warns of a handler %s', async (_, options, why) => {
    const found = await look({ entries: { [name]: entry(name, options) } })
    expect(found).toMatchObject({ status: 'warning', why: expect.stringMatching(why), fix: again })
    expect(found.repairs?.map(({ command }) => command.args.slice(-2))).toEqual([
      ['--uninstall', name],
      ['--install', 'loong64'],
    ])
  })

  it('warns of one that works outside of containers only', async () => {
    // What the processor runs by itself stands for a handler that works.
    const { arch } = parsePlatform(process.arch === 'x64' ? 'amd64' : process.arch)
    const program = Buffer.from(exitProgram(parsePlatform(arch)))
    const handler = (flags: string) =>
      `enabled\ninterpreter /bin/sh\nflags: ${flags}\noffset 0\nmagic ${program.subarray(0, 20).toString('hex')}\n`
    const looked = async (flags: string) =>
      emulation.run(
        await around({
          platforms: [`linux/${arch}`],
          nodes: [],
          machine: { arch: 'other', binfmt: await kernel({ 'qemu-x': handler(flags) }) },
        }),
      )
    expect(await looked('OC')).toMatchObject({
      status: 'warning',
      why: expect.stringMatching(/without the flag F/),
    })
    expect(await looked('OCF')).toMatchObject({
      status: 'ok',
      details: [expect.stringMatching(/flags OCF\) runs$/)],
    })
  })
})

describe('the answer of tonistiigi/binfmt', () => {
  const answer = (...supported: string[]) =>
    `installing: arm64 OK\n${JSON.stringify({ supported, emulators: [] }, null, 2)}\n`
  it.each<[string, string | undefined]>([
    [answer('linux/amd64', 'linux/arm64'), undefined],
    [answer('linux/amd64', 'linux/arm64/v8'), undefined],
    [answer('linux/amd64'), 'it supports linux/amd64, and no linux/arm64'],
    [answer(), 'it supports nothing, and no linux/arm64'],
    ['{"supported": 5}', 'it supports nothing, and no linux/arm64'],
    ['permission denied', 'its answer is not the JSON of tonistiigi/binfmt'],
  ])('%j', (stdout, fault) => expect(binfmtFault(stdout, ['linux/arm64'])).toBe(fault))
})
