import { afterEach, expect, test, vi } from 'vitest'
import { findStageToolchain } from '../../../../../src/bench/measure/builder/toolchain.ts'
import type { Subject } from '../../../../../src/bench/measure/job.ts'
import { type Platform, platforms } from '../../../../../src/platforms.ts'
import { hostArch } from '../../../../../src/util/host-arch.ts'

const here = platforms.find(({ arch }) => arch === hostArch()) as Platform
const elsewhere = platforms.find(({ arch }) => arch !== hostArch()) as Platform
const running = process.platform

afterEach(() => {
  Object.defineProperty(process, 'platform', { value: running })
})

test.each([
  ['linux', here, here, true],
  ['linux', here, elsewhere, true],
  ['linux', elsewhere, elsewhere, false],
  ['darwin', here, here, false],
])(
  'on %s, whether this machine’s toolchain is one for a builder: case %#',
  async (os, platform, builder, own) => {
    const findToolchain = vi.fn(async () => ({ folder: '/t', name: 't', program: 'zig', setup: [], env: {} }))
    const subject = {
      language: { findToolchain },
      project: { toolchain: { name: 'zig', version: '0.14.1' } },
      options: { bench: {} },
      staged: {},
      builder: { arch: builder.arch },
    } as unknown as Subject
    Object.defineProperty(process, 'platform', { value: os })
    const command = { tool: 'zig', args: ['build'], cwd: '/' }
    await findStageToolchain(subject, platform, command, new AbortController().signal)
    expect(findToolchain).toHaveBeenCalledWith(subject.project, platform, subject.staged, own)
  },
)
