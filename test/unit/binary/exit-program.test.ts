import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readElf } from '../../../src/binary/elf.ts'
import { exitProgram, exitProgramStatus } from '../../../src/binary/exit-program.ts'
import { checkBinary } from '../../../src/binary/verify.ts'
import { platforms } from '../../../src/platforms.ts'
import { hostArch } from '../../../src/util/host-arch.ts'
import { temporaryFolder } from '../../support/projects.ts'
import { rig } from '../../support/rig.ts'

/** One of each architecture: variants have the same program. */
const each = [...new Map(platforms.map(platform => [platform.arch, platform])).values()]

describe('the program of 130 bytes', () => {
  it.each(each.map(platform => [platform.id, platform] as const))('is a static one of %s', (_, platform) => {
    const program = exitProgram(platform)
    expect(program.length).toBeLessThan(140)
    const elf = readElf(program)
    expect(elf).toMatchObject({ machine: platform.elf.machine, class: platform.elf.class, linkage: 'static' })
    if (platform.arch !== 'arm') checkBinary(elf, platform, 'program')
  })

  it('runs on this machine', async () => {
    const platform = each.find(({ arch }) => arch === hostArch())
    if (!platform) return
    expect(await statusOf([], exitProgram(platform))).toBe(exitProgramStatus)
  })

  it.each(each.map(platform => [platform.id, platform] as const))(
    'of %s runs under QEMU, where it is here',
    async (_, platform) => {
      const qemu = rig[`XBUILD_RIG_QEMU_${platform.qemu.toUpperCase()}`]
      if (qemu) expect(await statusOf([qemu], exitProgram(platform))).toBe(exitProgramStatus)
    },
  )
})

async function statusOf(emulator: string[], program: Uint8Array): Promise<number | null> {
  const path = join(await temporaryFolder(), 'program')
  await writeFile(path, program, { mode: 0o755 })
  const [tool = '', ...args] = [...emulator, path]
  return spawnSync(tool, args).status
}
